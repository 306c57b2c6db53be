"""Canopy's ids (assumed): a prefix and a number; and its instants."""

from datetime import UTC, datetime

PREFIXES = {
    "clients": ("client_id", "cny_", 0x10000),
    "contacts": ("contact_id", "con_", 0x8000),
    "invoices": ("invoice_id", "inv_", 0x4000),
    "payments": ("payment_id", "pay_", 0x2000),
    "credits": ("credit_id", "crd_", 0x1000),
    "tasks": ("task_id", "tsk_", 0x9000),
    "documents": ("file_id", "fil_", 0x7000),
    "folders": ("folder_id", "fld_", 0x6000),
    "engagements": ("engagement_id", "eng_", 0x5000),
    "questionnaires": ("questionnaire_id", "qst_", 0x3000),
    "time_entries": ("entry_id", "tme_", 0xA000),
    "users": ("user_id", "usr_", 0x9931),
}
"""For each entity: the name of its id, the id's prefix, and the number ids start at."""

OWNERS = ("usr_9931", "usr_9932", "usr_9933", "usr_9934")


def instant(at_s: float) -> str:
    """Seconds since 1970 as RFC 3339 UTC."""
    return datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_id(entity: str, position: int) -> str:
    """The id at a position."""
    _, prefix, first = PREFIXES[entity]
    return f"{prefix}{first + position:x}"


def position_of(entity: str, row_id: str) -> int:
    """The position an id stands for; -1 for what is no id."""
    _, prefix, first = PREFIXES[entity]
    digits = row_id.removeprefix(prefix)
    if digits == row_id or digits != digits.lower():
        return -1
    try:
        return int(digits, 16) - first
    except ValueError:
        return -1
