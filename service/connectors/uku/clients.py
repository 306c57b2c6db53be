"""Uku's clients. People behind a client are contacts, which are lists of their own.

Source: https://app.getuku.com/api/v3/docs; the fields that come back are a third party's inventory, read 2026-11-20.
"""

from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Doc, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, unsaid_is_utc
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import path_segment
from service.connectors.uku.lists import WireList, page_of
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Meta

DOC: Final = Doc("https://app.getuku.com/api/v3/docs", date(2026, 11, 20), "third_party")


class WireClient(Struct, frozen=True, gc=False):
    """`fields` without any may come as a list, as empty ones do where the server is written in PHP (assumed)."""

    id: int | str
    name: str | None
    status: str | None = None
    type: str | None = None
    address_country_code: str | None = None
    default_person_id: int | str | None = None
    fields: dict[str, Any] | list[Any] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


UNSUPPORTED: Final = (
    "legal_name",
    "given_name",
    "family_name",
    "filing_type",
    "website",
    "manager",
    "partner",
    "parent",
    "group",
    "linked",
    "external_id",
    "tags",
    "tax_ids",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "billing_lines",
    "note_entries",
    "currency",
    "notes",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "active": ClientStatus.ACTIVE,
    "inactive": ClientStatus.INACTIVE,
    "archived": ClientStatus.ARCHIVED,
}
"""Only `active` has been seen; the other two are assumed. Any other word is `other`."""
_KINDS: Final = {"company": ClientKind.BUSINESS, "person": ClientKind.INDIVIDUAL}
"""Assumed: the words of `type` are not published."""


@mapper
def to_client(wire: WireClient, book: Book) -> Client:
    """A client. It has no e-mail address and no telephone of its own: its contacts have."""
    owner, country = wire.default_person_id, wire.address_country_code
    remote_id = str(wire.id)
    return Client(
        id=book.ref("cli_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        display_name=wire.name or remote_id,
        kind=_KINDS.get(wire.type or "", ClientKind.OTHER),
        kind_native=wire.type,
        status=_STATUSES.get(wire.status or "", ClientStatus.OTHER),
        status_native=wire.status,
        emails=[],
        phones=[],
        addresses=[Address(country=country)] if country else [],
        owner=None if owner is None else book.ref("usr_", str(owner)),
        custom_fields=wire.fields if isinstance(wire.fields, dict) else {},
        created_at=unsaid_is_utc(wire.created_at),
        updated_at=unsaid_is_utc(wire.updated_at),
        meta=_META,
    )


class _One(Struct, frozen=True, gc=False):
    data: WireClient


_read_list: Final = json_reader(WireList[WireClient])
_read_one: Final = json_reader(_One)


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    return (yield from page_of("/clients", _read_list, to_client, query, book))


def get(remote_id: str, book: Book) -> Flow[Client]:
    answer = yield Request(method="GET", path=f"/clients/{path_segment(remote_id)}", lane="read")
    return to_client(_read_one(answer).data, book)


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=DOC,
    wire=Wire(WireClient, one=("data",), many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    notes="E-mail addresses and telephone numbers are at a client's contacts. Assumed: that times without an offset "
    "are in UTC.",
)
