"""Exact decimals into minor units, by the currency's own exponent. No float comes near.

Vendors send JSON numbers (QuickBooks) or integer cents (Canopy); msgspec decodes the former into `Decimal` digit by
digit. An amount finer than the currency's smallest unit is drift, not something to round.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final

from service.connectors.sdk.faults import SchemaDrift
from service.resources.common import Money

_LARGEST_POWER: Final = 15
"""Amounts of 10^16 and more, or with digits below 10^-20, are nonsense; the bound also keeps 1e999999999 harmless."""


def to_money(amount: Decimal, currency: str, path: str) -> Money:
    """`Decimal("12.30")`, `USD` → 1230 cents. Raises SchemaDrift at `path` for what the currency cannot express."""
    factors = _FACTORS.get(currency)
    if factors is None:
        raise SchemaDrift(path, "Expected an ISO 4217 currency")
    if not _is_within_bounds(amount):
        raise SchemaDrift(path, "Expected an amount within bounds")
    numerator, denominator = amount.as_integer_ratio()
    factor = factors.get(denominator)
    if factor is None:
        raise SchemaDrift(path, "Expected no more decimals than the currency has")
    return Money(numerator * factor, currency)


def is_finer(amount: Decimal, currency: str) -> bool:
    """True of an amount that is finer than the currency's smallest unit, as prices of an hour may be."""
    return _is_within_bounds(amount) and amount.as_integer_ratio()[1] not in _FACTORS[currency]


def from_cents(cents: int, currency: str, path: str) -> Money:
    """Integer hundredths, as vendors that know only dollars send them. Raises SchemaDrift for a currency without."""
    if EXPONENTS.get(currency) != 2:
        raise SchemaDrift(path, "Expected a currency with two decimals")
    return Money(cents, currency)


def to_decimal(money: Money) -> Decimal:
    """1230 cents → `Decimal("12.30")`. KeyError for an unknown currency."""
    return Decimal(money.amount_minor).scaleb(-EXPONENTS[money.currency])


def rounded(amount: Decimal, currency: str) -> Decimal:
    """A computed amount at the currency's precision, half away from zero as invoices do. KeyError if unknown."""
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def _is_within_bounds(amount: Decimal) -> bool:
    return -20 < amount.adjusted() <= _LARGEST_POWER and amount.is_finite()


def is_currency(code: str) -> bool:
    return code in EXPONENTS


_TWO_DECIMALS: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP "
    "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_NO_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"


def _exponents() -> dict[str, int]:
    groups = ((_TWO_DECIMALS, 2), (_NO_DECIMALS, 0), (_THREE_DECIMALS, 3))
    return {code: exponent for codes, exponent in groups for code in codes.split()}


EXPONENTS: Final[Mapping[str, int]] = MappingProxyType(_exponents())
"""Decimals of each circulating currency; fund codes and precious metals left out.

Source: ISO 4217 list one (https://www.six-group.com/en/products-services/financial-information/market-reference-data/
data-standards.html), column "minor unit".
"""


def _factors(exponent: int) -> dict[int, int]:
    """For each denominator a reduced decimal of that precision can have: what its numerator is multiplied with."""
    unit = 10**exponent
    return {divisor: unit // divisor for divisor in range(1, unit + 1) if unit % divisor == 0}


_FACTORS: Final = {code: _factors(exponent) for code, exponent in EXPONENTS.items()}
