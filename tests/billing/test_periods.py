"""Closing months: once, in order, the same for ever, nothing between two bills."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import (
    GRACE,
    PUBLIC_PLAN,
    Invoice,
    LineKind,
    Meter,
    PeriodNotClosable,
    PriceBook,
    PriceBookError,
    SealedPeriodChanged,
    UsageLedger,
    close_period,
    get_invoice,
    load_price_book,
    open_account,
    pin_plan,
    reconcile,
)
from billing.prices import PLANS
from billing.store import Connection
from billing.usage import insert_voids
from service.db.pool import Pool
from tests.billing.calls import billable, free
from tests.billing.days import (
    DECEMBER,
    EARLY_DECEMBER,
    EARLY_JANUARY,
    EARLY_NOVEMBER,
    IN_NOVEMBER,
    IN_OCTOBER,
    NOVEMBER,
    OCTOBER,
    OPENED,
)

pytestmark = pytest.mark.anyio


async def _use(ledger: UsageLedger, org: UUID, at: datetime, calls: int, meter: Meter = Meter.READ) -> None:
    await asyncio.gather(*(ledger.record(billable(org, at, meter=meter)) for _ in range(calls)))


def _figures(invoice: Invoice) -> list[tuple[str | None, str, int, int]]:
    return [(line.meter, line.description, line.quantity, line.amount_minor) for line in invoice.lines]


async def test_a_month_becomes_an_invoice(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await _use(ledger, org, IN_OCTOBER, 1_010)
    await _use(ledger, org, IN_OCTOBER, 3, Meter.PASSTHROUGH)
    await ledger.record(free(org, IN_OCTOBER))

    invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)

    assert _figures(invoice) == [
        ("read", "read, free units", 1_000, 0),
        ("read", "read, tier 1", 10, 4),
        ("passthrough", "passthrough, tier 1", 3, 2),
    ]
    assert invoice.total_minor == 6
    assert invoice == await get_invoice(operator, org, invoice.invoice_id)


async def test_closing_again_is_bit_identical(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await _use(ledger, org, IN_OCTOBER, 1_234)
    first = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    await _use(ledger, org, IN_OCTOBER, 7)

    again = await close_period(operator, book, org, OCTOBER, as_of=EARLY_JANUARY)

    assert repr(again) == repr(first)


async def test_two_workers_closing_at_once_draft_one_invoice(
    ledger: UsageLedger, operator_pool: Pool, book: PriceBook, org: UUID
) -> None:
    await _use(ledger, org, IN_OCTOBER, 5)

    async def close() -> Invoice:
        async with operator_pool.acquire() as connection:
            return await close_period(connection, book, org, OCTOBER, as_of=EARLY_NOVEMBER)

    assert len({repr(invoice) for invoice in await asyncio.gather(*(close() for _ in range(4)))}) == 1


async def test_a_month_closes_only_after_its_grace(operator: Connection, book: PriceBook, org: UUID) -> None:
    midnight_in_new_york = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    due = midnight_in_new_york + GRACE
    with pytest.raises(PeriodNotClosable, match=r"2026-10 can be closed from 2026-11-02T04:00:00\+00:00"):
        await close_period(operator, book, org, OCTOBER, as_of=due - timedelta(microseconds=1))

    invoice = await close_period(operator, book, org, OCTOBER, as_of=due)

    assert invoice.lines == ()


async def test_months_close_in_order(operator: Connection, book: PriceBook, org: UUID) -> None:
    with pytest.raises(PeriodNotClosable, match="2026-10 must be closed before 2026-11"):
        await close_period(operator, book, org, NOVEMBER, as_of=EARLY_JANUARY)
    with pytest.raises(PeriodNotClosable, match="opened in 2026-10"):
        await close_period(operator, book, org, OCTOBER.replace(month=9), as_of=EARLY_JANUARY)


async def test_the_month_ends_at_the_organizations_midnight(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    midnight = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    await _use(ledger, org, midnight - timedelta(milliseconds=1), 1)
    await _use(ledger, org, midnight, 2)

    october = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    november = await close_period(operator, book, org, NOVEMBER, as_of=EARLY_DECEMBER)

    assert (october.units, november.units) == (1, 2)


async def test_late_units_cost_what_they_would_have_cost(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await _use(ledger, org, IN_OCTOBER, 990)
    await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    await _use(ledger, org, IN_OCTOBER, 260)
    await _use(ledger, org, IN_NOVEMBER, 1)

    november = await close_period(operator, book, org, NOVEMBER, as_of=EARLY_DECEMBER)
    december = await close_period(operator, book, org, DECEMBER, as_of=EARLY_JANUARY)

    assert _figures(november) == [
        ("read", "read, free units, late from 2026-10", 10, 0),
        ("read", "read, tier 1, late from 2026-10", 250, 100),
        ("read", "read, free units", 1, 0),
    ]
    assert december.lines == ()
    assert (await reconcile(operator, book, org, OCTOBER)).balanced


async def test_units_void_after_the_cutoff_are_taken_back(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    doubtful = [billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH) for _ in range(5)]
    await asyncio.gather(*(ledger.record(call) for call in doubtful))
    await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    await insert_voids(owner, doubtful[:3])
    await insert_voids(owner, doubtful[:3])

    november = await close_period(operator, book, org, NOVEMBER, as_of=EARLY_DECEMBER)

    assert _figures(november) == [("passthrough", "passthrough, tier 1, taken back from 2026-10", -3, -2)]
    assert november.lines[0].kind is LineKind.CORRECTION
    assert (await reconcile(operator, book, org, OCTOBER)).balanced


async def test_no_row_falls_between_two_bills_under_load(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    """Months close while October's calls are still being recorded; each is billed once, in time or late."""
    months = [(OCTOBER, EARLY_NOVEMBER), (NOVEMBER, EARLY_DECEMBER), (DECEMBER, EARLY_JANUARY)]
    recorded = asyncio.Event()

    async def caller(calls: int) -> None:
        for done in range(calls):
            await ledger.record(billable(org, IN_OCTOBER))
            if done == calls // 4:
                recorded.set()

    load = asyncio.gather(*(caller(200) for _ in range(16)))
    await recorded.wait()
    units = [(await close_period(operator, book, org, month, as_of=as_of)).units for month, as_of in months[:2]]
    await load
    units.append((await close_period(operator, book, org, *months[2][:1], as_of=months[2][1])).units)

    assert sum(units) == 16 * 200
    assert 0 < units[0] < 16 * 200
    for month, as_of in months:
        await close_period(operator, book, org, month, as_of=as_of)
    assert (await reconcile(operator, book, org, OCTOBER)).balanced


async def test_order_and_duplicates_never_change_the_bill(
    ledger: UsageLedger, operator: Connection, book: PriceBook
) -> None:
    shuffled = random.Random(7)
    meters = [shuffled.choice(list(Meter)) for _ in range(400)]
    units = [shuffled.randint(1, 900) for _ in range(400)]
    bills: set[str] = set()
    for _ in range(4):
        org = uuid4()
        await open_account(operator, org, book.find(*PUBLIC_PLAN), "Pacific/Auckland", "USD", opened_at=OPENED)
        calls = [billable(org, IN_OCTOBER, meter=m, units=u) for m, u in zip(meters, units, strict=True)]
        calls += shuffled.choices(calls, k=200)
        shuffled.shuffle(calls)
        await asyncio.gather(*(ledger.record(call) for call in calls))
        invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
        bills.add(repr((invoice.lines, invoice.total_minor)))

    assert len(bills) == 1


async def test_an_edited_plan_file_is_noticed(
    tmp_path: Path, ledger: UsageLedger, operator: Connection, org: UUID
) -> None:
    text = (PLANS / "public-1.toml").read_text()
    (tmp_path / "public-1.toml").write_text(text.replace('price = "0.02"', 'price = "0.03"'))

    with pytest.raises(PriceBookError, match=r"public-1\.toml was edited after it was pinned; publish version 2"):
        await close_period(operator, load_price_book(tmp_path), org, OCTOBER, as_of=EARLY_NOVEMBER)


async def test_a_new_plan_holds_from_the_month_it_was_pinned_for(
    tmp_path: Path, ledger: UsageLedger, operator: Connection, org: UUID
) -> None:
    text = (PLANS / "public-1.toml").read_text()
    (tmp_path / "public-1.toml").write_text(text)
    dearer = text.replace("version = 1", "version = 2").replace('price = "0.006"', 'price = "1.00"')
    (tmp_path / "public-2.toml").write_text(dearer)
    book = load_price_book(tmp_path)
    await pin_plan(operator, org, book.find("public", 2), NOVEMBER, as_of=IN_OCTOBER)
    await _use(ledger, org, IN_OCTOBER, 10, Meter.PASSTHROUGH)
    await _use(ledger, org, IN_NOVEMBER, 10, Meter.PASSTHROUGH)

    october = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    november = await close_period(operator, book, org, NOVEMBER, as_of=EARLY_DECEMBER)

    assert (october.total_minor, november.total_minor) == (6, 1_000)
    with pytest.raises(PeriodNotClosable, match="2026-11 has begun"):
        await pin_plan(operator, org, book.find("public", 1), NOVEMBER, as_of=IN_NOVEMBER)


async def test_a_sealed_month_that_changed_is_an_alarm(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    await _use(ledger, org, IN_OCTOBER, 5)
    await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("DELETE FROM billing.usage WHERE ctid = (SELECT min(ctid) FROM billing.usage)")

    with pytest.raises(SealedPeriodChanged):
        await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)


async def test_a_cutoff_needs_to_see_each_commit(operator: Connection, book: PriceBook, org: UUID) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError, match="read committed"):
        async with operator.transaction(isolation="repeatable_read"):
            await operator.fetchval("SELECT billing.fix_cutoff()")


async def test_a_writer_that_does_not_end_stops_the_closing_not_the_ledger(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    async with owner.transaction():
        await insert_voids(owner, [billable(org, IN_OCTOBER)])
        with pytest.raises(PeriodNotClosable, match="try again"):
            await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
        await ledger.record(billable(org, IN_OCTOBER))

    assert (await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)).units == 1
