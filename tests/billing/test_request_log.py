"""Receipts, the log and its sums; and the calendar and text of invoices."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from inline_snapshot import snapshot

from billing import (
    CallFilter,
    GroupBy,
    InvoiceState,
    Meter,
    PriceBook,
    UsageLedger,
    close_period,
    get_call,
    issue_invoice,
    list_calls,
    list_invoices,
    month_of,
    month_starting,
    month_to_date,
    render_invoice,
    summarize_usage,
)
from billing.store import Connection
from billing.usage import insert_voids
from tests.billing.calls import CONNECTION, KEY, billable, free
from tests.billing.days import (
    DECEMBER,
    EARLY_DECEMBER,
    EARLY_JANUARY,
    EARLY_NOVEMBER,
    IN_NOVEMBER,
    IN_OCTOBER,
    NOVEMBER,
    OCTOBER,
)

pytestmark = pytest.mark.anyio

_MS = timedelta(milliseconds=1)


async def test_calls_are_listed_newest_first_page_by_page(ledger: UsageLedger, operator: Connection, org: UUID) -> None:
    calls = [billable(org, IN_OCTOBER + step * _MS) for step in range(25)]
    await asyncio.gather(*(ledger.record(call) for call in reversed(calls)))

    seen: list[UUID] = []
    while page := await list_calls(operator, org, after=seen[-1] if seen else None, limit=10):
        seen += [call.request_id for call in page]

    assert seen == [call.request_id for call in reversed(calls)]


async def test_a_listed_call_is_what_was_recorded(ledger: UsageLedger, operator: Connection, org: UUID) -> None:
    invocation = billable(org, IN_OCTOBER, meter=Meter.DOCUMENT, units=4)
    await ledger.record(invocation)

    (call,) = await list_calls(operator, org)

    for field in invocation.__struct_fields__:
        assert getattr(call, field) == getattr(invocation, field), field
    assert call.occurred_at == IN_OCTOBER
    assert not call.void


@pytest.mark.parametrize(
    ("only", "found"),
    [
        (CallFilter(), 3),
        (CallFilter(billable=True), 2),
        (CallFilter(status=400), 1),
        (CallFilter(status_from=400), 1),
        (CallFilter(status_from=401), 0),
        (CallFilter(status_below=400), 2),
        (CallFilter(meter=Meter.WRITE), 1),
        (CallFilter(connection_id=CONNECTION), 2),
        (CallFilter(connection_id=KEY), 0),
        (CallFilter(key_id=KEY, operation="list_clients"), 3),
        (CallFilter(since=IN_NOVEMBER), 1),
        (CallFilter(until=IN_NOVEMBER), 2),
    ],
)
async def test_the_log_is_filtered(
    ledger: UsageLedger, operator: Connection, org: UUID, only: CallFilter, found: int
) -> None:
    for call in (billable(org, IN_OCTOBER), free(org, IN_OCTOBER), billable(org, IN_NOVEMBER, meter=Meter.WRITE)):
        await ledger.record(call)

    assert len(await list_calls(operator, org, only=only)) == found


async def test_receipts_add_up_to_the_bill(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    calls = [billable(org, IN_OCTOBER + step * _MS, units=330) for step in range(5)]
    calls.append(billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH))
    await asyncio.gather(*(ledger.record(call) for call in calls))
    receipts = [await get_call(operator, book, org, call.request_id) for call in calls]

    invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)

    prices = [receipt.price for receipt in receipts if receipt is not None]
    assert prices == [Decimal(price) for price in ("0", "0", "0", "1.28", "1.32", "0.006")]
    assert invoice.total_minor == round(100 * sum(prices[:5])) + round(100 * prices[5])


async def test_what_is_not_billed_costs_nothing(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    void, error = billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH), free(org, IN_OCTOBER)
    await asyncio.gather(ledger.record(void), ledger.record(error))
    await insert_voids(owner, [void])

    for call in (void, error):
        receipt = await get_call(operator, book, org, call.request_id)
        assert receipt is not None
        assert (receipt.price, receipt.currency, receipt.call.void) == (Decimal(0), "USD", call is void)


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (GroupBy.METER, [("read", "read", 2, 3), ("write", "write", 1, 1)]),
        (GroupBy.OPERATION, [("list_clients", "read", 2, 3), ("list_clients", "write", 1, 1)]),
        (GroupBy.KEY, [(str(KEY), "read", 2, 3), (str(KEY), "write", 1, 1)]),
        (GroupBy.CONNECTION, [(str(CONNECTION), "read", 2, 3), (str(CONNECTION), "write", 1, 1)]),
        (GroupBy.DAY, [("2026-10-11", "read", 1, 1), ("2026-10-12", "read", 1, 2), ("2026-10-12", "write", 1, 1)]),
    ],
)
async def test_usage_is_summed(
    ledger: UsageLedger, operator: Connection, org: UUID, by: GroupBy, groups: list[tuple[str, str, int, int]]
) -> None:
    three_in_the_morning_utc = datetime(2026, 10, 12, 3, 0, tzinfo=UTC)
    for call in (
        billable(org, three_in_the_morning_utc),
        billable(org, IN_OCTOBER, units=2),
        billable(org, IN_OCTOBER, meter=Meter.WRITE),
        billable(org, IN_NOVEMBER),
        free(org, IN_OCTOBER),
    ):
        await ledger.record(call)
    month = month_of(IN_OCTOBER, "America/New_York")

    found = await summarize_usage(operator, org, month.starts_at, month.ends_at, by)

    assert [(one.group, one.meter, one.calls, one.units) for one in found] == groups


async def test_usage_is_summed_for_one_key(ledger: UsageLedger, operator: Connection, org: UUID) -> None:
    await ledger.record(billable(org, IN_OCTOBER, units=2))
    span = (IN_OCTOBER, IN_NOVEMBER)

    (own,) = await summarize_usage(operator, org, *span, GroupBy.METER, key_id=KEY)

    assert own.units == 2
    assert await summarize_usage(operator, org, *span, GroupBy.METER, key_id=CONNECTION) == ()


async def test_the_month_to_date_is_the_invoice_it_would_be(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await asyncio.gather(*(ledger.record(billable(org, IN_OCTOBER, units=100)) for _ in range(20)))
    so_far = await month_to_date(operator, book, org, IN_OCTOBER)

    invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)

    assert so_far.total_minor == invoice.total_minor == 400
    assert so_far.quantities == {Meter.READ: 2_000}


async def test_numbers_are_gapless_and_issuing_twice_is_safe(operator: Connection, book: PriceBook, org: UUID) -> None:
    months = [(OCTOBER, EARLY_NOVEMBER), (NOVEMBER, EARLY_DECEMBER), (DECEMBER, EARLY_JANUARY)]
    drafts = [await close_period(operator, book, org, month, as_of=as_of) for month, as_of in months]

    issued = [await issue_invoice(operator, org, draft.invoice_id, at=EARLY_JANUARY) for draft in drafts[::-1]]
    again = await issue_invoice(operator, org, drafts[0].invoice_id, at=EARLY_JANUARY + timedelta(days=1))

    assert [invoice.number for invoice in issued] == [1, 2, 3]
    assert again == issued[2]
    assert {invoice.state for invoice in issued} == {InvoiceState.PAID}  # there is nothing to pay
    assert [invoice.period for invoice in await list_invoices(operator, org, before=DECEMBER)] == [NOVEMBER, OCTOBER]


async def test_an_invoice_reads_well(ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID) -> None:
    for call in (
        billable(org, IN_OCTOBER, units=123_456),
        billable(org, IN_OCTOBER, meter=Meter.WRITE, units=120),
        billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH, units=75),
    ):
        await ledger.record(call)
    draft = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)

    invoice = await issue_invoice(operator, org, draft.invoice_id, at=EARLY_NOVEMBER)

    assert invoice.total_minor == sum(line.amount_minor for line in invoice.lines)
    assert render_invoice(invoice) == snapshot("""\
Invoice 1  October 2026  USD
--------------------------------------------
                       units   price  amount
read, free units       1,000       0    0.00
read, tier 1          99,000   0.004  396.00
read, tier 2          23,456  0.0025   58.64
write, free units        100       0    0.00
write, tier 1             20    0.02    0.40
passthrough, tier 1       75   0.006    0.45
--------------------------------------------
total                123,651          455.49\
""")


@pytest.mark.parametrize(
    ("zone", "starts_at", "hours"),
    [
        ("UTC", datetime(2026, 3, 1, tzinfo=UTC), 744),
        ("America/New_York", datetime(2026, 3, 1, 5, tzinfo=UTC), 743),
        ("Australia/Lord_Howe", datetime(2026, 2, 28, 13, tzinfo=UTC), 744),
        ("Pacific/Kiritimati", datetime(2026, 2, 28, 10, tzinfo=UTC), 744),
    ],
)
def test_a_month_follows_its_time_zone(zone: str, starts_at: datetime, hours: int) -> None:
    month = month_starting(date(2026, 3, 1), zone)

    assert month.starts_at == starts_at
    assert month.ends_at - month.starts_at == timedelta(hours=hours)
    assert month_of(month.ends_at - _MS, zone) == month
    assert month_of(month.ends_at, zone) == month_starting(month.next_on, zone)


def test_a_month_is_named_by_its_first_day() -> None:
    with pytest.raises(ValueError, match="first day"):
        month_starting(date(2026, 3, 2), "UTC")
    assert month_starting(date(2026, 12, 1), "UTC").next_on == date(2027, 1, 1)
