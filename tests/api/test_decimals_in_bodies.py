"""Decimals that a body may hold: those that somebody counts with."""

from decimal import Decimal

import pytest
from msgspec import Struct

from service.api.bodies import decode_body
from service.errors import ApiProblem


class Part(Struct):
    quantity: Decimal | None = None


class Whole(Struct):
    parts: list[Part]


@pytest.mark.parametrize("text", ["0", "-2.5", "123456789012345.123456789012", "1e3", "1E-12", "0.10"])
def test_countable_number_is_taken_digit_by_digit(text: str) -> None:
    found = decode_body(b'{"parts": [{"quantity": "%s"}]}' % text.encode(), Whole)

    assert found.parts[0].quantity == Decimal(text)


@pytest.mark.parametrize("text", ['"NaN"', '"sNaN"', '"Infinity"', '"1e15"', "1e400", '"1e-13"', '"1e999999"'])
def test_any_other_is_a_problem_that_points_at_it(text: str) -> None:
    with pytest.raises(ApiProblem) as refused:
        decode_body(b'{"parts": [{}, {"quantity": %s}]}' % text.encode(), Whole)

    assert [error.pointer for error in refused.value.errors] == ["/parts/1/quantity"]
