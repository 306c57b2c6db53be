"""What may be kept of a body."""

import json
from typing import Any

import pytest

from service.usage.masking import MASKED, MAX_CHARACTERS, REMOVED, masked


def kept(value: Any) -> Any:
    text = masked(json.dumps(value).encode())
    assert text is not None
    return json.loads(text)


@pytest.mark.parametrize(
    "name", ["password", "client_secret", "accessToken", "api_key", "Authorization", "credentials", "card_pin", "cvv"]
)
def test_secrets_are_gone_by_their_name_whatever_they_are(name: str) -> None:
    for secret in ("hunter2", 4711, ["hunter2"], {"value": "hunter2"}):
        assert kept({"a": [{name: secret}]}) == {"a": [{name: REMOVED}]}


@pytest.mark.parametrize("name", ["ssn", "tax_id", "ein", "TaxIdentifier", "utr", "nino", "taxIds"])
def test_government_ids_are_masked_by_their_name(name: str) -> None:
    for number in ("123456789", 123456789, ["123456789"]):
        assert kept({name: number}) == {name: MASKED}


@pytest.mark.parametrize(
    "text",
    [
        "SSN 123-45-6789",
        "EIN: 12-3456789",
        "12-3456789",
        "AB 12 34 56 C",
        "4111 1111 1111 1111",
        "Bearer abcdefghijkl",
        "tm_test_abcdefghijklmnop",
        "whsec_bm90IGEgc2VjcmV0/+8=",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc",
    ],
)
def test_numbers_and_keys_in_any_text_are_masked(text: str) -> None:
    secret = text.split(maxsplit=1)[-1] if text.startswith(("SSN", "EIN", "Bearer")) else text

    assert secret not in json.dumps(kept({"note": text, "list": [text], text: 1}))


def test_what_is_no_secret_stays() -> None:
    body = {"name": "Harbor & Pine", "id": "cli_AZjy0VpQ", "total": 1250, "open": True, "due": None, "tags": ["a", "b"]}

    assert kept(body) == body


def test_long_bodies_are_cut_and_others_than_json_are_not_kept() -> None:
    long = masked(json.dumps({"note": "x" * (2 * MAX_CHARACTERS)}).encode())

    assert long is not None
    assert len(long) < MAX_CHARACTERS + 20
    assert masked(b"") is None
    assert masked(b"%PDF-1.7 \xff") is None
    assert masked(b"[" * 100_000) is None
