"""Card numbers and government ids are told from what merely looks like them."""

from typing import Any

import msgspec
import pytest

from service.api.screen import is_card_number, refuse_numbers
from service.errors import ApiProblem

CARDS = (
    "4111111111111111",  # Visa
    "4000000000000000006",  # Visa, 19 digits
    "5555555555554444",  # Mastercard
    "2223003122003222",  # Mastercard, 2 series
    "378282246310005",  # American Express
    "6011111111111117",  # Discover
    "30569309025904",  # Diners Club
    "3530111333300000",  # JCB
    "6200000000000005",  # UnionPay
    "6759649826438453",  # Maestro
)
"""Numbers that processors publish for tests."""


def found(value: Any, keepers: frozenset[str] = frozenset()) -> tuple[str, str] | None:
    """Pointer and code of what is refused."""
    try:
        refuse_numbers(value if isinstance(value, bytes) else msgspec.json.encode(value), keepers)
    except ApiProblem as problem:
        return problem.errors[0].pointer, problem.errors[0].code
    return None


@pytest.mark.parametrize("number", CARDS)
def test_card_of_every_issuer_is_found_and_one_wrong_digit_is_none(number: str) -> None:
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)

    assert is_card_number(number)
    assert found({"notes": f"pay with {number} please"}) == ("/notes", "card_number")
    assert found({"notes": f"pay with {wrong} please"}) is None


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "card:4111111111111111, exp 12/27, cvv 123",
        "4111 1111 1111 1111 123",
        "4111111111111111 123",
        "3782 822463 10005",
        "Visa-4111111111111111",
        "٤١١١١١١١١١١١١١١١",
        "".join(chr(ord(digit) + 0xFEE0) for digit in CARDS[0]),  # full width
    ],
)
def test_card_is_found_however_it_is_written(text: str) -> None:
    assert found({"lines": [{}, {"description": text}]}) == ("/lines/1/description", "card_number")


def test_card_is_found_behind_escapes_in_names_and_as_a_number() -> None:
    assert found(b'{"notes":"\\u0034111111111111111"}') == ("/notes", "card_number")
    assert found({"4111111111111111": "x"}) == ("/*", "card_number")
    assert found({"memo": 4111111111111111}) == ("/memo", "card_number")
    assert found({"a/b": {"c": "4111111111111111"}}) == ("/a~1b/c", "card_number")


@pytest.mark.parametrize(
    "value",
    [
        {"external_id": "4111111111111111"},
        {"client_id": "5555555555554444"},
        {"CustomerRef": {"value": "4111111111111111"}},
        {"notes": "invoice INV4111111111111111"},
        {"notes": "ref 41111111-1111-4111-8111-111111111111"},
        {"notes": "0x4111111111111111ab"},
        {"notes": "total 4111111111111111.00"},
        {"notes": "call +4111111111111111"},
        {"notes": "call +1 415 555 0100 or 415-555-0101"},
        {"notes": "IBAN DE89 3704 0044 0532 0130 00"},
        {"notes": "USPS 9400 1000 0000 0000 0000 00"},
        {"amount_minor": 4111111111111},
        {"notes": "at 1763640000000000 µs"},
        {"notes": "1234567890123456"},
        {"notes": "4111 1111 1111 1112"},
        {"lines": [4111, 1111, 1111, 1111]},
    ],
)
def test_ids_phones_amounts_and_times_are_no_cards(value: dict[str, Any]) -> None:
    assert found(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"notes": "her number is 123-45-6789"},
        {"notes": "ITIN 912-78-1234"},
        {"notes": "SSN: 123456789"},
        {"notes": "EIN 12-3456789"},
        {"notes": "NINO QQ is invalid, AB 12 34 56 C is not"},
        {"notes": "AB123456C"},
        {"notes": "UTR no. 1234567890"},
        {"custom_fields": {"SSN": "123456789"}},
        {"custom_fields": {"tax_id": "12-3456789"}},
    ],
)
def test_government_id_in_text_is_found(value: dict[str, Any]) -> None:
    told = found(value)

    assert told is not None
    assert told[1] == "government_id"


@pytest.mark.parametrize(
    "value",
    [
        {"notes": "invoice 24-0001234 of 2026-11-20"},
        {"notes": "call 555-123-4567"},
        {"notes": "000-12-3456, 666-12-3456, 123-00-4567"},
        {"notes": "part 1-123-45-6789-0"},
        {"notes": "the EIN is missing"},
        {"notes": "GB123456A"},
        {"phones": [{"number": "(415) 555-0100"}]},
        {"starts_on": "2026-11-20", "hours": "12.25"},
    ],
)
def test_dates_numbers_of_papers_and_phones_are_no_government_ids(value: dict[str, Any]) -> None:
    assert found(value) is None


def test_government_id_stands_where_the_vendor_keeps_it_and_is_masked() -> None:
    keepers = frozenset({"TaxIdentifier"})

    assert found({"TaxIdentifier": "123-45-6789"}, keepers) is None
    assert found({"Notes": "123-45-6789"}, keepers) == ("/Notes", "government_id")
    assert found({"TaxIdentifier": "4111111111111111"}, keepers) == ("/TaxIdentifier", "card_number")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff 4111111111111111", b"[" * 100_000 + b"4111111111111111"])
def test_body_that_is_no_json_is_left_to_its_decoder(body: bytes) -> None:
    assert found(body) is None


def test_refusal_never_says_the_number() -> None:
    with pytest.raises(ApiProblem) as refusal:
        refuse_numbers(b'{"notes":"4111111111111111"}')

    assert "4111" not in str(refusal.value.detail) + str(refusal.value.errors)
