"""`tickmark billing credit`, `payment`, `prepaid`, `void`, `write-off`: money that comes in and goes back.

For who bills, never for who pays. What concerns Stripe is done there by the worker, within minutes.
"""

from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from cyclopts import App, Parameter

from billing import (
    Balance,
    Collection,
    InvoiceState,
    add_prepaid,
    credit_invoice,
    format_money,
    get_account,
    get_balance,
    get_invoice,
    get_stripe_invoice,
    move_invoice,
    record_payment,
)
from service import ids
from service.audit.acts import record_act
from service.cli.database import operator
from service.cli.errors import CommandError
from service.cli.options import Json, Org
from service.cli.output import ref, show
from service.cli.reading import read_id
from service.clock import now
from service.db.pool import Connection

_OVER: Final = frozenset({Collection.PAID, Collection.UNCOLLECTIBLE, Collection.VOID})
InvoiceRef = Annotated[str, Parameter(name="--invoice", help="The invoice, bill_….")]
Amount = Annotated[int, Parameter(name="--amount-minor", help="In cents or the like.")]
Reference = Annotated[
    str, Parameter(help="Yours for this one: the same again changes nothing, so that it can be repeated safely.")
]


def add_collecting(app: App) -> None:
    """Puts these commands into `tickmark billing`."""
    for command in (credit, payment, prepaid, void):
        app.command(command)
    app.command(write_off, name="write-off")


async def credit(
    *,
    org: Org,
    invoice: InvoiceRef,
    amount: Amount,
    reason: Annotated[str, Parameter(help="Printed on the invoice.")],
    reference: Reference,
    refund: Annotated[
        bool, Parameter(negative=(), help="Give back what was paid, instead of keeping it for the next invoice.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Credit part of an issued invoice, or all of it; never more."""
    org_id, invoice_id = read_id("org", org), read_id("bill", invoice)
    note_id = uuid5(invoice_id, f"credit {reference}")
    async with operator() as connection, connection.transaction():
        await credit_invoice(
            connection, org_id, invoice_id, amount, note_id=note_id, reason=reason, at=now(), refund=refund
        )
        await record_act(connection, org_id, "invoices.credit", (invoice,))
        row = await _row(connection, org_id, invoice_id)
    show([row], as_json=as_json)


async def payment(
    *,
    org: Org,
    invoice: InvoiceRef,
    amount: Annotated[int, Parameter(name="--amount-minor", help="In cents or the like; below zero: given back.")],
    reference: Reference,
    as_json: Json = False,
) -> None:
    """Enter money that came in another way than through Stripe, or that went back."""
    org_id, invoice_id = read_id("org", org), read_id("bill", invoice)
    async with operator() as connection, connection.transaction():
        if amount > 0:
            await _refuse_collected(connection, org_id, invoice_id)
        await record_payment(connection, org_id, invoice_id, amount, reference=reference, at=now())
        await record_act(connection, org_id, "invoices.payment", (invoice,))
        row = await _row(connection, org_id, invoice_id)
    show([row], as_json=as_json)


async def prepaid(
    *,
    org: Org,
    amount: Amount,
    note: Annotated[str, Parameter(help="Where it came from.")],
    reference: Reference,
    as_json: Json = False,
) -> None:
    """Enter money paid in advance; invoices use it when they are issued."""
    org_id = read_id("org", org)
    async with operator() as connection, connection.transaction():
        account = await get_account(connection, org_id)
        entry_id = uuid5(org_id, f"prepaid {reference}")
        left = await add_prepaid(connection, org_id, amount, entry_id=entry_id, note=note, at=now())
        await record_act(connection, org_id, "billing.prepaid", (org,))
    row = {"org": org, "prepaid": format_money(left, account.currency), "currency": account.currency}
    show([row], as_json=as_json)


async def void(*, org: Org, invoice: InvoiceRef, reason: str, as_json: Json = False) -> None:
    """Take back an issued invoice that nobody has paid; it keeps its number, and its prepaid money comes back."""
    await _move(org, invoice, InvoiceState.VOID, reason, as_json=as_json)


async def write_off(*, org: Org, invoice: InvoiceRef, reason: str, as_json: Json = False) -> None:
    """Give an invoice up as uncollectible."""
    await _move(org, invoice, InvoiceState.UNCOLLECTIBLE, reason, as_json=as_json)


async def _move(org: str, invoice: str, state: InvoiceState, reason: str, *, as_json: bool) -> None:
    org_id, invoice_id = read_id("org", org), read_id("bill", invoice)
    async with operator() as connection, connection.transaction():
        await _refuse_collected(connection, org_id, invoice_id)
        await move_invoice(connection, org_id, invoice_id, state, at=now(), reason=reason)
        await record_act(connection, org_id, f"invoices.{state.value}", (invoice,))
        row = await _row(connection, org_id, invoice_id)
    show([row], as_json=as_json)


async def _refuse_collected(connection: Connection, org_id: UUID, invoice_id: UUID) -> None:
    """What Stripe collects has to be settled there, or the customer would be asked for it again; ours follows."""
    there = await get_stripe_invoice(connection, org_id, invoice_id)
    if there is not None and there.collection not in _OVER:
        raise CommandError(f"Stripe collects {there.stripe_invoice_id}, which is this invoice: do it there.")


async def _row(connection: Connection, org_id: UUID, invoice_id: UUID) -> dict[str, Any]:
    found = await get_invoice(connection, org_id, invoice_id)
    balance: Balance = await get_balance(connection, org_id, invoice_id)

    def money(amount: int) -> str:
        return format_money(amount, found.currency)

    return {
        "invoice": ids.encode("bill", invoice_id),
        "org": ref("org", org_id),
        "state": found.state.value,
        "total": money(found.total_minor),
        "prepaid": money(balance.prepaid_minor),
        "credited": money(balance.credited_minor),
        "paid": money(balance.paid_minor),
        "due": money(balance.due_minor),
        "currency": found.currency,
    }
