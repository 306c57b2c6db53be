"""Ignition's clients. There is no call for one of them: a client is found in the list."""

from datetime import date
from typing import Final

from msgspec import Struct

from service.connectors.ignition.lists import WireList, page_in_parts
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, unsaid_is_utc
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientStatus, ClientUpdate, ExternalLink
from service.resources.common import Email, Meta, Phone

DOC: Final = Doc("https://developers.ignitionapp.com/docs/reporting", date(2026, 11, 20), "third_party")


class WireClient(Struct, frozen=True, gc=False):
    slug: str
    name: str
    state: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    email: str | None = None
    phone: str | None = None
    external_client_id: str | None = None
    tags: list[str] | None = None
    link: str | None = None


UNSUPPORTED: Final = (
    "billing_lines",
    "note_entries",
    "legal_name",
    "given_name",
    "family_name",
    "kind",
    "kind_native",
    "filing_type",
    "addresses",
    "website",
    "owner",
    "manager",
    "partner",
    "parent",
    "group",
    "linked",
    "custom_fields",
    "tax_ids",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "currency",
    "notes",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATES: Final = {
    "lead": ClientStatus.PROSPECT,
    "active": ClientStatus.ACTIVE,
    "inactive": ClientStatus.INACTIVE,
    "archived": ClientStatus.ARCHIVED,
}
_STATE_OF: Final = {status: state for state, status in _STATES.items()}
_EVERYTHING: Final = (None, "archived")


def to_client(wire: WireClient, book: Book) -> Client:
    """A client. Its manager and partner are named, not identified: they stay unmapped, as do the ids at the ledgers."""
    return Client(
        id=book.ref("cli_", wire.slug),
        remote_id=wire.slug,
        connection=book.connection,
        account=book.account,
        display_name=wire.name,
        status=_STATES.get(wire.state or "", ClientStatus.OTHER),
        status_native=wire.state,
        emails=[Email(wire.email)] if wire.email else [],
        phones=[Phone(wire.phone)] if wire.phone else [],
        external_id=wire.external_client_id,
        tags=wire.tags or [],
        external_links=[ExternalLink(url=wire.link, label="Ignition")] if wire.link else [],
        created_at=unsaid_is_utc(wire.created_at),
        updated_at=unsaid_is_utc(wire.updated_at),
        meta=_META,
    )


_read: Final = json_reader(WireList[WireClient])


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    asked = query.filters.get("status")
    states = _EVERYTHING if asked is None else [_STATE_OF[ClientStatus(status)] for status in asked]
    return (yield from page_in_parts("/clients", states, _read, to_client, query, book))


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=DOC,
    wire=Wire(WireClient, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    filters={"status": Filter(kind="choice", choices=tuple(_STATE_OF), description="A prospect is a lead.")},
    updated_after=True,
    notes="Archived clients come after all others. Ignition's reporting is read only and has no call for one client.",
)
