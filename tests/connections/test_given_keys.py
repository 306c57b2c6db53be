"""What a person types for a key connection: whole and harmless, or a sentence that says what is wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from service.connections.errors import ConnectRefusedError
from service.connections.hosted.given import read_given
from service.connectors.sdk.keys import ApiKey, KeyField

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
UUID_PATTERN = "[0-9a-f-]{36}"
COMPANY = "0f4c7d1e-8a51-4c59-9b5e-6a9d1d0a7c11"
AUTH = ApiKey(
    "x-api-key",
    fields=(
        KeyField(
            name="company",
            label="Company id",
            hint="In its settings.",
            header="x-company",
            pattern=UUID_PATTERN,
            secret=False,
        ),
        KeyField(name="second", label="Second key", hint="Below the first.", header="x-second"),
        KeyField(name="practice", label="Practice", hint="In its address.", pattern="[a-z]{2,20}", secret=False),
    ),
    lasts=timedelta(days=180),
)
TYPED = {"key": " abcdefgh1 ", "company": COMPANY, "second": "s3cond", "practice": "birch"}


def test_everything_typed_is_in_the_credentials_and_what_is_no_secret_is_told() -> None:
    given = read_given(AUTH, TYPED, "", AT)

    assert dict(AUTH.sign(given.credentials.access_token)) == {
        "x-api-key": "abcdefgh1",
        "x-company": COMPANY,
        "x-second": "s3cond",
    }
    assert given.told == {"company": COMPANY, "practice": "birch"}
    assert given.account == "birch"


@pytest.mark.parametrize(
    ("ends_on", "ends_at"),
    [("", AT + timedelta(days=180)), ("2027-01-05", datetime(2027, 1, 5, 23, 59, 59, tzinfo=UTC))],
)
def test_key_that_lapses_has_an_end(ends_on: str, ends_at: datetime) -> None:
    assert read_given(AUTH, TYPED, ends_on, AT).credentials.hard_expires_at == ends_at


def test_key_that_does_not_lapse_has_none() -> None:
    assert read_given(ApiKey("x-api-key"), {"key": "abcdefgh1"}, "", AT).credentials.hard_expires_at is None


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("key", "short", "API key"),
        ("key", "abcdefgh\r\nx-evil: 1", "API key"),
        ("key", "abcdéfgh1", "API key"),
        ("company", "", "Company id"),
        ("company", COMPANY + "0", "Company id"),
        ("second", "two words", "Second key"),
        ("practice", "birch.evil", "Practice"),
    ],
)
def test_what_does_not_look_right_is_refused_without_quoting_it(name: str, text: str, label: str) -> None:
    with pytest.raises(ConnectRefusedError, match=label) as refusal:
        read_given(AUTH, {**TYPED, name: text}, "", AT)
    assert not text or text not in str(refusal.value)
