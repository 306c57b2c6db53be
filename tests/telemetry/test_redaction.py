import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.telemetry.redaction import REDACTED, passes_luhn, redact


@pytest.mark.parametrize(
    "secret",
    [
        "tm_live_4fj29dk3md0s9dkf3j",
        "tm_test_ABCDEF1234567890",
        "whsec_bm90IGEgc2VjcmV0/+8=",
        "Bearer abc.def-ghi",
        "authorization: Basic dXNlcjpwYXNz",
        "access_token=abc123",
        '"refresh_token": "AB11764354"',
        "client_secret=xyz",
        "?code=AB1234&",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w",
        "jane.doe+tax@client.example",
        "4111111111111111",
        "4111-1111-1111-1111",
        "378282246310005",
        "078-05-1120",
        "12-3456789",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "redis://user:pass@cache.example:6379/0",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    redacted = redact(f"before {secret} after")

    assert REDACTED in redacted
    assert redacted.startswith("before ")
    assert secret not in redacted


@pytest.mark.parametrize(
    "harmless",
    [
        "req_01jd0000000000000000000000",
        "0193a1b2-0000-7000-8000-000000000001",
        "4111111111111112",
        "2026-11-20T07:46:04.123Z",
        "GET /v1/clients 200 in 12.5 ms",
        "status code: 429",
        "service.connectors.sdk.engine:run:88",
    ],
)
def test_ids_times_and_codes_are_kept(harmless: str) -> None:
    assert redact(harmless) == harmless


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_every_card_number_is_taken_out(digits: str) -> None:
    card = next(digits + str(check) for check in range(10) if passes_luhn(digits + str(check)))

    assert card not in redact(f"card {card}.")
