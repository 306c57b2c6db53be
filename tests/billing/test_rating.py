"""What any plan and any quantities must obey."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import Meter, Plan, marginal_price, rate
from billing.prices import Flat, Graduated, MeterPrice, Package, Tier, Volume
from billing.rating import cost, rate_span, to_minor

_quantities = st.integers(0, 10**12)
_prices = st.decimals(0, 100, places=12, allow_nan=False)


@st.composite
def _graduated(draw: st.DrawFn) -> Graduated:
    free = draw(st.integers(0, 5_000))
    ends = sorted(draw(st.sets(st.integers(free + 1, 10**9), max_size=4)))
    tiers = [Tier(draw(_prices), end) for end in ends]
    return Graduated((*tiers, Tier(draw(_prices))), free)


@st.composite
def _volume(draw: st.DrawFn) -> Volume:
    shape = draw(_graduated())
    return Volume(shape.tiers, shape.free)


_rising_prices: st.SearchStrategy[MeterPrice] = st.one_of(
    _graduated(),
    st.builds(Flat, _prices, st.integers(0, 5_000)),
    st.builds(Package, st.integers(1, 10_000), _prices, st.integers(0, 5_000)),
)
_meter_prices: st.SearchStrategy[MeterPrice] = st.one_of(_rising_prices, _volume())


def _plan(price: MeterPrice) -> Plan:
    return Plan("made", 1, "Made", "USD", dict.fromkeys(Meter, price))


def _exact(plan: Plan, quantity: int) -> Decimal:
    return sum((line.amount for line in rate(plan, {Meter.READ: quantity})), Decimal(0))


@given(_rising_prices, _quantities, _quantities)
def test_more_units_never_cost_less(price: MeterPrice, one: int, other: int) -> None:
    plan = _plan(price)

    assert _exact(plan, min(one, other)) <= _exact(plan, max(one, other))


@given(_graduated(), st.data())
def test_a_tier_edge_has_no_jump(price: Graduated, data: st.DataObject) -> None:
    plan = _plan(price)
    edge = data.draw(st.sampled_from([price.free, *(tier.up_to or price.free for tier in price.tiers)]))

    step = _exact(plan, edge + 1) - _exact(plan, edge)

    assert step == _tier_price(price.tiers, edge + 1)


@given(_meter_prices, _quantities)
def test_marginal_price_is_the_cost_of_the_next_unit(price: MeterPrice, used: int) -> None:
    plan = _plan(price)

    assert _exact(plan, used + 1) == _exact(plan, used) + marginal_price(plan, Meter.READ, used)


def _plainly(price: MeterPrice, quantity: int) -> Decimal:
    """What a month costs, unit by unit as the plan file says it, by no code of ours."""
    paid = range(price.free + 1, quantity + 1)
    match price:
        case Flat():
            return len(paid) * price.price
        case Package():
            return sum((price.price for n in paid if (n - price.free) % price.size == 1 % price.size), Decimal(0))
        case Graduated():
            return sum((_tier_price(price.tiers, n) for n in paid), Decimal(0))
        case Volume():
            return len(paid) * _tier_price(price.tiers, quantity)


def _tier_price(tiers: tuple[Tier, ...], unit: int) -> Decimal:
    return next(tier.price for tier in tiers if tier.up_to is None or unit <= tier.up_to)


@st.composite
def _small(draw: st.DrawFn) -> MeterPrice:
    """Prices whose edges are near each other, so that small quantities meet all of them."""
    free = draw(st.integers(0, 5))
    ends = sorted(draw(st.sets(st.integers(free + 1, 30), max_size=4)))
    tiers = (*(Tier(draw(_prices), end) for end in ends), Tier(draw(_prices)))
    made: list[MeterPrice] = [
        Graduated(tiers, free),
        Volume(tiers, free),
        Flat(draw(_prices), free),
        Package(draw(st.integers(1, 9)), draw(_prices), free),
    ]
    return draw(st.sampled_from(made))


@given(_small(), st.data())
def test_each_unit_costs_the_price_of_its_place(price: MeterPrice, data: st.DataObject) -> None:
    tiers = price.tiers if isinstance(price, Graduated | Volume) else ()
    edges = [price.free, *(tier.up_to for tier in tiers if tier.up_to)]
    quantity = data.draw(st.one_of(st.sampled_from(edges), st.integers(0, 40)))

    assert _exact(_plan(price), quantity) == cost(price, quantity) == _plainly(price, quantity)


@given(_meter_prices, _quantities)
def test_the_lines_of_a_month_sum_to_its_cost(price: MeterPrice, quantity: int) -> None:
    assert _exact(_plan(price), quantity) == cost(price, quantity)


@given(_meter_prices, st.lists(_quantities, min_size=1, max_size=5))
def test_splitting_a_month_never_changes_its_total(price: MeterPrice, parts: list[int]) -> None:
    plan = _plan(price)
    billed, total = 0, Decimal(0)
    for part in parts:
        total += sum(line.amount for line in rate_span(plan, Meter.READ, billed, billed + part))
        billed += part

    assert total == _exact(plan, sum(parts))


@given(_meter_prices, _quantities, _quantities)
def test_taking_units_back_undoes_their_bill(price: MeterPrice, one: int, other: int) -> None:
    plan = _plan(price)
    forward = rate_span(plan, Meter.READ, one, other)
    back = rate_span(plan, Meter.READ, other, one)

    assert sorted((line.tier, -line.quantity, -line.amount_minor) for line in forward) == sorted(
        (line.tier, line.quantity, line.amount_minor) for line in back
    )


@given(_meter_prices, st.dictionaries(st.sampled_from(Meter), _quantities))
def test_lines_hold_every_unit_once(price: MeterPrice, quantities: dict[Meter, int]) -> None:
    lines = rate(_plan(price), quantities)

    for meter in Meter:
        assert sum(line.quantity for line in lines if line.meter is meter) == quantities.get(meter, 0)


@given(_meter_prices, st.dictionaries(st.sampled_from(Meter), _quantities))
def test_rating_again_is_identical(price: MeterPrice, quantities: dict[Meter, int]) -> None:
    reordered = dict(reversed(quantities.items()))

    assert rate(_plan(price), quantities) == rate(_plan(price), reordered)


@given(_meter_prices, _quantities)
def test_rounding_moves_a_line_by_half_a_cent_at_most(price: MeterPrice, quantity: int) -> None:
    for line in rate(_plan(price), {Meter.READ: quantity}):
        assert abs(line.amount * 100 - line.amount_minor) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("0.125", "USD", 12), ("0.135", "USD", 14), ("-0.125", "USD", -12), ("0.5", "JPY", 0), ("1.5", "JPY", 2)],
)
def test_money_rounds_half_to_even(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


def test_fewer_than_no_units_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than no units"):
        rate_span(_plan(Flat(Decimal(1))), Meter.READ, 0, -1)
