"""A firm's client: a person or a business that the practice works for."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Address, Email, Meta, Phone, TaxId


class ClientKind(StrEnum):
    INDIVIDUAL = "individual"
    BUSINESS = "business"
    OTHER = "other"


class ClientStatus(StrEnum):
    PROSPECT = "prospect"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ARCHIVED = "archived"
    OTHER = "other"


class LinkedClient(Struct, frozen=True, gc=False):
    """Another client this one is related to; `kind` in the vendor's word (spouse, dependent, …)."""

    client: str
    kind: str | None = None


class Client(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="client"):
    id: str
    """`cli_…`: carries the connection, the account and the vendor's id."""
    remote_id: str
    connection: str
    account: str
    display_name: str
    legal_name: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    kind: ClientKind | UnsetType = UNSET
    kind_native: str | None | UnsetType = UNSET
    filing_type: str | None | UnsetType = UNSET
    status: ClientStatus
    status_native: str | None
    emails: list[Email]
    phones: list[Phone]
    addresses: list[Address]
    website: str | None | UnsetType = UNSET
    owner: str | None | UnsetType = UNSET
    """The user in charge (`usr_…`)."""
    parent: str | None | UnsetType = UNSET
    """The client this one is a part of (`cli_…`), such as a QuickBooks sub-customer's parent."""
    group: str | None | UnsetType = UNSET
    linked: list[LinkedClient] | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET
    tax_ids: list[TaxId] | UnsetType = UNSET
    currency: str | None | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    """Changes with every change of the record; send it back as `If-Match`."""
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class ClientCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new client. Only `display_name` is required."""

    display_name: str
    legal_name: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    kind: ClientKind | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    phones: list[Phone] | UnsetType = UNSET
    addresses: list[Address] | UnsetType = UNSET
    website: str | None | UnsetType = UNSET
    parent: str | None | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET


class ClientUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a client. A field left out stays as it is; null empties it; a list replaces the whole list."""

    display_name: str | UnsetType = UNSET
    legal_name: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    kind: ClientKind | UnsetType = UNSET
    """Many vendors refuse to turn a person into a business."""
    status: ClientStatus | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    phones: list[Phone] | UnsetType = UNSET
    addresses: list[Address] | UnsetType = UNSET
    website: str | None | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET
