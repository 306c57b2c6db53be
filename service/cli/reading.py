"""What commands read: ids as people paste them, secrets from a file or standard input, never from arguments."""

import sys
from datetime import date
from pathlib import Path
from uuid import UUID

from billing import PUBLIC_PLAN
from service import ids
from service.cli.errors import ArgumentError, CommandError

PUBLIC = f"{PUBLIC_PLAN[0]}-{PUBLIC_PLAN[1]}"


def read_id(prefix: str, text: str) -> UUID:
    """The UUID of `org_…`. Raises ArgumentError."""
    try:
        return ids.decode(prefix, text)
    except ids.MalformedIdError:
        raise ArgumentError(
            f"{text!r} is no id of this sort; it looks like {ids.encode(prefix, UUID(int=0))}."
        ) from None


def read_month(text: str) -> date:
    """The first day of `2026-11`. Raises ArgumentError."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentError(f"{text!r} is no month; write it as 2026-11.") from None


def read_plan(text: str) -> tuple[str, int]:
    """`public-1` is version 1 of the plan `public`. Raises ArgumentError."""
    name, _, version = text.rpartition("-")
    if not name or not version.isdecimal():
        raise ArgumentError(f"{text!r} is no plan; write name and version, such as {PUBLIC}.")
    return name, int(version)


def read_secret(path: Path | None) -> bytes:
    """The contents of a file, or of standard input where no file is named. Raises CommandError."""
    try:
        content = sys.stdin.buffer.read() if path is None else path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    if not content.strip():
        raise CommandError("Nothing was given: name a file, or send it to standard input.")
    return content


def read_day(text: str) -> date:
    """The day `2026-11-20`. Raises ArgumentError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"{text!r} is no day; write it as 2026-11-20.") from None
