"""From draft to paid: every way an invoice can go, every way it cannot, and the money that comes for it."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import (
    NEXT_STATES,
    CreditRefused,
    Details,
    Invoice,
    InvoiceState,
    InvoiceStateError,
    InvoiceUnknown,
    Meter,
    PriceBook,
    UsageLedger,
    add_prepaid,
    close_period,
    credit_invoice,
    get_balance,
    get_invoice,
    get_prepaid,
    issue_invoice,
    list_credit_notes,
    list_moves,
    mark_past_due,
    move_invoice,
    reconcile,
    record_payment,
    set_details,
)
from billing.store import Connection
from service.db.pool import Pool
from tests.billing.calls import billable
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER

pytestmark = pytest.mark.anyio

_LATER = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
_WAYS: dict[InvoiceState, tuple[InvoiceState, ...]] = {
    InvoiceState.DRAFT: (),
    InvoiceState.ISSUED: (InvoiceState.ISSUED,),
    InvoiceState.PAID: (InvoiceState.ISSUED, InvoiceState.PAID),
    InvoiceState.PAST_DUE: (InvoiceState.ISSUED, InvoiceState.PAST_DUE),
    InvoiceState.UNCOLLECTIBLE: (InvoiceState.ISSUED, InvoiceState.PAST_DUE, InvoiceState.UNCOLLECTIBLE),
    InvoiceState.VOID: (InvoiceState.ISSUED, InvoiceState.VOID),
}


@pytest.fixture
async def draft(ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID) -> Invoice:
    """October: 600 units of passthrough at 0.006 are 3.60."""
    await ledger.record(billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH, units=600))
    return await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)


@pytest.fixture
async def issued(operator: Connection, draft: Invoice) -> Invoice:
    return await issue_invoice(operator, draft.org_id, draft.invoice_id, at=EARLY_NOVEMBER)


async def _go(operator: Connection, draft: Invoice, state: InvoiceState) -> None:
    for step in _WAYS[state]:
        if step is InvoiceState.ISSUED:
            await issue_invoice(operator, draft.org_id, draft.invoice_id, at=EARLY_NOVEMBER)
        else:
            await move_invoice(operator, draft.org_id, draft.invoice_id, step, at=_LATER, reason="test")


@pytest.mark.parametrize("to", InvoiceState)
@pytest.mark.parametrize("from_", InvoiceState)
async def test_an_invoice_goes_only_where_a_way_leads(
    operator: Connection, owner: Connection, draft: Invoice, from_: InvoiceState, to: InvoiceState
) -> None:
    await _go(operator, draft, from_)
    org, invoice_id = draft.org_id, draft.invoice_id
    if to is from_ or (to in NEXT_STATES[from_] and from_ is not InvoiceState.DRAFT):
        assert (await move_invoice(operator, org, invoice_id, to, at=_LATER)).state is to
        assert to in {InvoiceState.DRAFT, *(move.state for move in await list_moves(operator, org, invoice_id))}
        return
    with pytest.raises(InvoiceStateError, match=f"is {from_} and cannot be {to}"):
        await move_invoice(operator, org, invoice_id, to, at=_LATER)
    if to not in NEXT_STATES[from_]:
        with pytest.raises(asyncpg.RestrictViolationError):  # nor by hand
            await owner.execute("UPDATE billing.invoices SET state = $1", to)
    assert (await get_invoice(operator, org, invoice_id)).state is from_


async def test_what_is_due_and_unpaid_becomes_past_due(operator: Connection, issued: Invoice) -> None:
    assert issued.due_on == date(2026, 11, 17)
    assert await mark_past_due(operator, issued.org_id, date(2026, 11, 17), at=_LATER) == ()

    (late,) = await mark_past_due(operator, issued.org_id, date(2026, 11, 18), at=_LATER)

    assert late.state is InvoiceState.PAST_DUE


async def test_payments_in_parts_pay_once_each(operator: Connection, issued: Invoice) -> None:
    org, invoice_id = issued.org_id, issued.invoice_id
    for reference, amount in (("one", 100), ("one", 100), ("two", 260)):
        await record_payment(operator, org, invoice_id, amount, reference=reference, at=_LATER)

    assert (await get_invoice(operator, org, invoice_id)).state is InvoiceState.PAID
    assert (await get_balance(operator, org, invoice_id)).paid_minor == 360
    refunded = await record_payment(operator, org, invoice_id, -60, reference="back", at=_LATER)
    assert refunded.paid_minor == 300


@pytest.mark.parametrize("state", [InvoiceState.DRAFT, InvoiceState.VOID, InvoiceState.PAID])
async def test_an_invoice_that_is_not_owed_takes_no_payment(
    operator: Connection, draft: Invoice, state: InvoiceState
) -> None:
    await _go(operator, draft, state)

    with pytest.raises(InvoiceStateError, match=f"is {state} and takes no payment"):
        await record_payment(operator, draft.org_id, draft.invoice_id, 1, reference="no", at=_LATER)

    assert (await get_balance(operator, draft.org_id, draft.invoice_id)).paid_minor == 0


async def test_a_senseless_payment_is_refused(operator: Connection, issued: Invoice) -> None:
    org, invoice_id = issued.org_id, issued.invoice_id
    await record_payment(operator, org, invoice_id, 10, reference="one", at=_LATER)
    for amount, reference in ((0, "x"), (351, "x"), (-11, "x"), (11, "one")):
        with pytest.raises(ValueError, match=r"are due|another one"):
            await record_payment(operator, org, invoice_id, amount, reference=reference, at=_LATER)
    with pytest.raises(InvoiceUnknown):
        await record_payment(operator, org, uuid4(), 1, reference="y", at=_LATER)

    assert (await get_balance(operator, org, invoice_id)).paid_minor == 10


async def test_credit_notes_never_exceed_their_invoice(
    operator: Connection, operator_pool: Pool, issued: Invoice
) -> None:
    org, invoice_id = issued.org_id, issued.invoice_id

    async def credit(amount: int) -> int:
        async with operator_pool.acquire() as connection:
            try:
                await credit_invoice(connection, org, invoice_id, amount, note_id=uuid4(), reason="outage", at=_LATER)
            except CreditRefused:
                return 0
            return amount

    given = await asyncio.gather(*(credit(50) for _ in range(16)))

    assert sum(given) == 350
    assert [note.number for note in await list_credit_notes(operator, org, invoice_id)] == list(range(1, 8))
    with pytest.raises(CreditRefused, match="10 of invoice 1 can be credited, not 11"):
        await credit_invoice(operator, org, invoice_id, 11, note_id=uuid4(), reason="", at=_LATER)
    with pytest.raises(asyncpg.CheckViolationError):  # nor by hand
        await operator.execute(
            "INSERT INTO billing.credit_notes VALUES ($1, $2, $3, 99, 11, '', now())", org, uuid4(), invoice_id
        )


async def test_a_full_credit_leaves_nothing_to_pay(operator: Connection, issued: Invoice) -> None:
    note_id = uuid4()
    for _ in range(2):
        await credit_invoice(operator, issued.org_id, issued.invoice_id, 360, note_id=note_id, reason="all", at=_LATER)

    assert (await get_invoice(operator, issued.org_id, issued.invoice_id)).state is InvoiceState.PAID
    assert await get_prepaid(operator, issued.org_id) == 0


async def test_credit_on_what_was_paid_is_prepaid_money(operator: Connection, issued: Invoice) -> None:
    org = issued.org_id
    await record_payment(operator, org, issued.invoice_id, 360, reference="one", at=_LATER)
    await credit_invoice(operator, org, issued.invoice_id, 100, note_id=uuid4(), reason="outage", at=_LATER)

    assert await get_prepaid(operator, org) == 100


async def test_a_refund_goes_back_instead_of_being_prepaid_money(operator: Connection, issued: Invoice) -> None:
    org, invoice_id, note_id = issued.org_id, issued.invoice_id, uuid4()
    await record_payment(operator, org, invoice_id, 360, reference="one", at=_LATER)
    for _ in range(2):
        await credit_invoice(operator, org, invoice_id, 100, note_id=note_id, reason="outage", at=_LATER, refund=True)

    balance = await get_balance(operator, org, invoice_id)
    assert (balance.credited_minor, balance.paid_minor, balance.due_minor) == (100, 260, 0)
    assert await get_prepaid(operator, org) == 0


async def test_prepaid_money_pays_first_and_comes_back_from_a_void_invoice(
    operator: Connection, draft: Invoice
) -> None:
    org, entry = draft.org_id, uuid4()
    for _ in range(2):
        await add_prepaid(operator, org, 250, entry_id=entry, note="bank transfer", at=IN_OCTOBER)

    issued = await issue_invoice(operator, org, draft.invoice_id, at=EARLY_NOVEMBER)

    assert (issued.prepaid_minor, issued.state) == (250, InvoiceState.ISSUED)
    assert (await get_balance(operator, org, draft.invoice_id)).due_minor == 110
    assert await get_prepaid(operator, org) == 0
    await move_invoice(operator, org, draft.invoice_id, InvoiceState.VOID, at=_LATER)
    assert await get_prepaid(operator, org) == 250
    with pytest.raises(asyncpg.CheckViolationError):
        await operator.execute(
            "INSERT INTO billing.prepaid VALUES ($1, $2, -251, NULL, 'by hand', now())", org, uuid4()
        )


async def test_enough_prepaid_money_pays_at_once(operator: Connection, draft: Invoice) -> None:
    await add_prepaid(operator, draft.org_id, 1_000, entry_id=uuid4(), note="bank transfer", at=IN_OCTOBER)

    issued = await issue_invoice(operator, draft.org_id, draft.invoice_id, at=EARLY_NOVEMBER)

    assert issued.state is InvoiceState.PAID
    assert await get_prepaid(operator, draft.org_id) == 640


async def test_tax_is_a_line_of_its_own(ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID) -> None:
    await set_details(operator, org, Details("Ledgerline", "1 Street", None, "VAT", Decimal(19)))
    await ledger.record(billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH, units=600))

    invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    await set_details(operator, org, Details("Ledgerline", "1 Street", None, "VAT", Decimal(25)))
    again = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)

    assert [(line.description, line.amount_minor) for line in invoice.lines] == [
        ("passthrough, tier 1", 360),
        ("VAT 19 %", 68),
    ]
    assert (invoice.total_minor, invoice.tax_minor) == (428, 68)
    assert again == invoice
    assert (await reconcile(operator, book, org, OCTOBER)).balanced


@pytest.mark.parametrize("percent", [Decimal(-1), Decimal(101)])
async def test_a_senseless_tax_is_refused(operator: Connection, org: UUID, percent: Decimal) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        await set_details(operator, org, Details("L", "S", None, "VAT", percent))
