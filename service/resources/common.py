"""What several nouns share: money, pages, and the words around a record."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import UNSET, Struct, UnsetType

T = TypeVar("T")


class Money(Struct, frozen=True, gc=False):
    """An exact amount: `amount_minor` counts the currency's smallest unit (cents for USD, yen for JPY)."""

    amount_minor: int
    currency: str
    """ISO 4217."""


class Email(Struct, frozen=True, gc=False):
    """An e-mail address."""

    address: str
    label: str | None = None


class Phone(Struct, frozen=True, gc=False):
    """A telephone number, as somebody wrote it."""

    number: str
    label: str | None = None


class Address(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A postal address; `lines` from the most to the least specific."""

    label: str | None = None
    lines: tuple[str, ...] = ()
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class TaxId(Struct, frozen=True, gc=False):
    """A government identifier, always masked: only its last digits are shown."""

    kind: str
    masked: str


class Note(Struct, frozen=True, gc=False, kw_only=True):
    """One note on a record."""

    id: str
    text: str
    pinned_level: int | None = None
    """The higher the further up; 0 where it is not pinned."""
    author: str | None = None
    """`usr_…`."""
    step: int | None = None
    """The step of a workflow that it belongs to; null for the record as a whole."""
    noted_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class NoteInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One note; `id` names the one that it replaces."""

    text: str
    id: str | UnsetType = UNSET
    pinned_level: int | UnsetType = UNSET


class Meta(Struct, frozen=True, omit_defaults=True):
    """What this record cannot say, and what was kept back."""

    unsupported: tuple[str, ...] = ()
    """Fields that this vendor cannot fill."""
    redacted: tuple[str, ...] = ()
    """Fields that policy removed."""
    unmapped: dict[str, Any] | UnsetType = UNSET
    """With `include=unmapped`: the vendor's fields that have no place in the unified record."""


class Deleted(Struct, frozen=True, gc=False):
    """What is left of a record that the vendor has deleted."""

    id: str
    """The record's id, as it was."""
    remote_id: str
    deleted_at: datetime | None = None


class Page(Struct, Generic[T], frozen=True, tag_field="object", tag="list"):
    """One page of a list, in the vendor's order unless `sort` says otherwise."""

    data: list[T]
    has_more: bool
    next_cursor: str | None = None
    deleted: list[Deleted] | UnsetType = UNSET
    """With `include_deleted`, on the first page: all that was deleted at or after `updated_after`."""
