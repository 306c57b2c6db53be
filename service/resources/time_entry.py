"""Time that somebody at the firm spent for a client."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Money


class TimeState(StrEnum):
    """Whether the time has been billed."""

    OPEN = "open"
    BILLED = "billed"
    ARCHIVED = "archived"
    OTHER = "other"


class TimeEntry(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="time_entry"):
    """What somebody at the firm has worked for a client."""

    id: str
    """`tim_…`."""
    remote_id: str
    connection: str
    account: str
    user: str | None
    """`usr_…`."""
    client: str | None
    task: str | None | UnsetType = UNSET
    service_item: str | None | UnsetType = UNSET
    worked_on: date
    minutes: int
    description: str | None | UnsetType = UNSET
    rate: Money | None | UnsetType = UNSET
    """For one hour."""
    amount: Money | None | UnsetType = UNSET
    write_up: Money | None | UnsetType = UNSET
    """What was put on (or, negative, taken off) when it was billed."""
    billable: bool
    state: TimeState
    state_native: str | None
    invoice: str | None | UnsetType = UNSET
    """`inv_…`."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class TimeEntryCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time to record."""

    user: str
    client: str
    worked_on: date
    minutes: int
    task: str | UnsetType = UNSET
    service_item: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    rate: Money | UnsetType = UNSET
    """For one hour; the person's own when left out."""
    billable: bool = True


class TimeEntryUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of recorded time."""

    worked_on: date | UnsetType = UNSET
    minutes: int | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    rate: Money | UnsetType = UNSET
    billable: bool | UnsetType = UNSET
