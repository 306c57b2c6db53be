"""`tickmark billing`: months, invoices, and the proof that they bill what was served."""

from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter

from billing import (
    Invoice,
    Reconciliation,
    format_money,
    issue_invoice,
    list_invoices,
    load_price_book,
    reconcile,
    render_invoice,
)
from service import ids
from service.audit.acts import OPERATOR, record_act
from service.cli.budgets import add_budgets
from service.cli.collecting import add_collecting
from service.cli.database import operator
from service.cli.details import add_details
from service.cli.options import Json, Org
from service.cli.output import ref, say, show, show_json
from service.cli.plans import add_plans
from service.cli.reading import read_id, read_month
from service.clock import now
from service.db.pool import Connection
from service.jobs.ledger import close_due, close_month, reconciliations

billing = App(name="billing", help="Months, invoices, budgets, prices, reconciliation.")
add_budgets(billing)
add_details(billing)
add_plans(billing)
add_collecting(billing)

SomeOrg = Annotated[str | None, Parameter(name="--org", help="The organization, org_…; all of them if not said.")]


@billing.command
async def close(
    *,
    org: SomeOrg = None,
    month: Annotated[str | None, Parameter(help="One month, such as 2026-11; needs --org.")] = None,
    issue: Annotated[bool, Parameter(negative=(), help="Number the invoices; they are owed from then on.")] = False,
    as_json: Json = False,
) -> None:
    """Close the months that are over and out of their grace time, and draft their invoices.

    A month that is closed already gives the same invoice again.
    """
    at = now()
    org_id = None if org is None else read_id("org", org)
    book = load_price_book()
    async with operator() as connection:
        if month is not None and org_id is not None:
            closed = [await close_month(connection, book, org_id, read_month(month), at, actor=OPERATOR)]
        else:
            closed = [one async for one in close_due(connection, book, at, only=org_id, actor=OPERATOR)]
        if issue:
            closed = await _issue(connection, closed, at)
    show([_invoice_row(one) for one in closed], as_json=as_json, none="No month is due.")


@billing.command
async def invoices(*, org: Org, as_json: Json = False) -> None:
    """Show the invoices of an organization with their lines, newest month first."""
    org_id = read_id("org", org)
    async with operator() as connection:
        found = await list_invoices(connection, org_id, limit=1200)
    if as_json:
        show_json([{**_invoice_row(one), "lines": [_line_row(one, place) for place in one.lines]} for one in found])
        return
    say("\n\n".join(render_invoice(one) for one in found) or "No invoice yet.")


@billing.command(name="reconcile")
async def compare(
    *,
    org: SomeOrg = None,
    month: Annotated[str | None, Parameter(help="One month, such as 2026-11; needs --org.")] = None,
    as_json: Json = False,
) -> int:
    """Compare calls served, usage rows, rated units and invoices; exit code 1 where anything differs."""
    org_id = None if org is None else read_id("org", org)
    book = load_price_book()
    async with operator() as connection:
        if month is not None and org_id is not None:
            found = [await reconcile(connection, book, org_id, read_month(month))]
        else:
            found = [one async for one in reconciliations(connection, book, now(), only=org_id)]
    show([_reconciliation_row(one) for one in found], as_json=as_json, none="Nothing to compare.")
    return 0 if all(one.balanced for one in found) else 1


async def _issue(connection: Connection, closed: list[Invoice], at: datetime) -> list[Invoice]:
    issued: list[Invoice] = []
    for one in closed:
        async with connection.transaction():
            issued.append(await issue_invoice(connection, one.org_id, one.invoice_id, at=at))
            await record_act(connection, one.org_id, "invoices.issue", (ids.encode("bill", one.invoice_id),))
    return issued


def _invoice_row(one: Invoice) -> dict[str, Any]:
    return {
        "invoice": ref("bill", one.invoice_id),
        "org": ref("org", one.org_id),
        "month": f"{one.period:%Y-%m}",
        "state": one.state.value,
        "number": one.number,
        "units": one.units,
        "total": format_money(one.total_minor, one.currency),
        "currency": one.currency,
    }


def _line_row(invoice: Invoice, place: Any) -> dict[str, Any]:
    return {
        "description": place.description,
        "quantity": place.quantity,
        "unit_price": f"{place.unit_price:f}",
        "amount": format_money(place.amount_minor, invoice.currency),
    }


def _reconciliation_row(one: Reconciliation) -> dict[str, Any]:
    return {
        "org": ref("org", one.org_id),
        "month": f"{one.period:%Y-%m}",
        "calls": one.calls,
        "billable_calls": one.billable_calls,
        "usage_rows": one.usage_rows,
        "usage_units": one.usage_units,
        "pending_units": one.pending_units,
        "rated_units": one.rated_units,
        "invoiced_units": one.invoiced_units,
        "difference": one.difference,
        "money_difference_minor": one.money_difference_minor,
    }
