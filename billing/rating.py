"""Quantities and a plan become money. Pure: no clock, no database, the same answer for ever.

A month's units of a meter lie on one line from 0. A bill is a span of that line, so a late unit costs what it would
have cost in time, and a month billed in two parts sums to the whole, whatever the price model.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from billing.invocation import Meter
from billing.prices import MINOR_DIGITS, Flat, Graduated, MeterPrice, Package, Plan, Volume

# Quantities have up to 19 digits and prices 18: every product and sum below is exact, never rounded on the way.
_EXACT = Context(prec=60)


class Band(msgspec.Struct, frozen=True):
    """Units above `start` up to and including `end` (None: no end). Tier 0 is the free allowance."""

    tier: int
    start: int
    end: int | None
    price: Decimal


class RatedLine(msgspec.Struct, frozen=True):
    """Units of one meter in one band. `amount` is exact, in major units; `amount_minor` is it rounded, half to even.

    `unit_price` is for `per` units, and is taken `priced_quantity` times.
    """

    meter: Meter
    tier: int
    quantity: int
    unit_price: Decimal
    amount: Decimal
    amount_minor: int
    priced_quantity: int
    per: int = 1


class Adjustment(msgspec.Struct, frozen=True):
    """What a plan does to a month's usage as a whole; `kind` is `discount`, `credit` (negative) or `minimum`."""

    kind: str
    amount_minor: int
    note: str


def rate(plan: Plan, quantities: Mapping[Meter, int]) -> tuple[RatedLine, ...]:
    """The lines of a whole month, meter by meter in the order of `Meter`, tier by tier."""
    return tuple(line for meter in Meter for line in rate_span(plan, meter, 0, quantities.get(meter, 0)))


def rate_span(plan: Plan, meter: Meter, billed: int, total: int) -> tuple[RatedLine, ...]:
    """What brings a bill from `billed` units to `total`. Fewer units than billed give negative lines."""
    if billed < 0 or total < 0:
        raise ValueError("a month cannot have fewer than no units")
    price = plan.meters[meter]
    if isinstance(price, Package):
        return tuple(_package_span(plan, meter, price, billed, total))
    if isinstance(price, Volume) and _volume_tier(price, billed) != _volume_tier(price, total):
        # All that was charged is taken back, and everything is charged anew in the tier now reached.
        free = min(billed, price.free)
        return (*_band_span(plan, meter, billed, free, billed), *_band_span(plan, meter, free, total, total))
    return tuple(_band_span(plan, meter, billed, total, total))


def adjust(plan: Plan, usage_minor: int) -> tuple[Adjustment, ...]:
    """Discount, credit and minimum of a month whose usage comes to `usage_minor`; without those of nothing."""
    discount = -round_half_even(usage_minor * plan.discount_percent / 100)
    left = usage_minor + discount
    credit = -max(0, min(left, to_minor(plan.credit, plan.currency)))
    minimum = max(0, to_minor(plan.minimum, plan.currency) - left - credit)
    found = (
        Adjustment("discount", discount, f"discount {plan.discount_percent.normalize():f} %"),
        Adjustment("credit", credit, "prepaid credit of the month"),
        Adjustment("minimum", minimum, "up to the monthly minimum"),
    )
    return tuple(one for one in found if one.amount_minor)


def cost(price: MeterPrice, quantity: int) -> Decimal:
    """What so many units of a month cost, exactly, in major units."""
    if isinstance(price, Package):
        return exact_amount(_packages(price, quantity), price.price)
    total = Decimal(0)
    for band in bands(price, quantity):
        end = quantity if band.end is None else min(quantity, band.end)
        if end > band.start:
            total = _EXACT.add(total, exact_amount(end - band.start, band.price))
    return total


def highest_cost(price: MeterPrice, start: int, units: int) -> Decimal:
    """The most that the bill may have risen by on the way from `start` to `start + units` units, at any point of it.

    Only a volume price falls on the way, so only its edges have to be looked at.
    """
    ends = {start + units}
    if isinstance(price, Volume):
        ends |= {tier.up_to for tier in price.tiers if tier.up_to and start < tier.up_to < start + units}
    before = cost(price, start)
    return max(Decimal(0), *(cost(price, end) - before for end in ends))


def highest_price(price: MeterPrice) -> Decimal:
    """The most that one unit can cost, a package's price spread over its units."""
    match price:
        case Flat():
            return price.price
        case Package():
            return _EXACT.divide(price.price, Decimal(price.size))
        case Graduated() | Volume():
            return max(tier.price for tier in price.tiers)


def marginal_price(plan: Plan, meter: Meter, already_used: int) -> Decimal:
    """What the next unit costs after `already_used` in the same month, in major units."""
    price = plan.meters[meter]
    return cost(price, already_used + 1) - cost(price, already_used)


def bands(price: Flat | Graduated | Volume, quantity: int) -> Iterator[Band]:
    """A price as bands that leave no gap and end open; those of a volume price depend on the month's quantity."""
    if price.free:
        yield Band(0, 0, price.free, Decimal(0))
    match price:
        case Flat():
            yield Band(1, price.free, None, price.price)
        case Volume():
            number = _volume_tier(price, quantity)
            yield Band(number, price.free, None, price.tiers[number - 1].price)
        case Graduated():
            start = price.free
            for number, tier in enumerate(price.tiers, 1):
                yield Band(number, start, tier.up_to, tier.price)
                start = tier.up_to or start


def exact_amount(quantity: int, unit_price: Decimal) -> Decimal:
    """Their product in major units, without rounding."""
    return _EXACT.multiply(Decimal(quantity), unit_price)


def to_minor(amount: Decimal, currency: str) -> int:
    """Major units as whole minor units, half to even: 0.125 USD is 12, 0.135 USD is 14."""
    return round_half_even(amount.scaleb(MINOR_DIGITS[currency], context=_EXACT))


def round_half_even(value: Decimal) -> int:
    """To a whole number, the even one where two are as near."""
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT))


def _band_span(plan: Plan, meter: Meter, billed: int, total: int, at: int) -> Iterator[RatedLine]:
    price = plan.meters[meter]
    assert not isinstance(price, Package)
    low, high = sorted((billed, total))
    sign = 1 if total >= billed else -1
    for band in bands(price, at):
        start, end = max(low, band.start), high if band.end is None else min(high, band.end)
        if end > start:
            yield _to_line(plan, meter, band, sign * (end - start))


def _package_span(plan: Plan, meter: Meter, price: Package, billed: int, total: int) -> Iterator[RatedLine]:
    free = min(total, price.free) - min(billed, price.free)
    if free:
        yield _to_line(plan, meter, Band(0, 0, price.free, Decimal(0)), free)
    paid = max(total, price.free) - max(billed, price.free)
    if paid:
        packages = _packages(price, total) - _packages(price, billed)
        amount = exact_amount(packages, price.price)
        minor = to_minor(amount, plan.currency)
        yield RatedLine(meter, 1, paid, price.price, amount, minor, packages, price.size)


def _packages(price: Package, quantity: int) -> int:
    """Packages started by that many units."""
    return -(-max(0, quantity - price.free) // price.size)


def _volume_tier(price: Volume, quantity: int) -> int:
    """The number of the tier that decides, from 1; that of the first paid unit where there is none yet."""
    reached = max(quantity, price.free + 1)
    return next(n for n, tier in enumerate(price.tiers, 1) if tier.up_to is None or reached <= tier.up_to)


def _to_line(plan: Plan, meter: Meter, band: Band, quantity: int) -> RatedLine:
    amount = exact_amount(quantity, band.price)
    return RatedLine(meter, band.tier, quantity, band.price, amount, to_minor(amount, plan.currency), quantity)
