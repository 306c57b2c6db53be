"""Properties of money, for any plan and any usage; `python -m tests.billing.mutations` shows that each can fail.

The properties of rating alone are in test_rating.py. Those that need a database try few examples, each in an
organization of its own.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import (
    BudgetScope,
    BudgetSpan,
    CreditRefused,
    InvoiceLine,
    LineCall,
    LineKind,
    Meter,
    Plan,
    PriceBook,
    UsageLedger,
    adjust,
    close_period,
    credit_invoice,
    get_balance,
    issue_invoice,
    open_account,
    rate,
)
from billing.budgets import most_units, spend, window_of
from billing.line_calls import Place, within
from billing.prices import Flat, Graduated, MeterPrice, Package, Tier, Volume
from billing.rating import cost, highest_cost
from service.db.pool import open_pool
from tests.billing.calls import billable
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER, OPENED
from tests.conftest import Database

_few = settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_prices = st.decimals(0, 20, places=4)
_units = st.integers(0, 3_000)


@st.composite
def _tiered(draw: st.DrawFn) -> tuple[tuple[Tier, ...], int]:
    free = draw(st.integers(0, 50))
    ends = sorted(draw(st.sets(st.integers(free + 1, 2_000), max_size=3)))
    return (*(Tier(draw(_prices), end) for end in ends), Tier(draw(_prices))), free


_meter_prices: st.SearchStrategy[MeterPrice] = st.one_of(
    _tiered().map(lambda shape: Graduated(*shape)),
    _tiered().map(lambda shape: Volume(*shape)),
    st.builds(Flat, _prices, st.integers(0, 50)),
    st.builds(Package, st.integers(1, 300), _prices, st.integers(0, 50)),
)


@st.composite
def _made_plans(draw: st.DrawFn) -> Plan:
    meters = {meter: draw(_meter_prices) for meter in Meter}
    discount, credit, minimum = (draw(st.decimals(0, most, places=2)) for most in (100, 50, 50))
    return Plan("made", 1, "Made", "USD", meters, discount, credit, minimum)


_plans = _made_plans()
_quantities = st.dictionaries(st.sampled_from(Meter), _units)


@given(_plans, st.integers(0, 8_000), st.integers(0, 4_000))
def test_a_month_never_gets_cheaper_with_more_usage(plan: Plan, usage: int, more: int) -> None:
    low, high = (used + sum(a.amount_minor for a in adjust(plan, used)) for used in (usage, usage + more))

    assert low <= high


@given(_plans, st.integers(0, 10**6))
def test_a_month_costs_at_least_its_minimum_and_never_less_than_nothing(plan: Plan, used: int) -> None:
    found = {one.kind: one.amount_minor for one in adjust(plan, used)}
    left = used + found.get("discount", 0)

    assert used + sum(found.values()) >= int(plan.minimum * 100)
    assert found.get("credit", 0) == -min(left, int(plan.credit * 100))
    assert found.get("minimum", 0) <= int(plan.minimum * 100)


@settings(max_examples=400)
@given(st.one_of(_tiered().map(lambda shape: Volume(*shape)), _meter_prices), _units, _units, st.data())
def test_the_highest_cost_is_passed_nowhere_on_the_way(
    price: MeterPrice, start: int, units: int, data: st.DataObject
) -> None:
    tiers = price.tiers if isinstance(price, Graduated | Volume) else ()
    edges = [tier.up_to - start for tier in tiers if tier.up_to and 0 <= tier.up_to - start <= units]
    way = data.draw(st.one_of(st.sampled_from(edges), st.integers(0, units)) if edges else st.integers(0, units))

    assert highest_cost(price, start, units) >= cost(price, start + way) - cost(price, start)


@given(_plans, _quantities)
def test_a_budget_counts_no_less_than_the_invoice(plan: Plan, quantities: dict[Meter, int]) -> None:
    usage = sum(line.amount_minor for line in rate(plan, quantities))
    discount = sum(one.amount_minor for one in adjust(plan, usage) if one.kind == "discount")
    used = {meter: (0, units) for meter, units in quantities.items()}

    assert spend(plan, BudgetScope.ORGANIZATION, used) >= usage + discount


@settings(max_examples=400)
@given(_plans, st.sampled_from(BudgetScope), _quantities, st.sampled_from(Meter), _units, _tiered())
def test_a_budget_never_falls_with_more_usage(
    plan: Plan,
    scope: BudgetScope,
    quantities: dict[Meter, int],
    meter: Meter,
    more: int,
    shape: tuple[tuple[Tier, ...], int],
) -> None:
    plan.meters[meter] = Volume(*shape)  # the one model whose total can fall
    used = {one: (0, units) for one, units in quantities.items()}
    base, units = used.get(meter, (0, 0))

    assert spend(plan, scope, {**used, meter: (base, units + more)}) >= spend(plan, scope, used)


@given(_plans, st.sampled_from(BudgetScope), _quantities, st.sampled_from(Meter), _units, st.integers(0, 10**6))
def test_a_lease_is_the_most_that_fits_the_budget(
    plan: Plan, scope: BudgetScope, quantities: dict[Meter, int], meter: Meter, wanted: int, limit: int
) -> None:
    used = {one: (7, units) for one, units in quantities.items()}
    base, units = used.get(meter, (0, 0))
    found = most_units(plan, scope, used, meter, limit, wanted)

    def after(more: int) -> Decimal:
        return spend(plan, scope, {**used, meter: (base, units + more)})

    assert 0 <= found <= wanted
    assert found == 0 or after(found) <= limit
    assert found == wanted or after(found + 1) > limit


@given(
    st.integers(1_577_836_800, 2_208_988_800).map(lambda at_s: datetime.fromtimestamp(at_s, UTC)),
    st.sampled_from(["America/New_York", "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    st.sampled_from(BudgetSpan),
)
def test_windows_leave_no_gap(at: datetime, zone: str, span: BudgetSpan) -> None:
    window = window_of(span, at, zone)

    assert window.month_starts_at <= window.starts_at <= at < window.ends_at
    assert window_of(span, window.ends_at, zone).starts_at == window.ends_at
    assert window_of(span, window.starts_at - timedelta(microseconds=1), zone).ends_at == window.starts_at


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(0, 60), st.integers(1, 60), st.integers(1, 7))
def test_the_calls_of_a_line_hold_its_units_once(units: list[int], start: int, length: int, page: int) -> None:
    quantity = max(0, min(sum(units), start + length) - start)
    line = InvoiceLine(1, LineKind.USAGE, OCTOBER, Meter.READ, 1, quantity, Decimal(1), quantity)
    calls = [LineCall(UUID(int=n + 1), UUID(int=0), None, "op", size) for n, size in enumerate(units)]
    found: list[LineCall] = []
    place: Place | None = Place()
    while place is not None:
        at = place.after
        rows = [call for call in calls if call.request_id > at][:page]
        part, place = within(line, start, rows, place, page)
        found += part

    assert sum(call.units for call in found) == quantity
    assert all(one.request_id < other.request_id for one, other in pairwise(found))


_calls = st.lists(st.tuples(st.sampled_from(Meter), st.integers(1, 900)), min_size=1, max_size=25)


@_few
@given(usage=_calls, again=st.randoms(use_true_random=False))
def test_order_and_repetition_of_usage_never_change_the_bill(
    database: Database, book: PriceBook, usage: list[tuple[Meter, int]], again: Any
) -> None:
    async def bill(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        org = await _open(owner, book)
        calls = [billable(org, IN_OCTOBER, meter=meter, units=units) for meter, units in usage]
        sent = [*calls, *again.choices(calls, k=5)]
        again.shuffle(sent)
        async with await open_pool(database.owner_url, "tickmark_meter") as pool:
            ledger = UsageLedger(pool)
            await ledger.start()
            try:
                await asyncio.gather(*(ledger.record(call) for call in sent))
            finally:
                await ledger.close()
        invoice = await close_period(owner, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
        sums = {meter: sum(units for one, units in usage if one is meter) for meter in Meter}

        assert invoice.total_minor == sum(line.amount_minor for line in rate(book.find("public", 1), sums))
        assert invoice.total_minor == sum(line.amount_minor for line in invoice.lines)

    _run(database, bill)


@_few
@given(amounts=st.lists(st.integers(-5, 400), max_size=8))
def test_credit_notes_never_exceed_their_invoice(database: Database, book: PriceBook, amounts: list[int]) -> None:
    async def credit(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        org = await _open(owner, book)
        async with await open_pool(database.owner_url, "tickmark_meter") as pool:
            ledger = UsageLedger(pool)
            await ledger.start()
            await ledger.record(billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH, units=100_000))
            await ledger.close()
        draft = await close_period(owner, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
        invoice = await issue_invoice(owner, org, draft.invoice_id, at=EARLY_NOVEMBER)
        credited = 0
        for amount in (*amounts, invoice.total_minor - 300):
            fits = 0 < amount <= invoice.total_minor - credited
            try:
                await credit_invoice(
                    owner, org, invoice.invoice_id, amount, note_id=uuid4(), reason="", at=EARLY_NOVEMBER
                )
            except CreditRefused:
                assert not fits
            else:
                assert fits
                credited += amount

        assert (await get_balance(owner, org, invoice.invoice_id)).credited_minor == credited <= invoice.total_minor

    _run(database, credit)


async def _open(owner: "asyncpg.Connection[asyncpg.Record]", book: PriceBook) -> UUID:
    org = uuid4()
    await open_account(owner, org, book.find("public", 1), "UTC", "USD", opened_at=OPENED)
    return org


def _run(database: Database, scenario: Any) -> None:
    async def run() -> None:
        owner = await asyncpg.connect(database.owner_url)
        try:
            work: Coroutine[Any, Any, None] = scenario(owner)
            await work
        finally:
            await owner.close()

    asyncio.run(run())
