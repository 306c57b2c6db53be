"""Quantities and a plan become money. Pure: no clock, no database, the same answer for ever.

A month's units of a meter lie on one line from 0; the plan cuts it into bands of one price. A bill is a span of that
line, so a late unit costs what it would have cost in time, and a month billed in two parts sums to the whole.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from billing.invocation import Meter
from billing.prices import MINOR_DIGITS, Flat, Graduated, MeterPrice, Plan

# Quantities have up to 19 digits and prices 18: every product and sum below is exact, never rounded on the way.
_EXACT = Context(prec=60)


class Band(msgspec.Struct, frozen=True):
    """Units above `start` up to and including `end` (None: no end). Tier 0 is the free allowance."""

    tier: int
    start: int
    end: int | None
    price: Decimal


class RatedLine(msgspec.Struct, frozen=True):
    """Units of one meter in one band. `amount` is exact, in major units; `amount_minor` is it rounded, half to even."""

    meter: Meter
    tier: int
    quantity: int
    unit_price: Decimal
    amount: Decimal
    amount_minor: int


def rate(plan: Plan, quantities: Mapping[Meter, int]) -> tuple[RatedLine, ...]:
    """The lines of a whole month, meter by meter in the order of `Meter`, tier by tier."""
    return tuple(line for meter in Meter for line in rate_span(plan, meter, 0, quantities.get(meter, 0)))


def rate_span(plan: Plan, meter: Meter, billed: int, total: int) -> tuple[RatedLine, ...]:
    """What brings a bill from `billed` units to `total`. Fewer units than billed give negative lines."""
    if billed < 0 or total < 0:
        raise ValueError("a month cannot have fewer than no units")
    low, high = sorted((billed, total))
    sign = 1 if total >= billed else -1
    lines: list[RatedLine] = []
    for band in bands(plan.meters[meter]):
        start, end = max(low, band.start), high if band.end is None else min(high, band.end)
        if end > start:
            lines.append(_to_line(plan, meter, band, sign * (end - start)))
    return tuple(lines)


def marginal_price(plan: Plan, meter: Meter, already_used: int) -> Decimal:
    """What the next unit costs after `already_used` in the same month, in major units."""
    return next(band.price for band in bands(plan.meters[meter]) if band.end is None or already_used < band.end)


def bands(price: MeterPrice) -> Iterator[Band]:
    """A price as bands that leave no gap and end open. Every model ends here; the rest of rating knows bands only."""
    if price.free:
        yield Band(0, 0, price.free, Decimal(0))
    match price:
        case Flat():
            yield Band(1, price.free, None, price.price)
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
    shifted = amount.scaleb(MINOR_DIGITS[currency], context=_EXACT)
    return int(shifted.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT))


def _to_line(plan: Plan, meter: Meter, band: Band, quantity: int) -> RatedLine:
    amount = exact_amount(quantity, band.price)
    return RatedLine(meter, band.tier, quantity, band.price, amount, to_minor(amount, plan.currency))
