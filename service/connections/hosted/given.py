"""A key, and what a vendor wants beside it, as a person typed them: checked before anything is sent anywhere."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final

from msgspec import Struct

from service.connections.credentials import Credentials
from service.connections.errors import ConnectRefusedError
from service.connectors.sdk.keys import KEY, ApiKey

_VISIBLE: Final = re.compile("[!-~]{1,4000}")
"""What may go into a header: no blank, no line break, nothing that is not ASCII."""
_NOT_A_KEY: Final = "That does not look like an API key. Copy it again, without blanks."


class Given(Struct, frozen=True, kw_only=True):
    """What a person gave for a key connection."""

    credentials: Credentials
    told: dict[str, str]
    """For `discover`: the fields that are not secret, by name."""
    account: str | None
    """What stands in the host, where each account has one of its own."""

    def __repr__(self) -> str:
        return "Given(…)"


def read_given(auth: ApiKey, typed: Mapping[str, str], ends_on: str, at: datetime) -> Given:
    """The credentials in a form. Raises ConnectRefusedError with what is wrong, never with what was typed."""
    values = {KEY: _checked(typed.get(KEY, ""), auth.pattern, _NOT_A_KEY)}
    for field in auth.fields:
        says = f"{field.label}: {field.wrong}"
        values[field.name] = _checked(typed.get(field.name, ""), field.pattern, says)
    ends_at = _end_of(ends_on)
    if ends_at is None and auth.lasts is not None:
        ends_at = at + auth.lasts
    return Given(
        credentials=Credentials(access_token=auth.joined(values), hard_expires_at=ends_at),
        told={field.name: values[field.name] for field in auth.fields if not field.secret},
        account=next((values[field.name] for field in auth.fields if field.header is None), None),
    )


def _checked(text: str, pattern: str, says: str) -> str:
    value = text.strip()
    if _VISIBLE.fullmatch(value) is None or re.fullmatch(pattern, value) is None:
        raise ConnectRefusedError(says)
    return value


def _end_of(day: str) -> datetime | None:
    """The end of a day that the person typed; none where they typed none."""
    if not day.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(day.strip()), time(23, 59, 59), UTC)
    except ValueError:
        raise ConnectRefusedError("Write the day on which the key ends as 2027-11-20, or leave it empty.") from None
