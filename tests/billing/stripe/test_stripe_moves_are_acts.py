"""What follows from Stripe's word stands in the audit log: once, with Stripe as its actor, and only if it was done."""

from datetime import UTC, datetime

import pytest

from billing import Invoice
from billing.store import Connection
from billing.stripe_events import keep_once, verify
from billing.stripe_invoicing import issue
from billing.stripe_rail import StripeRail
from billing.stripe_state import StripeInvoice
from service.jobs import rail as jobs
from tests.billing.stripe.fake import SECRET, FakeStripe

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
async def there(operator: Connection, rail: StripeRail, invoice: Invoice) -> StripeInvoice:
    """The invoice on Stripe, sent and not paid."""
    return await issue(operator, rail, invoice.org_id, invoice.invoice_id)


async def look(connection: Connection, stripe: FakeStripe, rail: StripeRail) -> None:
    """Everything that Stripe has said so far arrives, again and again, and is looked at."""
    for event in stripe.events:
        delivery = stripe.deliver(event)
        await keep_once(connection, verify(delivery.body, delivery.signature, [SECRET], datetime.now(UTC)))
    await jobs.look_at_events(connection, NOW, rail=rail)


async def acts(connection: Connection, invoice: StripeInvoice) -> list[tuple[str, str]]:
    rows = await connection.fetch(
        "SELECT content::jsonb ->> 'actor' AS actor, content::jsonb ->> 'what' AS what FROM audit_rows"
        " WHERE org_id = $1 AND content::jsonb ->> 'actor' = 'stripe'",
        invoice.org_id,
    )
    return sorted((row["actor"], row["what"]) for row in rows)


async def test_decline_and_payment_are_one_act_each(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice
) -> None:
    (customer,) = stripe.customers
    stripe.declines = True
    stripe.give_card(customer)
    stripe.retry(there.stripe_invoice_id)
    await look(operator, stripe, rail)
    declined = await acts(operator, there)
    stripe.declines = False
    stripe.retry(there.stripe_invoice_id)
    await look(operator, stripe, rail)
    await look(operator, stripe, rail)

    assert declined == [("stripe", "invoices.past_due")]
    assert await acts(operator, there) == [
        ("stripe", "invoices.paid"),
        ("stripe", "invoices.past_due"),
        ("stripe", "invoices.payment"),
    ]


async def test_move_whose_row_cannot_be_written_is_not_made(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ValueError("no row")

    stripe.retry(there.stripe_invoice_id)
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "record_act", fail)
        await look(operator, stripe, rail)

    state = await operator.fetchval("SELECT state FROM billing.invoices WHERE invoice_id = $1", there.invoice_id)
    assert (state, await acts(operator, there)) == ("issued", [])
