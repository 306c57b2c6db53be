"""A person, and the clients that person stands for. One person may stand for several clients, each in another role."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Address, Email, Meta, Phone, TaxId


class ContactRole(StrEnum):
    """What a person is at a client."""

    PRIMARY = "primary"
    SPOUSE = "spouse"
    DEPENDENT = "dependent"
    EMPLOYEE = "employee"
    PARTNER = "partner"
    DIRECTOR = "director"
    BILLING = "billing"
    PAYROLL = "payroll"
    ACCOUNTS = "accounts"
    OTHER = "other"


class ContactLink(Struct, frozen=True, gc=False, kw_only=True):
    """What the person is at one client."""

    client: str
    """`cli_…`."""
    roles: list[ContactRole] | UnsetType = UNSET
    roles_native: list[str] | UnsetType = UNSET
    portal_access: bool | None | UnsetType = UNSET


class Contact(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="contact"):
    """A person behind one or more clients."""

    id: str
    """`cnt_…`."""
    remote_id: str
    connection: str
    account: str
    display_name: str
    title: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    middle_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    emails: list[Email]
    phones: list[Phone]
    addresses: list[Address] | UnsetType = UNSET
    born_on: date | None | UnsetType = UNSET
    tax_ids: list[TaxId] | UnsetType = UNSET
    links: list[ContactLink] | UnsetType = UNSET
    """Lists may leave it out where the vendor does: read the one record."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class ContactLinkInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a contact is at one client."""

    client: str
    """`cli_…`."""
    roles: list[ContactRole] | UnsetType = UNSET
    portal_access: bool | UnsetType = UNSET


class ContactCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new person, at one client."""

    client: str
    """`cli_…`: the client that the person stands for."""
    family_name: str
    given_name: str | None | UnsetType = UNSET
    middle_name: str | None | UnsetType = UNSET
    title: str | None | UnsetType = UNSET
    roles: list[ContactRole] | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    phones: list[Phone] | UnsetType = UNSET
    born_on: date | None | UnsetType = UNSET
    portal_access: bool | UnsetType = UNSET


class ContactUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a person. A field left out stays as it is; null empties it."""

    family_name: str | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    middle_name: str | None | UnsetType = UNSET
    title: str | None | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    phones: list[Phone] | UnsetType = UNSET
    born_on: date | None | UnsetType = UNSET
    links: list[ContactLinkInput] | UnsetType = UNSET
    """The clients that the person stands for from now on, and as what. A client left out is one no longer."""
