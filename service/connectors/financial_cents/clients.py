"""Financial Cents' clients. Its people have no roles: whom to write to is all that their records say."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.financial_cents import lists
from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, unsaid_is_utc
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.paging import converted
from service.connectors.sdk.references import path_segment
from service.connectors.sdk.wire import UNMAPPED
from service.ids import Book
from service.resources.client import Client, ClientStatus
from service.resources.common import Email, Meta, Phone


class WirePerson(Struct, frozen=True, gc=False):
    """Somebody at the client; the shape is assumed from what one is created with."""

    email: str | None = None
    phone: str | None = None


class WireClient(Struct, frozen=True, gc=False):
    """Seen by others: `name` for `display_name`, and archived clients with no more than `archived_at`."""

    id: int | str
    is_archived: bool | None = None
    archived_at: Annotated[str | None, UNMAPPED] = None
    display_name: str | None = None
    name: Annotated[str | None, UNMAPPED] = None
    company_name: str | None = None
    contacts: list[WirePerson] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


UNSUPPORTED: Final = (
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
    "external_id",
    "tags",
    "custom_fields",
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


def to_client(wire: WireClient, book: Book) -> Client:
    """A client: archived or active, there is no other status. E-mail and telephone are its people's."""
    remote_id = str(wire.id)
    people = wire.contacts or ()
    is_archived = wire.archived_at is not None if wire.is_archived is None else wire.is_archived
    return Client(
        id=book.ref("cli_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        display_name=wire.display_name or wire.name or wire.company_name or remote_id,
        legal_name=wire.company_name,
        status=ClientStatus.ARCHIVED if is_archived else ClientStatus.ACTIVE,
        status_native=None,
        emails=[Email(text) for text in dict.fromkeys(one.email for one in people) if text],
        phones=[Phone(text) for text in dict.fromkeys(one.phone for one in people) if text],
        created_at=unsaid_is_utc(wire.created_at),
        updated_at=unsaid_is_utc(wire.updated_at),
        meta=_META,
    )


class _Enveloped(Struct, frozen=True, gc=False):
    data: msgspec.Raw | UnsetType = UNSET


_read_list: Final = lists.reader(WireClient)
_read_envelope: Final = json_reader(_Enveloped)
_read_one: Final = json_reader(WireClient)


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    place = lists.place_of(query)
    parameters: lists.Parameters = ()
    if query.sort is not None:
        order = "desc" if query.sort.startswith("-") else "asc"
        parameters += (("order_by", query.sort.removeprefix("-")), ("order_dir", order))
    for text in query.filters.get("name_contains", ()):
        # All three, or the vendor takes none of them.
        parameters += (("search[field]", "name"), ("search[operation]", "contains"), ("search[value]", text))
    answer = _read_list((yield lists.rows("/clients", place, parameters)))
    return RemotePage(converted(answer.data, to_client, book, "$.data"), lists.following(answer, place))


def get(remote_id: str, book: Book) -> Flow[Client]:
    """One client, in an envelope or without: nobody says which."""
    answer = yield Request(method="GET", path=f"/clients/{path_segment(remote_id)}", lane="read")
    inside = _read_envelope(answer).data
    whole = answer if inside is UNSET else msgspec.structs.replace(answer, body=bytes(inside))
    return to_client(_read_one(whole), book)


BINDING: Final = Binding[Client, Any, Any](
    doc=lists.DOC,
    wire=Wire(WireClient, one=("data",), many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    filters={"name_contains": Filter(kind="text", description="Anywhere in the name.")},
    sorts=("created_at", "-created_at", "updated_at", "-updated_at"),
    max_page=lists.MOST,
    notes="The vendor calls its API a beta. Archived clients are always among the others. Assumed: the parts of a "
    "client's people, the envelope of one record and of its pages, that times without an offset are in UTC.",
)
