"""What Stripe tells us is a hint to look: order, repetition and age change nothing; forgery is refused."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import stripe as library

from billing import Invoice
from billing.store import Connection
from billing.stripe_customers import get_customer
from billing.stripe_events import (
    EventChanged,
    Kept,
    WebhookForged,
    WebhookTooOld,
    WebhookUnreadable,
    handle_waiting,
    keep_once,
    verify,
)
from billing.stripe_invoicing import issue
from billing.stripe_rail import StripeRail
from billing.stripe_state import Collection, StripeInvoice, get_stripe_invoice
from tests.billing.stripe.fake import SECRET, Delivery, FakeStripe, Json, signature

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "created": AT,
        "data": {"object": {"id": "in_1", "object": "invoice"}},
    }
).encode()


@pytest.fixture
async def there(operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice) -> StripeInvoice:
    """The invoice on Stripe, sent and not paid."""
    return await issue(operator, rail, invoice.org_id, invoice.invoice_id)


async def _receive(connection: Connection, delivery: Delivery) -> Kept:
    return await keep_once(connection, verify(delivery.body, delivery.signature, [SECRET], datetime.now(UTC)))


async def _receive_all(connection: Connection, stripe: FakeStripe, events: Sequence[Json]) -> None:
    for event in events:
        await _receive(connection, stripe.deliver(event))


def test_rightly_signed_bytes_are_an_event() -> None:
    event = verify(BODY, signature(BODY, SECRET, AT), [SECRET], NOW)

    assert (event.id, event.type) == ("evt_1", "invoice.paid")


def test_what_the_library_signs_we_take() -> None:
    header = library.WebhookSignature.generate_signature_header(BODY.decode(), SECRET.decode(), AT)  # pyright: ignore[reportUnknownMemberType]
    ours = signature(BODY, SECRET, int(time.time()))

    assert verify(BODY, header, [SECRET], NOW).id == "evt_1"
    assert library.WebhookSignature.verify_header(BODY, ours, SECRET.decode(), 300)  # pyright: ignore[reportUnknownMemberType]


def test_two_secrets_hold_while_one_replaces_the_other() -> None:
    for secret in (b"whsec_old", b"whsec_new"):
        assert verify(BODY, signature(BODY, secret, AT), [b"whsec_new", b"whsec_old"], NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1",
        "v1=00",
        f"t={AT},v1=",
        f"t={AT},v1=é",
        "t=x,v1=00",
        f"t=-{AT},v1=00",
        signature(BODY, b"whsec_other", AT),
        signature(BODY + b" ", SECRET, AT),
        signature(BODY, SECRET, AT).replace("v1=", "v0="),
        signature(BODY, SECRET, AT).replace(f"t={AT}", f"t={AT + 1}"),
    ],
)
def test_forged_deliveries_are_refused(header: str | None) -> None:
    with pytest.raises(WebhookForged):
        verify(BODY, header, [SECRET], NOW)


def test_no_secret_takes_nothing() -> None:
    with pytest.raises(WebhookForged):
        verify(BODY, signature(BODY, b"", AT), [], NOW)


@pytest.mark.parametrize(
    ("age", "fits"), [(-301, False), (-300, True), (0, True), (300, True), (301, False), (600, False)]
)
def test_five_minutes_are_the_limit(age: int, fits: bool) -> None:
    header = signature(BODY, SECRET, AT)
    try:
        verify(BODY, header, [SECRET], NOW + timedelta(seconds=age))
    except WebhookTooOld:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": "evt"}', BODY.replace(b'"event"', b'"v2.core.event"')])
def test_signed_bytes_that_are_no_event_are_unreadable(body: bytes) -> None:
    with pytest.raises(WebhookUnreadable):
        verify(body, signature(body, SECRET, AT), [SECRET], NOW)


async def test_an_event_is_kept_once(operator: Connection) -> None:
    event = verify(BODY, signature(BODY, SECRET, AT), [SECRET], NOW)
    kept = [await keep_once(operator, event) for _ in range(3)]

    assert kept == [Kept.NEW, Kept.DUPLICATE, Kept.DUPLICATE]
    assert await operator.fetchval("SELECT count(*) FROM billing.stripe_events") == 1


async def test_a_known_id_with_another_content_is_refused(operator: Connection) -> None:
    other = BODY.replace(b"in_1", b"in_2")
    await keep_once(operator, verify(BODY, signature(BODY, SECRET, AT), [SECRET], NOW))

    with pytest.raises(EventChanged):
        await keep_once(operator, verify(other, signature(other, SECRET, AT), [SECRET], NOW))


async def test_order_and_repetition_do_not_matter(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice
) -> None:
    (customer,) = stripe.customers
    stripe.declines = True
    stripe.give_card(customer)
    stripe.retry(there.stripe_invoice_id)
    stripe.declines = False
    stripe.retry(there.stripe_invoice_id)

    await _receive_all(operator, stripe, [*reversed(stripe.events), *stripe.events])
    await handle_waiting(operator, rail)

    found = await get_stripe_invoice(operator, there.org_id, there.invoice_id)
    assert found is not None
    assert (found.collection, found.payment_attempts, found.paid_minor) == (Collection.PAID, 2, there.total_minor)


async def test_an_old_failure_that_arrives_last_does_not_undo_a_payment(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice
) -> None:
    stripe.declines = True
    stripe.retry(there.stripe_invoice_id)
    failed = stripe.events[-1]
    stripe.declines = False
    stripe.retry(there.stripe_invoice_id)
    await _receive(operator, stripe.deliver(stripe.events[-1]))
    await handle_waiting(operator, rail)

    await _receive(operator, stripe.deliver(failed))
    await handle_waiting(operator, rail)

    found = await get_stripe_invoice(operator, there.org_id, there.invoice_id)
    assert found is not None
    assert found.collection is Collection.PAID


async def test_a_claim_of_payment_is_checked_at_stripe(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice
) -> None:
    """Somebody with our secret says that the invoice is paid."""
    invoice: Json = stripe.events[-1]["data"]["object"] | {"status": "paid", "amount_paid": there.total_minor}
    invented: Json = stripe.events[-1] | {"id": "evt_invented", "type": "invoice.paid", "data": {"object": invoice}}
    await _receive(operator, stripe.deliver(invented))
    await handle_waiting(operator, rail)

    found = await get_stripe_invoice(operator, there.org_id, there.invoice_id)
    assert found is not None
    assert (found.collection, found.paid_minor) == (Collection.DUE, 0)


async def test_the_hosted_page_makes_the_next_invoice_collected(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice
) -> None:
    (customer,) = stripe.customers
    stripe.give_card(customer)
    await _receive(operator, stripe.deliver(stripe.events[-1]))
    await handle_waiting(operator, rail)

    known = await get_customer(operator, there.org_id)
    assert known is not None
    assert known.payment_method == stripe.methods[customer][0]["id"]


async def test_what_cannot_be_read_waits(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, there: StripeInvoice
) -> None:
    await _receive(operator, stripe.deliver(stripe.events[-1]))
    stripe.reads_fail = True
    settled = await handle_waiting(operator, rail)
    stripe.reads_fail = False

    assert (settled, await handle_waiting(operator, rail), await handle_waiting(operator, rail)) == (0, 1, 0)


async def test_events_of_others_are_ignored(operator: Connection, rail: StripeRail, stripe: FakeStripe) -> None:
    for subject in ("in_unknown", "cus_unknown", "prod_1"):
        about = {"id": subject, "object": "product"}
        event = {
            "id": f"evt_{subject}",
            "object": "event",
            "type": "product.created",
            "created": AT,
            "data": {"object": about},
        }
        await _receive(operator, stripe.deliver(event))

    assert await handle_waiting(operator, rail) == 3
    assert {row["state"] for row in await operator.fetch("SELECT state FROM billing.stripe_events")} == {"ignored"}
