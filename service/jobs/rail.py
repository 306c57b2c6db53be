"""What Stripe needs done regularly: invoices put on it, its events looked at; and the nightly reports."""

import logging
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from billing import (
    InvoiceNotOwed,
    Report,
    StepFailed,
    StripeRail,
    credit_on_stripe,
    handle_stripe_events,
    issue_on_stripe,
    list_uncredited_on_stripe,
    list_unfinished_on_stripe,
    load_price_book,
    run_reconciliation,
)
from service import ids
from service.audit.acts import STRIPE, WORKER, record_act
from service.db.pool import Connection
from service.jobs.ledger import accounts, months_of

LOOK_BACK: Final = timedelta(days=62)
_log: Final = logging.getLogger(__name__)


async def put_on_stripe(connection: Connection, at: datetime, *, rail: StripeRail) -> None:
    """Takes every issued invoice as far as it goes; one that fails does not hold up the others."""
    for org_id, invoice_id in await list_unfinished_on_stripe(connection, at - LOOK_BACK):
        try:
            await issue_on_stripe(connection, rail, org_id, invoice_id)
            about = (ids.encode("bill", invoice_id),)
            await record_act(connection, org_id, "invoices.put_on_stripe", about, actor=WORKER)
        except (StepFailed, InvoiceNotOwed) as error:
            _log.warning("an invoice is not through at Stripe: %s", error, extra={"org_id": org_id})


async def put_credits_on_stripe(connection: Connection, at: datetime, *, rail: StripeRail) -> None:
    """Makes our credit notes there, with their refunds; an invoice has to be finalized before."""
    for note in await list_uncredited_on_stripe(connection, at - LOOK_BACK):
        place = (note.org_id, note.invoice_id, note.note_id)
        try:
            await credit_on_stripe(connection, rail, *place, note.amount_minor, refund=note.refund)
            about = (ids.encode("bill", note.invoice_id),)
            await record_act(connection, note.org_id, "invoices.credit_on_stripe", about, actor=WORKER)
        except (StepFailed, InvoiceNotOwed) as error:
            _log.warning("a credit note is not on Stripe: %s", error, extra={"org_id": note.org_id})


async def look_at_events(connection: Connection, _at: datetime, *, rail: StripeRail) -> None:
    """Reads again what Stripe told us of; where an invoice of ours follows, that is an act."""
    await handle_stripe_events(connection, rail, _note)


async def _note(connection: Connection, org_id: UUID, invoice_id: UUID, moved: str) -> None:
    await record_act(connection, org_id, f"invoices.{moved}", (ids.encode("bill", invoice_id),), actor=STRIPE)


async def keep_reports(connection: Connection, at: datetime, *, rail: StripeRail | None) -> None:
    """This month and the last of every organization, compared and kept; every difference is an alarm."""
    async for report in reports(connection, at, rail):
        if not report.balanced:
            found = report.reconciliation
            _log.error(
                "reconciliation: difference of %d units and %d minor units",
                report.difference,
                report.money_difference_minor,
                extra={"org_id": found.org_id, "count": report.difference},
            )


async def reports(connection: Connection, at: datetime, rail: StripeRail | None) -> AsyncGenerator[Report]:
    """The same, one by one."""
    book = load_price_book()
    async for account in accounts(connection):
        for starts_on in months_of(account, at):
            yield await run_reconciliation(
                connection, book, account.org_id, starts_on, rail=rail, report_id=ids.new_uuid(), at=at
            )
