"""Clients of Canopy's public API: individuals and businesses.

A list tells of each its name, sort, external id and whether it is a business; all else is told of one at a time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import compress
from typing import Annotated, Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy_public.clients_write import from_client_create, from_client_update
from service.connectors.canopy_public.custom_fields import WireValue, definitions, to_values
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
from service.connectors.sdk.binding import Binding, Query, given
from service.connectors.sdk.codec import unsaid_is_utc
from service.connectors.sdk.faults import NotFound, NotWritten, OutcomeUnknown, SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.wire import UNMAPPED
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate, LinkedClient
from service.resources.common import Meta


class WireTag(Struct, frozen=True, gc=False):
    name: str | None = None


class WireLink(Struct, frozen=True, gc=False):
    id: str
    label: str | None = None
    relationship_type: str | None = None


class WireClient(Struct, frozen=True, gc=False):
    """A row of a list has the first five; one client, by itself, all but `name`. Deleted ones are marked."""

    id: str
    is_business: bool
    type: str | None = None
    external_id: str | None = None
    name: str | None = None
    display_name: str | None | UnsetType = UNSET
    business_name: str | None | UnsetType = UNSET
    business_type: str | None | UnsetType = UNSET
    first_name: str | None | UnsetType = UNSET
    middle_name: Annotated[str | None, UNMAPPED] = None
    last_name: str | None | UnsetType = UNSET
    filing_status: str | None | UnsetType = UNSET
    is_active: bool | None | UnsetType = UNSET
    is_archived: bool | None | UnsetType = UNSET
    is_deleted: bool | None = None
    emails: list[WireEmail] | None | UnsetType = UNSET
    phones: list[WirePhone] | None | UnsetType = UNSET
    addresses: list[WireAddress] | None | UnsetType = UNSET
    linked_clients: list[WireLink] | None | UnsetType = UNSET
    tags: list[WireTag] | None | UnsetType = UNSET
    custom_fields: list[WireValue] | None | UnsetType = UNSET
    tin: str | None | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET


UNSUPPORTED: Final = (
    "kind_native",
    "website",
    "owner",
    "manager",
    "partner",
    "parent",
    "group",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "billing_lines",
    "note_entries",
    "currency",
    "version",
)
RECORD_ONLY: Final = (
    "legal_name",
    "given_name",
    "family_name",
    "filing_type",
    "addresses",
    "linked",
    "tags",
    "custom_fields",
    "tax_ids",
    "notes",
    "created_at",
    "updated_at",
)
_TYPES: Final = {"CLIENT": ClientStatus.ACTIVE, "PROSPECT": ClientStatus.PROSPECT}


@mapper
def to_client(wire: WireClient, book: Book) -> Client:
    """An individual or a business. Its name is the one shown, else what it is made of.

    What a list does not tell is not guessed: there the status is `other`, since it may be archived, beside the
    vendor's own word.
    """
    is_whole = wire.is_active is not UNSET or wire.is_archived is not UNSET
    none = None if is_whole else UNSET
    legal_name = _told(wire.business_name) if wire.is_business else none
    given_name = none if wire.is_business else _told(wire.first_name)
    family_name = none if wire.is_business else _told(wire.last_name)
    form = wire.business_type if wire.is_business else wire.filing_status
    filing_type = None if form == "NOT_SELECTED" else form
    addresses, linked = to_addresses(wire.addresses), _linked(wire.linked_clients, book)
    tags = UNSET if isinstance(wire.tags, UnsetType) else [tag.name for tag in wire.tags or () if tag.name]
    fields, tax_ids, notes = to_values(wire.custom_fields), to_tax_ids(wire.tin), wire.notes
    created, updated = wire.created_at, wire.updated_at
    names = (legal_name, given_name, family_name, filing_type)
    kept = (*names, addresses, linked, tags, fields, tax_ids, notes, created, updated)
    return Client(
        id=book.ref("cli_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        display_name=_name(wire),
        legal_name=legal_name,
        given_name=given_name,
        family_name=family_name,
        kind=ClientKind.BUSINESS if wire.is_business else ClientKind.INDIVIDUAL,
        filing_type=filing_type,
        status=_status(wire) if is_whole else ClientStatus.OTHER,
        status_native=wire.type,
        emails=to_emails(wire.emails),
        phones=to_phones(wire.phones),
        addresses=addresses,
        linked=linked,
        external_id=wire.external_id or None,
        tags=tags,
        custom_fields=fields,
        tax_ids=tax_ids,
        notes=_told(notes),
        created_at=created if isinstance(created, UnsetType) else unsaid_is_utc(created),
        updated_at=updated if isinstance(updated, UnsetType) else unsaid_is_utc(updated),
        meta=_meta(tuple([one is UNSET for one in kept])),
    )


def _status(wire: WireClient) -> ClientStatus:
    if wire.is_archived is True:
        return ClientStatus.ARCHIVED
    if wire.is_active is False:
        return ClientStatus.INACTIVE
    return _TYPES.get(wire.type or "", ClientStatus.OTHER)


def _told(text: str | None | UnsetType) -> str | None | UnsetType:
    """An empty text is none."""
    return text if isinstance(text, UnsetType) else text or None


def _name(wire: WireClient) -> str:
    people = " ".join(part for part in (wire.first_name, wire.last_name) if isinstance(part, str) and part)
    name = wire.display_name or wire.name or wire.business_name or people
    if not name:
        raise SchemaDrift("$.display_name", "Object missing required field")
    return name


def _linked(wire: list[WireLink] | None | UnsetType, book: Book) -> list[LinkedClient] | UnsetType:
    if isinstance(wire, UnsetType):
        return UNSET
    return [LinkedClient(book.ref("cli_", one.id), one.label or one.relationship_type) for one in wire or ()]


@lru_cache(maxsize=64)
def _meta(missing: tuple[bool, ...]) -> Meta:
    """By which of RECORD_ONLY are missing."""
    return Meta(unsupported=(*UNSUPPORTED, *compress(RECORD_ONLY, missing)))


RECORDS: Final = Entity("clients", "client", WireClient, to_client, lambda wire: bool(wire.is_deleted))
_CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)


def create(new: ClientCreate, key: str, book: Book) -> Flow[Client]:
    fields = yield from _definitions(new.custom_fields)
    return (yield from RECORDS.created(from_client_create(new, fields, book), book))


def made(new: ClientCreate, since: datetime, book: Book) -> Flow[Client]:
    """The client of this `external_id` that was made since. Canopy does not keep these apart, so older ones may be."""
    mark, since = given(new.external_id), since - _CLOCKS_DIFFER_BY
    if not mark:
        raise OutcomeUnknown("nothing marks the client that was to be made")
    rows, cursor = yield from RECORDS.rows(Query(limit=MOST, updated_after=since))
    found: list[Client] = []
    for row in rows:
        if row.external_id == mark:
            try:
                client = yield from RECORDS.get(row.id, book)
            except NotFound:
                raise OutcomeUnknown("a client that carries the mark was taken away just now") from None
            if isinstance(client.created_at, datetime) and client.created_at >= since:
                found.append(client)
    if len(found) == 1:
        return found[0]
    if found or cursor is not None:
        raise OutcomeUnknown("too many clients have been changed since to say which one it is")
    raise NotWritten("no client carries the mark")


def update(remote_id: str, new: ClientUpdate, version: str | None, key: str, book: Book) -> Flow[Client]:
    fields = yield from _definitions(new.custom_fields)
    return (yield from RECORDS.changed(remote_id, from_client_update(new, fields, book), book))


def _definitions(values: Mapping[str, Any] | UnsetType) -> Flow[Mapping[str, str]]:
    """The sort of each field there is; asked only where one is to be written."""
    return {} if not values else (yield from definitions())


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=DOC,
    wire=RECORDS.place,
    unsupported=UNSUPPORTED,
    record_only=RECORD_ONLY,
    page=RECORDS.page,
    get=RECORDS.get,
    create=create,
    made=made,
    update=update,
    delete=RECORDS.delete,
    updated_after=True,
    max_page=MOST,
    notes="A list tells a client's name, kind, external id and type alone: e-mail, telephone and whether it is "
    "archived are told of one client at a time (in a list the status is `other`, the vendor's type in "
    "`status_native`). The vendor takes no key: a create of which no answer came is looked for by its "
    "`external_id`. Custom fields go by the id of their definition. Assumed: that times without an offset are in UTC.",
)
