from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.money import EXPONENTS, from_cents, rounded, to_decimal, to_money
from service.resources.common import Money

CURRENCIES = st.sampled_from(sorted(EXPONENTS))


@given(st.integers(-(10**15), 10**15), CURRENCIES)
def test_every_amount_survives_the_way_out_and_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert to_money(to_decimal(money), currency, "$") == money


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14), CURRENCIES)
def test_an_amount_is_exact_or_drift(amount: Decimal, currency: str) -> None:
    scaled = Fraction(amount) * 10 ** EXPONENTS[currency]
    try:
        found = to_money(amount, currency, "$")
    except SchemaDrift:
        assert scaled.denominator != 1 or not amount.adjusted() > -20
    else:
        assert found.amount_minor == scaled


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.3", "USD", 1230),
        ("12.300", "USD", 1230),
        ("1e3", "USD", 100_000),
        ("500", "JPY", 500),
        ("1.005", "KWD", 1005),
    ],
)
def test_json_numbers_become_minor_units_of_their_currency(text: str, currency: str, minor: int) -> None:
    amount = msgspec.json.decode(text, type=Decimal)

    assert to_money(amount, currency, "$") == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [("0.001", "USD"), ("0.5", "JPY"), ("1", "XXX"), ("1", "usd"), ("1e999999999", "USD"), ("1e-999999999", "USD")],
)
def test_what_a_currency_cannot_express_is_drift(text: str, currency: str) -> None:
    with pytest.raises(SchemaDrift) as drift:
        to_money(Decimal(text), currency, "$.TotalAmt")

    assert drift.value.path == "$.TotalAmt"
    assert text not in str(drift.value).split()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_drift(text: str) -> None:
    with pytest.raises(SchemaDrift):
        to_money(Decimal(text), "USD", "$")


def test_cents_of_a_currency_without_cents_are_drift() -> None:
    assert from_cents(5, "CAD", "$") == Money(5, "CAD")
    with pytest.raises(SchemaDrift):
        from_cents(5, "JPY", "$")


def test_computed_amounts_round_half_away_from_zero() -> None:
    assert rounded(Decimal("0.005"), "USD") == Decimal("0.01")
    assert rounded(Decimal("-0.005"), "USD") == Decimal("-0.01")
