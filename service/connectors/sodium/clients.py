"""Sodium's clients. A list shows the client alone; one record is put together from all that hangs below it."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire, given
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotWritten, OutcomeUnknown
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.sdk.written import agrees
from service.connectors.sodium import calls
from service.connectors.sodium.client_details import DETAILS, Details, read_details
from service.connectors.sodium.client_parts import parts_of, write_parts
from service.connectors.sodium.clients_write import KINDS, from_client_create, from_client_update
from service.connectors.sodium.wire import Ref, RefId, documented, instant, meta
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Email, Phone


class WireClient(Struct, frozen=True, gc=False):
    code: str
    name: str
    type: str
    status: str
    manager: RefId | None = None
    partner: RefId | None = None
    internalReference: str | None = None
    email: str | None = None
    telephone: str | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None
    associate: Annotated[Ref | None, UNMAPPED] = None


UNSUPPORTED: Final = (
    "legal_name",
    "given_name",
    "family_name",
    "website",
    "owner",
    "parent",
    "group",
    "linked",
    "tags",
    "currency",
    "version",
)
_IN_LIST: Final = meta(*UNSUPPORTED, *DETAILS)
_STATUSES: Final = {
    "Active": ClientStatus.ACTIVE,
    "Inactive": ClientStatus.INACTIVE,
    "Prospect": ClientStatus.PROSPECT,
    "LostProspect": ClientStatus.INACTIVE,
}
_kind = KINDS.get
_status = _STATUSES.get
_OTHER_KIND: Final = ClientKind.OTHER
_OTHER: Final = ClientStatus.OTHER


@mapper
def to_client(wire: WireClient, book: Book) -> Client:
    """A Sodium client as a list shows it. `kind_native` and `filing_type` are its legal form.

    A lost prospect is inactive. One e-mail address and one telephone number; people are contacts.
    """
    ref, manager, partner, email, telephone = book.ref, wire.manager, wire.partner, wire.email, wire.telephone
    return Client(
        id=ref("cli_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        display_name=wire.name,
        kind=_kind(wire.type, _OTHER_KIND),
        kind_native=wire.type,
        filing_type=wire.type,
        status=_status(wire.status, _OTHER),
        status_native=wire.status,
        emails=[Email(email)] if email else [],
        phones=[Phone(telephone)] if telephone else [],
        manager=None if manager is None else ref("usr_", manager.code),
        partner=None if partner is None else ref("usr_", partner.code),
        external_id=wire.internalReference or None,
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_IN_LIST,
    )


def with_details(client: Client, details: Details) -> Client:
    """The client with what hangs below it; what could not be read stays named as not said."""
    found: dict[str, Any] = details.found()
    missing = tuple(name for name in DETAILS if name not in found)
    return replace(client, **found, meta=meta(*UNSUPPORTED, *missing))


_read_list = json_reader(calls.Paged[WireClient])
_read_one = json_reader(WireClient)
_FILTER: Final = {"active": ("Active",), "prospect": ("Prospect",), "inactive": ("Inactive", "LostProspect")}
_FORMS: Final = {
    "individual": ("Individual", "SoleTrader"),
    "business": ("PrivateLimitedCompany", "PublicLimitedCompany", "LimitedLiabilityPartnership", "Partnership"),
    "other": ("Trust", "Charity"),
}


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    start = calls.start_of(query)
    parameters = calls.search_of(query)
    for name, parameter, words in (("status", "status", _FILTER), ("kind", "type", _FORMS)):
        for choice in query.filters.get(name, ()):
            parameters += calls.repeated(parameter, words[choice])
    for name in ("manager", "partner"):
        parameters += calls.repeated(name, query.filters.get(name, ()))
    answer = _read_list((yield calls.list_rows("/clients", start, query.limit, parameters)))
    return calls.page_of(answer, start, query.limit, to_client, book)


def get(remote_id: str, book: Book) -> Flow[Client]:
    """The client and what hangs below it, in up to eight calls."""
    path = calls.below("/clients", remote_id)
    details = yield from read_details(path, book)
    return with_details(to_client(_read_one((yield calls.read_one(path))), book), details)


def create(new: ClientCreate, key: str, book: Book) -> Flow[Client]:
    del key
    code = calls.code_of_new((yield calls.write("POST", "/clients", from_client_create(new, book))))
    return (yield from calls.read_back(get(code, book)))


_CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)


def made(new: ClientCreate, since: datetime, book: Book) -> Flow[Client]:
    """The client of this `external_id` that was made since; Sodium does not keep these apart, so older ones may be."""
    mark = given(new.external_id)
    if mark is None or len(mark) < calls.MIN_SEARCH:
        raise OutcomeUnknown("nothing marks the client that was to be made")
    rows = _read_list((yield calls.list_rows("/clients", 0, calls.MAX_PAGE, (("search", mark),)))).data
    codes = [
        row.code
        for row in rows
        if row.internalReference == mark and _is_since(instant(row.createdDate), since - _CLOCKS_DIFFER_BY)
    ]
    if len(codes) > 1:
        raise OutcomeUnknown("several clients carry the mark")
    if not codes:
        raise NotWritten("no client carries the mark")
    found = yield from get(codes[0], book)
    if not agrees(new, found):
        raise OutcomeUnknown("the client that carries the mark says something else")
    return found


def _is_since(at: datetime | None, since: datetime) -> bool:
    return at is None or at >= since


def update(remote_id: str, new: ClientUpdate, version: str | None, key: str, book: Book) -> Flow[Client]:
    del version, key
    changes = from_client_update(new, book)
    path = calls.below("/clients", remote_id)
    yield from write_parts(path, new, book)
    if changes or not parts_of(new):
        body = calls.replacement((yield calls.read_one(path)), changes)
        yield calls.write("PUT", path, body)
    return (yield from calls.read_back(get(remote_id, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", calls.below("/clients", remote_id))


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=documented("schemas/clientdto.html"),
    wire=Wire(WireClient, many=("data",)),
    unsupported=UNSUPPORTED,
    record_only=DETAILS,
    page=page,
    get=get,
    create=create,
    made=made,
    update=update,
    delete=delete,
    filters={
        "status": Filter(kind="choice", choices=tuple(_FILTER), description="Lost prospects are inactive."),
        "kind": Filter(kind="choice", choices=tuple(_FORMS), description="By legal form."),
        "manager": Filter(kind="reference", prefix="usr_", description="The client manager."),
        "partner": Filter(kind="reference", prefix="usr_", description="The partner."),
        "search": Filter(kind="text", description="Three characters or more, wherever Sodium looks."),
    },
    max_page=calls.MAX_PAGE,
    notes="Reading one client takes up to eight calls: its business details, dates, custom fields, services, links, "
    "notes and billing lines each lie at an address of their own (of the last four, fifty at most are read), and a "
    "change of them is a call for each that changes: one that fails leaves those before it written. Give them in a "
    "change, not for a new client. Documented: the schemas, and the addresses of clients, notes, services, billing "
    "lines and custom fields; assumed: those of dates, links and business details. A new business needs its legal form "
    "in `filing_type`.",
)
