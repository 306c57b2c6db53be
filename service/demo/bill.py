"""The end of the demonstration's month: close it on a day that has not come yet, invoice it, reconcile it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from billing import (
    GRACE,
    Invoice,
    PriceBook,
    Reconciliation,
    close_period,
    format_money,
    get_account,
    get_call,
    issue_invoice,
    month_of,
    reconcile,
    render_invoice,
)
from service import ids
from service.db.pool import Connection
from service.demo.screen import Screen

PLAN: Final = ("demo", 1)


class Bill(Struct, frozen=True):
    """A closed month."""

    invoice: Invoice
    reconciliation: Reconciliation
    closed_at: datetime
    """On the simulated clock."""


async def price_of(connection: Connection, book: PriceBook, org_id: UUID, request_id: str) -> Decimal | None:
    """What the ledger says a call costs; None for a call that is not in it."""
    receipt = await get_call(connection, book, org_id, ids.decode("req", request_id))
    return None if receipt is None else receipt.price


async def close_month(connection: Connection, book: PriceBook, org_id: UUID) -> Bill:
    """Closes the month the organization signed up in, as the worker will when it and its grace time are over."""
    account = await get_account(connection, org_id)
    month = month_of(account.opened_at, account.time_zone)
    closed_at = month.ends_at + GRACE + timedelta(hours=1)
    draft = await close_period(connection, book, org_id, month.starts_on, as_of=closed_at)
    invoice = await issue_invoice(connection, org_id, draft.invoice_id, at=closed_at)
    return Bill(invoice, await reconcile(connection, book, org_id, month.starts_on), closed_at)


def show_bill(bill: Bill, screen: Screen) -> None:
    """The invoice and the proof that it bills what was served."""
    found = bill.reconciliation
    screen.say(f"  Let it be {bill.closed_at:%-d %B %Y, %H:%M} UTC: the month is over, and its 24 hours of grace too.")
    screen.say("  Prices are the public list's; the free units and the tiers are smaller than there, so that a")
    screen.say("  short walk reaches them all. Each line is rounded once, half to even.")
    screen.say()
    screen.say(_indented(render_invoice(bill.invoice)))
    screen.step("Reconciliation")
    screen.say(f"  calls answered           {found.calls:>5}   of which billable {found.billable_calls}")
    screen.say(f"  units served             {found.served_units:>5}   from the request log")
    screen.say(f"  usage rows               {found.usage_rows:>5}   with {found.usage_units} units")
    screen.say(f"  units rated again        {found.rated_units:>5}")
    screen.say(f"  units on the invoice     {found.invoiced_units:>5}")
    money = format_money(found.money_difference_minor, bill.invoice.currency)
    screen.say(f"  difference               {found.difference:>5}   in money {money} {bill.invoice.currency}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
