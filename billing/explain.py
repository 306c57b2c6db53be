"""What a plan would charge for a month, line by line, with the sum that each line is."""

import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from billing.errors import UsageFileError
from billing.invocation import Meter
from billing.invoices import describe_tier
from billing.prices import Package, Plan
from billing.rating import RatedLine, adjust, bands, rate
from billing.render import format_money

MOST_UNITS = 10**15


class PriceLine(msgspec.Struct, frozen=True):
    """One line of the price: what it is, how it came about, what it comes to."""

    description: str
    calculation: str
    amount_minor: int


def explain(plan: Plan, quantities: Mapping[Meter, int]) -> tuple[PriceLine, ...]:
    """The lines of a month with these quantities; their amounts sum to its price before tax."""
    rated = rate(plan, quantities)
    usage_minor = sum(line.amount_minor for line in rated)
    lines = [
        PriceLine(describe_tier(line.meter, line.tier, line.per), _sum_of(line), line.amount_minor) for line in rated
    ]
    for one in adjust(plan, usage_minor):
        basis = f"of {format_money(usage_minor, plan.currency)} of usage"
        lines.append(PriceLine(one.note, basis, one.amount_minor))
    return tuple(lines)


def price_steps(plan: Plan, meter: Meter) -> tuple[str, ...]:
    """A meter's price over a month, in words: `the first 1,000 free`, `0.004 USD each up to 100,000`, …"""
    price = plan.meters[meter]
    if isinstance(price, Package):
        free = (f"the first {price.free:,} free",) if price.free else ()
        return (*free, f"{_amount(price.price)} {plan.currency} for each started {price.size:,}")
    return tuple(
        f"the first {band.end:,} free"
        if band.tier == 0
        else f"{_amount(band.price)} {plan.currency} each" + ("" if band.end is None else f" up to {band.end:,}")
        for band in bands(price, 0)
    )


def _amount(price: Decimal) -> str:
    return f"{price.normalize():f}"


def _read_json(text: str) -> object:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """As TOML has it: which of two quantities is meant, nobody can say."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def read_usage(path: Path) -> dict[Meter, int]:
    """Units by meter from a file: TOML (`read = 120000`) or JSON (`{"read": 120000}`).

    Raises UsageFileError, naming the file and the meter, for an unknown meter and for a quantity that is negative,
    fractional or beyond counting.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found: object = _read_json(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UsageFileError(f"{path.name}: {getattr(error, 'strerror', None) or error}") from error
    if not isinstance(found, dict):
        raise UsageFileError(f"{path.name}: meters and their units are wanted, such as read = 120000")
    quantities: dict[Meter, int] = {}
    given: dict[str, object] = found  # pyright: ignore[reportUnknownVariableType]
    for name, quantity in given.items():
        if name not in list(Meter):
            raise UsageFileError(f"{path.name}: {name}: no such meter; there are {', '.join(Meter)}")
        if not isinstance(quantity, int) or isinstance(quantity, bool):
            shown = repr(quantity) if isinstance(quantity, str) else quantity
            raise UsageFileError(f"{path.name}: {name}: {shown} is not a whole number of units")
        if not 0 <= quantity <= MOST_UNITS:
            raise UsageFileError(f"{path.name}: {name}: {quantity} must lie between 0 and {MOST_UNITS:,}")
        quantities[Meter(name)] = quantity
    return quantities


def _sum_of(line: RatedLine) -> str:
    price = f"{line.unit_price.normalize():f}"
    packages = f" = {line.priced_quantity:,} of {line.per:,}" if line.per != 1 else ""
    return f"{line.quantity:,}{packages} x {price} = {line.amount.normalize():f}"
