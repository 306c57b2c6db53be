"""An issued invoice goes onto Stripe once, line by line and to the cent, whatever breaks on the way."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import (
    Invoice,
    InvoiceLine,
    InvoiceState,
    LineKind,
    Meter,
    PriceBook,
    UsageLedger,
    close_period,
    credit_invoice,
    get_invoice,
    issue_invoice,
)
from billing.errors import InvoiceStateError
from billing.invoices import move_invoice
from billing.payments import add_prepaid, get_balance, get_prepaid
from billing.store import Connection
from billing.stripe_customers import ensure_customer, open_setup_page, take_payment_method
from billing.stripe_invoicing import InvoiceNotOwed, credit, issue, list_unfinished, to_items
from billing.stripe_rail import StripeRail
from billing.stripe_state import Collection, get_stripe_invoice, read_stripe_invoice
from billing.stripe_steps import StepFailed, list_steps
from service.jobs.rail import put_credits_on_stripe
from tests.billing.calls import billable
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER, OPENED
from tests.billing.stripe.fake import FakeStripe, FaultKind

pytestmark = pytest.mark.anyio

STEPS = ["/v1/customers", "/v1/invoices", "/v1/invoiceitems", "/finalize", "/pay"]


@pytest.fixture
async def with_card(operator: Connection, rail: StripeRail, stripe: FakeStripe, org: UUID) -> None:
    """The organization has filled in the hosted page."""
    customer = await ensure_customer(operator, rail, org)
    stripe.give_card(customer.customer_id)
    await take_payment_method(operator, rail, org, customer.customer_id, "evt_1")


async def test_every_line_and_the_total_arrive(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    found = await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert (found.collection, found.total_minor, found.paid_minor) == (
        Collection.PAID,
        invoice.total_minor,
        invoice.total_minor,
    )
    assert [(int(i["metadata"]["units"]), i["amount"]) for i in stripe.items.values()] == [
        (line.quantity, line.amount_minor) for line in invoice.lines
    ]
    assert invoice.total_minor > 0


async def test_issuing_again_sends_nothing_more(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    first = await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    posts = sum(one.method == "POST" for one in stripe.requests)
    again = await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert again.stripe_invoice_id == first.stripe_invoice_id
    assert sum(one.method == "POST" for one in stripe.requests) == posts


@pytest.mark.parametrize("kind", ["unreachable", "lost_answer", "busy", "broken_before", "broken_after"])
@pytest.mark.parametrize("at", STEPS[1:])
async def test_a_step_that_failed_is_taken_up_and_done_once(
    operator: Connection,
    rail: StripeRail,
    stripe: FakeStripe,
    invoice: Invoice,
    with_card: None,
    kind: FaultKind,
    at: str,
) -> None:
    stripe.fault(kind, at)

    with pytest.raises(StepFailed):
        await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    states = [step.state for step in await list_steps(operator, invoice.org_id, invoice.invoice_id)]
    waiting = await list_unfinished(operator, OPENED)
    found = await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert [state for state in states if state != "done"] in (["waiting"], ["unknown"], ["broken"])
    assert waiting == ((invoice.org_id, invoice.invoice_id),)
    assert await list_unfinished(operator, OPENED) == ()
    assert (len(stripe.invoices), len(stripe.items)) == (1, len(invoice.lines))
    assert found.collection is Collection.PAID
    assert stripe.invoices[found.stripe_invoice_id]["attempt_count"] == 1


async def test_a_lost_customer_is_found_by_its_key(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    stripe.fault("lost_answer", "/v1/customers")

    with pytest.raises(StepFailed):
        await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert len(stripe.customers) == 1


async def test_keys_follow_from_the_invoice_and_the_step(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    posts = [one for one in stripe.requests if one.method == "POST"]

    assert all(one.key for one in posts)
    assert stripe.posts("/v1/invoices")[0].key == f"tickmark-{invoice.invoice_id}-invoice-1"
    assert len({one.key for one in posts}) == len(posts)


async def test_a_draft_that_differs_by_a_cent_is_not_finalized(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    stripe.fault("unreachable", "/finalize")
    with pytest.raises(StepFailed):
        await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    (there,) = stripe.invoices.values()
    there["total"] += 1

    with pytest.raises(StepFailed, match="total_differs") as failed:
        await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert (failed.value.state, there["status"]) == ("refused", "draft")
    assert await list_unfinished(operator, OPENED) == ()  # until a person has looked


async def test_without_a_payment_method_the_invoice_is_sent(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    found = await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert (found.collection, found.paid_minor) == (Collection.DUE, 0)
    assert stripe.events[-1]["type"] == "invoice.sent"


async def test_a_declined_card_is_dunning_not_failure(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    stripe.declines = True
    found = await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    seen = [found.collection]
    for _ in range(3):
        stripe.retry(found.stripe_invoice_id)
        seen.append((await read_stripe_invoice(operator, rail, found.stripe_invoice_id)).collection)

    assert seen == [Collection.RETRYING] * 3 + [Collection.FAILED]


async def test_a_draft_is_not_put_on_the_rail(
    operator: Connection, owner: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("UPDATE billing.invoices SET state = 'draft', number = NULL, issued_at = NULL")

    with pytest.raises(InvoiceNotOwed):
        await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    assert stripe.requests == []


async def test_the_worker_takes_credit_notes_to_stripe_with_their_refunds(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    org, invoice_id, at = invoice.org_id, invoice.invoice_id, datetime.now(UTC)
    await credit_invoice(operator, org, invoice_id, 30, note_id=uuid4(), reason="early", at=at)
    await put_credits_on_stripe(operator, at, rail=rail)
    too_early = len(stripe.notes)
    collected = await issue(operator, rail, org, invoice_id)
    await credit_invoice(operator, org, invoice_id, 100, note_id=uuid4(), reason="outage", at=at, refund=True)
    stripe.fault("lost_answer", "/v1/credit_notes")
    for _ in range(3):
        await put_credits_on_stripe(operator, at, rail=rail)

    found = await read_stripe_invoice(operator, rail, collected.stripe_invoice_id)
    assert too_early == 0
    assert collected.paid_minor == invoice.total_minor - 30
    assert (len(stripe.notes), stripe.refunded_minor, found.credited_minor) == (2, 100, 130)
    assert (await get_balance(operator, org, invoice_id)).due_minor == 0


async def test_what_was_paid_in_advance_is_credited_here_and_the_rest_there(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, ledger: UsageLedger, book: PriceBook, org: UUID
) -> None:
    await add_prepaid(operator, org, 100, entry_id=uuid4(), note="in advance", at=OPENED)
    await ledger.record(billable(org, IN_OCTOBER, meter=Meter.WRITE, units=3_000))
    draft = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    invoice = await issue_invoice(operator, org, draft.invoice_id, at=EARLY_NOVEMBER)
    customer = await ensure_customer(operator, rail, org)
    stripe.give_card(customer.customer_id)
    await take_payment_method(operator, rail, org, customer.customer_id, "evt_1")
    await issue(operator, rail, org, invoice.invoice_id)

    at = datetime.now(UTC)
    total = invoice.total_minor
    await credit_invoice(operator, org, invoice.invoice_id, total, note_id=uuid4(), reason="all", at=at, refund=True)
    await put_credits_on_stripe(operator, at, rail=rail)

    assert stripe.refunded_minor == total - 100
    assert await get_prepaid(operator, org) == 100


async def test_a_credit_beyond_what_is_due_is_refunded_once(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    note = uuid4()
    stripe.fault("lost_answer", "/v1/credit_notes")
    with pytest.raises(StepFailed):
        await credit(operator, rail, invoice.org_id, invoice.invoice_id, note, 100, refund=True)
    await credit(operator, rail, invoice.org_id, invoice.invoice_id, note, 100, refund=True)
    await credit(operator, rail, invoice.org_id, invoice.invoice_id, note, 100, refund=True)

    found = await get_stripe_invoice(operator, invoice.org_id, invoice.invoice_id)
    assert (stripe.refunded_minor, len(stripe.notes)) == (100, 1)
    assert found is not None
    assert found.credited_minor == 100


async def test_a_credit_before_payment_refunds_nothing(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    await credit(operator, rail, invoice.org_id, invoice.invoice_id, uuid4(), 100)

    assert (stripe.refunded_minor, len(stripe.notes)) == (0, 1)


async def test_more_is_not_credited_than_was_invoiced(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)

    with pytest.raises(StepFailed, match="credit_note_amount_invalid") as failed:
        await credit(operator, rail, invoice.org_id, invoice.invoice_id, uuid4(), invoice.total_minor + 1, refund=True)

    assert (failed.value.state, stripe.refunded_minor) == ("refused", 0)


async def test_setup_page_is_opened_once_for_one_wish(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, org: UUID
) -> None:
    wish = uuid4()
    pages = [await open_setup_page(operator, rail, org, wish, "https://app.example/back", "USD") for _ in range(2)]

    assert pages[0] == pages[1]
    assert len(stripe.sessions) == len(stripe.customers) == 1
    assert stripe.posts("/v1/checkout/sessions")[0].form["mode"] == "setup"


def test_more_lines_than_stripe_takes_end_in_their_sum() -> None:
    lines = tuple(InvoiceLine(n, LineKind.USAGE, OCTOBER, Meter.READ, 1, n, Decimal("0.01"), n) for n in range(1, 401))
    total = sum(line.amount_minor for line in lines)
    head = (uuid4(), uuid4(), OCTOBER, InvoiceState.ISSUED, 1, "USD", total, OPENED, OPENED)
    items = to_items(Invoice(*head, lines, prepaid_minor=7))

    assert len(items) == 250
    assert sum(item.amount_minor for item in items) == total - 7
    assert sum(item.units for item in items) == sum(line.quantity for line in lines)


async def test_our_invoice_follows_what_stripe_collects(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, with_card: None
) -> None:
    stripe.declines = True
    there = await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    declined = await get_invoice(operator, invoice.org_id, invoice.invoice_id)
    stripe.declines = False
    stripe.retry(there.stripe_invoice_id)
    for _ in range(2):
        await read_stripe_invoice(operator, rail, there.stripe_invoice_id)
    paid = await get_invoice(operator, invoice.org_id, invoice.invoice_id)
    balance = await get_balance(operator, invoice.org_id, invoice.invoice_id)

    assert (declined.state, paid.state) == (InvoiceState.PAST_DUE, InvoiceState.PAID)
    assert (balance.paid_minor, balance.due_minor) == (invoice.total_minor, 0)


@pytest.mark.parametrize("end", [InvoiceState.VOID, InvoiceState.UNCOLLECTIBLE])
async def test_what_is_ended_at_stripe_ends_here(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, end: InvoiceState
) -> None:
    there = await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    stripe.end(there.stripe_invoice_id, "void" if end is InvoiceState.VOID else "uncollectible")
    await read_stripe_invoice(operator, rail, there.stripe_invoice_id)

    assert (await get_invoice(operator, invoice.org_id, invoice.invoice_id)).state is end


async def test_a_payment_of_a_void_invoice_changes_nothing(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    there = await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    await move_invoice(operator, invoice.org_id, invoice.invoice_id, InvoiceState.VOID, at=OPENED)
    stripe.retry(there.stripe_invoice_id)

    with pytest.raises(InvoiceStateError, match="takes no payment"):
        await read_stripe_invoice(operator, rail, there.stripe_invoice_id)

    kept = await get_stripe_invoice(operator, invoice.org_id, invoice.invoice_id)
    assert kept == there
    assert (await get_balance(operator, invoice.org_id, invoice.invoice_id)).paid_minor == 0


async def test_what_was_paid_in_advance_is_not_collected_again(
    ledger: UsageLedger, operator: Connection, rail: StripeRail, stripe: FakeStripe, book: PriceBook, org: UUID
) -> None:
    await ledger.record(billable(org, IN_OCTOBER, units=9_000))
    await add_prepaid(operator, org, 100, entry_id=uuid4(), note="in advance", at=OPENED)
    drafted = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    issued = await issue_invoice(operator, org, drafted.invoice_id, at=EARLY_NOVEMBER)

    there = await issue(operator, rail, org, issued.invoice_id)

    assert issued.prepaid_minor == 100
    assert there.total_minor == issued.total_minor - 100


async def test_two_at_once_make_one_customer(
    operator: Connection, rail: StripeRail, stripe: FakeStripe, org: UUID, operator_pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    async def one() -> str:
        async with operator_pool.acquire() as connection:
            return (await ensure_customer(connection, rail, org)).customer_id

    found = await asyncio.gather(*(one() for _ in range(4)))

    assert len(set(found)) == len(stripe.customers) == 1
