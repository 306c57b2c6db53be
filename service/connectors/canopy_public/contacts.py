"""Contacts of Canopy's public API: the people who are connected to clients.

A list tells of each its names and external id; all else is told of one at a time.
"""

from datetime import date, datetime
from functools import lru_cache
from itertools import compress
from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy_public.contacts_write import from_contact_create, from_contact_update
from service.connectors.canopy_public.entity import Entity
from service.connectors.canopy_public.wire import (
    DOC,
    MOST,
    WireAddress,
    WireEmail,
    WirePhone,
    to_addresses,
    to_emails,
    to_phones,
    to_tax_ids,
)
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.codec import unsaid_is_utc
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.wire import UNMAPPED
from service.ids import Book
from service.resources.common import Meta
from service.resources.contact import Contact, ContactCreate, ContactLink, ContactRole, ContactUpdate


class WireLink(Struct, frozen=True, gc=False):
    id: str | int
    label: str | None = None
    relationship_type: str | None = None
    relationship_to_client: str | None = None


class WireContact(Struct, frozen=True, gc=False):
    """A row of a list has the first four; one contact, by itself, all but `name`."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    external_id: Annotated[str | None, UNMAPPED] = None
    middle_name: str | None | UnsetType = UNSET
    emails: list[WireEmail] | None | UnsetType = UNSET
    phones: list[WirePhone] | None | UnsetType = UNSET
    addresses: list[WireAddress] | None | UnsetType = UNSET
    clients: list[WireLink] | None | UnsetType = UNSET
    birthdate: date | None | UnsetType = UNSET
    tin: str | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    deleted_at: datetime | None = None


UNSUPPORTED: Final = ("title", "version")
RECORD_ONLY: Final = (
    "middle_name",
    "addresses",
    "born_on",
    "tax_ids",
    "links",
    "created_at",
    "updated_at",
)
_ROLES: Final = {"SPOUSE": ContactRole.SPOUSE, "DEPENDENT": ContactRole.DEPENDENT}


@mapper
def to_contact(wire: WireContact, book: Book) -> Contact:
    """A person. E-mail and telephone are told of one person at a time."""
    middle, born, created, updated = wire.middle_name, wire.birthdate, wire.created_at, wire.updated_at
    addresses, tax_ids, links = to_addresses(wire.addresses), to_tax_ids(wire.tin), _links(wire.clients, book)
    kept = (middle, addresses, born, tax_ids, links, created, updated)
    return Contact(
        id=book.ref("cnt_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        display_name=_name(wire),
        given_name=wire.first_name or None,
        middle_name=middle or None if isinstance(middle, str) else middle,
        family_name=wire.last_name or None,
        emails=to_emails(wire.emails),
        phones=to_phones(wire.phones),
        addresses=addresses,
        born_on=born,
        tax_ids=tax_ids,
        links=links,
        created_at=created if isinstance(created, UnsetType) else unsaid_is_utc(created),
        updated_at=updated if isinstance(updated, UnsetType) else unsaid_is_utc(updated),
        meta=_meta(tuple([one is UNSET for one in kept])),
    )


def _name(wire: WireContact) -> str:
    name = " ".join(part for part in (wire.first_name, wire.last_name) if part) or wire.name
    if not name:
        raise SchemaDrift("$.last_name", "Object missing required field")
    return name


def _links(wire: list[WireLink] | None | UnsetType, book: Book) -> list[ContactLink] | UnsetType:
    if isinstance(wire, UnsetType):
        return UNSET
    return [
        ContactLink(
            client=book.ref("cli_", str(one.id)),
            roles=[_ROLES.get(one.relationship_type or "", ContactRole.OTHER)],
            roles_native=[word] if (word := one.label or one.relationship_type or one.relationship_to_client) else [],
        )
        for one in wire or ()
    ]


@lru_cache(maxsize=64)
def _meta(missing: tuple[bool, ...]) -> Meta:
    """By which of RECORD_ONLY are missing."""
    return Meta(unsupported=(*UNSUPPORTED, *compress(RECORD_ONLY, missing)))


RECORDS: Final = Entity("contacts", "contact", WireContact, to_contact, lambda wire: wire.deleted_at is not None)


def create(new: ContactCreate, key: str, book: Book) -> Flow[Contact]:
    return (yield from RECORDS.created(from_contact_create(new, book), book))


def update(remote_id: str, new: ContactUpdate, version: str | None, key: str, book: Book) -> Flow[Contact]:
    return (yield from RECORDS.changed(remote_id, from_contact_update(new), book))


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=RECORDS.place,
    unsupported=UNSUPPORTED,
    record_only=RECORD_ONLY,
    page=RECORDS.page,
    get=RECORDS.get,
    create=create,
    update=update,
    delete=RECORDS.delete,
    updated_after=True,
    max_page=MOST,
    notes="A list tells a person's names alone: e-mail, telephone and the clients are told of one person at a time. "
    "The clients of a person are given when it is made; the public words for a change of them contradict each other, "
    "so it is refused. The vendor takes no key: a create of which no answer came may have happened.",
)
