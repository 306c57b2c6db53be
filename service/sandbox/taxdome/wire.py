"""How TaxDome writes things (assumed): prefixed ids, RFC 3339 UTC times, money as a JSON number in major units."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from service.sandbox.http import Json, Request
from service.sandbox.taxdome.errors import RefusalError

PREFIXES = {
    "accounts": ("acc_", 0x4000),
    "contacts": ("con_", 0x5000),
    "organizers": ("org_", 0x1000),
    "documents": ("doc_", 0x20000),
    "proposals": ("prp_", 0x800),
    "signatures": ("sig_", 0x900),
    "invoices": ("inv_", 0x6000),
    "payments": ("pay_", 0x7000),
    "jobs": ("job_", 0x300),
    "tasks": ("tsk_", 0x3000),
    "threads": ("thr_", 0x500),
    "time-entries": ("tme_", 0x8000),
    "users": ("usr_", 0x9931),
}
"""For each noun: the prefix of its ids and the number they start at. Ids are unique over all accounts."""


def make_id(noun: str, position: int) -> str:
    """The id at a position."""
    prefix, first = PREFIXES[noun]
    return f"{prefix}{first + position:x}"


def position_of(noun: str, row_id: str) -> int:
    """The position an id stands for; -1 for what is no id of this noun."""
    prefix, first = PREFIXES[noun]
    digits = row_id.removeprefix(prefix)
    try:
        position = int(digits, 16) - first
    except ValueError:
        return -1
    return position if position >= 0 and make_id(noun, position) == row_id else -1


def instant(at_s: float) -> str:
    """Seconds since 1970 as RFC 3339 UTC."""
    return datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def major(minor: int) -> float:
    """Cents as dollars; TaxDome bills in currencies with cents alone."""
    return minor / 100


def minor(amount: float) -> int:
    """Dollars as cents."""
    return int((Decimal(str(amount)) * 100).to_integral_value())


def read_object(request: Request) -> Json:
    """The body as a JSON object."""
    try:
        body: object = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError as error:
        raise RefusalError("bad_request", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise RefusalError("bad_request", "The body must be a JSON object.")
    return body  # pyright: ignore[reportUnknownVariableType]
