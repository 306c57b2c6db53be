"""An issued invoice, and a Stripe to put it on."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest

from billing import Invoice, Meter, PriceBook, UsageLedger, close_period, issue_invoice
from billing.store import Connection
from billing.stripe_rail import StripeRail
from tests.billing.calls import billable
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER
from tests.billing.stripe.fake import KEY, FakeStripe, serving_stripe


@pytest.fixture
def fake_at() -> Iterator[tuple[FakeStripe, str]]:
    with serving_stripe() as (account, url):
        yield account, url
        assert account.complaints == []


@pytest.fixture
def stripe(fake_at: tuple[FakeStripe, str]) -> FakeStripe:
    """A new account at our fake; whatever is sent to it must fit the library's own description of the parameters."""
    return fake_at[0]


@pytest.fixture
def rail(fake_at: tuple[FakeStripe, str]) -> StripeRail:
    return StripeRail(KEY, base_url=fake_at[1], calls_per_s=10_000)


@pytest.fixture
async def invoice(ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID) -> Invoice:
    """October with lines that cost something, closed and issued."""
    calls = [billable(org, IN_OCTOBER, meter=meter, units=3_000) for meter in (Meter.READ, Meter.WRITE)]
    await asyncio.gather(*(ledger.record(call) for call in calls))
    drafted = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    return await issue_invoice(operator, org, drafted.invoice_id, at=EARLY_NOVEMBER)
