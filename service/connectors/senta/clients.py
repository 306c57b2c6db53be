"""Senta's clients. A list tells what they are called; all else is told of one client at a time."""

from datetime import date
from typing import Any, Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Doc, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound, SchemaDrift
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.paging import converted, offset_start
from service.connectors.sdk.references import path_segment
from service.connectors.senta.wire import Found, One, Whole, WireClient, own_fields
from service.ids import Book
from service.resources.client import Client, ClientKind, ClientStatus
from service.resources.common import Address, Email, Meta, Phone

UNSUPPORTED: Final = (
    "legal_name",
    "given_name",
    "family_name",
    "owner",
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
    "created_at",
    "updated_at",
    "version",
)
RECORD_ONLY: Final = ("kind", "kind_native", "filing_type", "addresses", "website", "custom_fields")
_IN_LIST: Final = Meta(unsupported=(*UNSUPPORTED, *RECORD_ONLY))
_STATUSES: Final = {
    "Prospect": ClientStatus.PROSPECT,
    "Client": ClientStatus.ACTIVE,
    "Former client": ClientStatus.INACTIVE,
}
"""What a practice has unless it has changed the words."""
_KINDS: Final = {
    "Individual": ClientKind.INDIVIDUAL,
    "Sole trader": ClientKind.INDIVIDUAL,
    "Partnership": ClientKind.BUSINESS,
    "LLP": ClientKind.BUSINESS,
    "Limited company": ClientKind.BUSINESS,
}


def to_client(wire: WireClient, book: Book) -> Client:
    """A client as a list shows it: its name. The status is not told there, so it is `other` with no native word."""
    state = wire.clientstate
    people = wire.contacts or ()
    mobiles = [Phone(one.mobile, "mobile") for one in people if one.mobile]
    return Client(
        id=book.ref("cli_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        display_name=wire.title or wire.id,
        status=_STATUSES.get(state, ClientStatus.OTHER) if isinstance(state, str) else ClientStatus.OTHER,
        status_native=None if state is UNSET else state,
        emails=[Email(text) for text in dict.fromkeys(one.email for one in people) if text],
        phones=[*([Phone(wire.telephone)] if wire.telephone else []), *mobiles],
        meta=_IN_LIST,
    )


def to_whole_client(wire: WireClient, fields: dict[str, Any], book: Book) -> Client:
    """One client with all that is told of it; `fields` are what the practice has added, by its own names."""
    form = wire.clienttype
    found: dict[str, Any] = {
        "kind": UNSET if form is UNSET else _KINDS.get(form or "", ClientKind.OTHER),
        "kind_native": form,
        "filing_type": form,
        "addresses": _addresses(wire),
        "website": wire.web,
        "custom_fields": fields,
    }
    missing = tuple(name for name in RECORD_ONLY if found[name] is UNSET)
    return replace(to_client(wire, book), **found, meta=Meta(unsupported=(*UNSUPPORTED, *missing)))


def _addresses(wire: WireClient) -> list[Address] | UnsetType:
    lines = tuple(line for line in (wire.address1, wire.address2) if line)
    if not (lines or wire.town or wire.district or wire.postcode):
        return []
    return [Address(lines=lines, city=wire.town, region=wire.district, postal_code=wire.postcode)]


_SEARCH: Final = "/clients/search"
_read_list: Final = json_reader(Found)
_read_one: Final = json_reader(One)
_read_whole: Final = json_reader(Whole)


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    """A part of the list, which the vendor gives whole: in the order of ids, in which new ones come last."""
    found = _read_list((yield Request(method="GET", path=_SEARCH, lane="read"))).docs
    start = offset_start(query, 0)
    end = start + query.limit
    records = sorted(converted(found, to_client, book, "$.docs"), key=lambda client: client.remote_id)
    return RemotePage(records[start:end], str(end) if end < len(records) else None)


def get(remote_id: str, book: Book) -> Flow[Client]:
    """One client. Raises NotFound also for a saved list, which has its id at the same address."""
    path = f"/clients/{path_segment(remote_id)}"
    if path == _SEARCH:
        raise NotFound("no client has such an id")
    answer = yield Request(method="GET", path=path, lane="read")
    one = _read_one(answer)
    if one.doc is UNSET:
        if one.docs is not UNSET:
            raise NotFound("a saved list, which is no client")
        raise SchemaDrift("$", "Object missing required field `doc`")
    return to_whole_client(one.doc, own_fields(_read_whole(answer).doc), book)


BINDING: Final = Binding[Client, Any, Any](
    doc=Doc("https://github.com/PipedreamHQ/pipedream/tree/master/components/senta", date(2026, 11, 20), "third_party"),
    wire=Wire(WireClient, one=("doc",), many=("docs",)),
    raw=False,
    unsupported=UNSUPPORTED,
    record_only=RECORD_ONLY,
    page=page,
    get=get,
    max_page=200,
    paging="emulated",
    notes="A list tells a client's id and name alone: status, kind, e-mail and telephone are told of one client at a "
    "time (in a list the status is `other` with no native word). The vendor has no pages, so each of ours reads its "
    "whole list; there is nothing raw to include. A practice's own fields are the custom fields of one client, but for "
    "government numbers. Assumed: that a search for nothing finds every client.",
)
