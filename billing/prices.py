"""The price book: versioned plan files, read and checked once, before anything is billed with them.

A plan is pinned to an organization by name and version, and its digest with it, so an edited file is noticed.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from billing.errors import PriceBookError
from billing.invocation import Meter

PLANS: Final = Path(__file__).parent / "plans"
PUBLIC_PLAN: Final = ("public", 1)
"""The plan and version that a new account gets when nothing else was agreed."""
PRICE_DECIMALS: Final = 12
MINOR_DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    {"AUD": 2, "CAD": 2, "CHF": 2, "DKK": 2, "EUR": 2, "GBP": 2, "JPY": 0, "NOK": 2, "NZD": 2, "SEK": 2, "USD": 2}
)
"""Currencies we can bill in, with the digits of their minor unit (ISO 4217)."""


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`price` for each unit up to and including `up_to`, counted from the month's first unit; None has no end."""

    price: Decimal
    up_to: int | None = None


class Flat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="flat"):
    """One price for every unit after the free ones."""

    price: Decimal
    free: int = 0


class Graduated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="graduated"):
    """Each unit costs the price of the tier it falls into; the free units fill the first tier."""

    tiers: tuple[Tier, ...]
    free: int = 0


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="volume"):
    """All units after the free ones cost the price of the tier that the month's last unit falls into.

    The step into a cheaper tier makes the whole month cheaper: more units may cost less.
    """

    tiers: tuple[Tier, ...]
    free: int = 0


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="package"):
    """`price` for each started package of `size` units, after the free units."""

    size: int
    price: Decimal
    free: int = 0


MeterPrice: TypeAlias = Flat | Graduated | Volume | Package
"""Another model is one more Struct here, its check in `_price_problems`, its lines in `rating.rate_span`."""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one price list: a price for each meter, then what is done to a month's usage as a whole.

    Of the usage, `discount_percent` is taken off, then the month's prepaid `credit` (unused credit lapses); what
    remains is brought up to `minimum`. Both are in major units of the currency.
    """

    plan: str
    version: int
    title: str
    currency: str
    meters: dict[Meter, MeterPrice]
    discount_percent: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)

    @property
    def digest(self) -> str:
        """Changes with anything that could change a bill, and with nothing else in the file."""
        terms: tuple[object, ...] = (self.currency, self.meters)
        if self.discount_percent or self.credit or self.minimum:
            terms = (*terms, self.discount_percent, self.credit, self.minimum)
        return hashlib.sha256(msgspec.json.encode(terms, order="deterministic")).hexdigest()


class PriceBook:
    """Every plan version, by name and number."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self._plans = {(plan.plan, plan.version): plan for plan in plans}

    def find(self, plan: str, version: int) -> Plan:
        """That version; PriceBookError if the book does not have it."""
        found = self._plans.get((plan, version))
        if found is None:
            raise PriceBookError(f"the price book has no plan {plan!r} version {version}")
        return found

    def plans(self) -> tuple[Plan, ...]:
        """All of them, by name and version."""
        return tuple(self._plans[key] for key in sorted(self._plans))


def load_price_book(directory: Path = PLANS) -> PriceBook:
    """Every `<plan>-<version>.toml` of a directory; PriceBookError names the file and field of the first mistake."""
    return PriceBook([load_plan(path) for path in sorted(directory.glob("*.toml"))])


def load_plan(path: Path) -> Plan:
    """One plan file. Numbers without quotes are read as exact decimals too."""
    try:
        text = path.read_text(encoding="utf-8")
        plan = msgspec.convert(tomllib.loads(text, parse_float=Decimal), Plan)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriceBookError(f"{path.name}: {error}") from error
    except msgspec.ValidationError as error:
        raise PriceBookError(f"{path.name}: {error}") from error
    for field, problem in _problems(plan, path):
        raise PriceBookError(f"{path.name}: {field}: {problem}")
    return plan


def _problems(plan: Plan, path: Path) -> Iterable[tuple[str, str]]:
    if path.stem != f"{plan.plan}-{plan.version}":
        yield "plan", f"the file of {plan.plan!r} version {plan.version} must be {plan.plan}-{plan.version}.toml"
    if plan.version < 1:
        yield "version", "starts at 1"
    if plan.currency not in MINOR_DIGITS:
        yield "currency", f"{plan.currency!r} is not one of {', '.join(MINOR_DIGITS)}"
    if not (plan.discount_percent.is_finite() and 0 <= plan.discount_percent <= 100):
        yield "discount_percent", "must lie between 0 and 100"
    for field, amount in (("credit", plan.credit), ("minimum", plan.minimum)):
        yield from _sum_problems(field, amount, plan.currency)
    for meter in Meter:
        if meter not in plan.meters:
            yield f"meters.{meter}", "every meter needs a price, if only 0"
    for meter, price in plan.meters.items():
        yield from _price_problems(f"meters.{meter}", price)


def _price_problems(field: str, price: MeterPrice) -> Iterable[tuple[str, str]]:
    if price.free < 0:
        yield f"{field}.free", "cannot be negative"
    match price:
        case Flat():
            yield from _amount_problems(f"{field}.price", price.price)
        case Package():
            if price.size < 1:
                yield f"{field}.size", "must be at least 1"
            yield from _amount_problems(f"{field}.price", price.price)
        case Graduated() | Volume():
            yield from _tier_problems(field, price)


def _tier_problems(field: str, price: Graduated | Volume) -> Iterable[tuple[str, str]]:
    if not price.tiers or price.tiers[-1].up_to is not None:
        yield f"{field}.tiers", "the last tier must have no up_to"
    ends = [price.free, *(tier.up_to for tier in price.tiers[:-1])]
    for position, (start, end) in enumerate(pairwise(ends)):
        if start is None or end is None or end <= start:
            yield f"{field}.tiers[{position}].up_to", f"must be above {start}, where the tier starts"
    for position, tier in enumerate(price.tiers):
        yield from _amount_problems(f"{field}.tiers[{position}].price", tier.price)


def _amount_problems(field: str, price: Decimal) -> Iterable[tuple[str, str]]:
    if not price.is_finite() or price < 0:
        yield field, "must be zero or more"
    elif price != round(price, PRICE_DECIMALS) or price >= 1_000_000:
        yield field, f"has more than {PRICE_DECIMALS} decimals or is a million or more"


def _sum_problems(field: str, amount: Decimal, currency: str) -> Iterable[tuple[str, str]]:
    yield from _amount_problems(field, amount)
    if amount.is_finite() and amount != round(amount, MINOR_DIGITS.get(currency, PRICE_DECIMALS)):
        yield field, f"has a fraction of the smallest coin of {currency}"
