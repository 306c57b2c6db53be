"""Sodium's contacts: persons of the whole practice, and what each is at a client.

The list of all persons names at most one client of each and no roles; `filter[client]` reads the client's own list,
which has the roles, and reading one person gathers its clients.
"""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium import calls
from service.connectors.sodium.wire import Ref, assumed, meta
from service.ids import Book
from service.resources.common import Email, Phone
from service.resources.contact import (
    Contact,
    ContactCreate,
    ContactLink,
    ContactLinkInput,
    ContactRole,
    ContactUpdate,
)


class WireContact(Struct, frozen=True, gc=False):
    code: str
    lastName: str
    title: str | None = None
    firstName: str | None = None
    middleName: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    clientCount: int | None = None
    client: Ref | None = None
    individualClient: Ref | None = None


class WireRelation(Struct, frozen=True, gc=False):
    """A person at one client. The third-party client's flat shape is not what the vendor documents."""

    contact: WireContact
    types: list[str]
    client: Ref | None = None
    individualClient: Ref | None = None
    hasPortalAccess: bool | None = None


UNSUPPORTED: Final = ("addresses", "born_on", "tax_ids", "created_at", "updated_at", "version")
_META: Final = meta(*UNSUPPORTED)
_WITHOUT_LINKS: Final = meta(*UNSUPPORTED, "links")
_ROLES: Final = {
    "Main": ContactRole.PRIMARY,
    "Billing": ContactRole.BILLING,
    "Payroll": ContactRole.PAYROLL,
    "Accounts": ContactRole.ACCOUNTS,
    "Director": ContactRole.DIRECTOR,
}
_TYPES: Final = {role: word for word, role in _ROLES.items()}


def to_contact(wire: WireContact, book: Book) -> Contact:
    """A person as the list of all persons shows it: its links only where the list names every client."""
    named = [ref.code for ref in (wire.client, wire.individualClient) if ref is not None]
    codes = list(dict.fromkeys(named))
    if wire.clientCount is not None and wire.clientCount > len(codes):
        return _person(wire, UNSET, book)
    return _person(wire, [ContactLink(client=book.ref("cli_", code)) for code in codes], book)


def to_contact_at(wire: WireRelation, client: str, book: Book) -> Contact:
    """A person as one client's list shows it, with the roles at that client."""
    return _person(wire.contact, [_link(client, wire.types, book, wire.hasPortalAccess)], book)


def _person(wire: WireContact, links: list[ContactLink] | UnsetType, book: Book) -> Contact:
    names = (wire.title, wire.firstName, wire.middleName, wire.lastName)
    return Contact(
        id=book.ref("cnt_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        display_name=" ".join(name for name in names[1:] if name),
        title=wire.title or None,
        given_name=wire.firstName or None,
        middle_name=wire.middleName or None,
        family_name=wire.lastName,
        emails=[Email(wire.email)] if wire.email else [],
        phones=_phones(wire),
        links=links,
        meta=_WITHOUT_LINKS if links is UNSET else _META,
    )


def _phones(wire: WireContact) -> list[Phone]:
    found = [Phone(wire.phone, "phone")] if wire.phone else []
    return [*found, Phone(wire.mobile, "mobile")] if wire.mobile else found


def _link(client: str, types: list[str], book: Book, has_access: bool | None = None) -> ContactLink:
    return ContactLink(
        client=book.ref("cli_", client),
        roles=[_ROLES.get(word, ContactRole.OTHER) for word in types],
        roles_native=types,
        portal_access=UNSET if has_access is None else has_access,
    )


class _ClientOf(Struct, frozen=True, gc=False):
    """A client of a person: the relationship, or only the client (nobody says which)."""

    code: str | None = None
    client: Ref | None = None
    types: list[str] | None = None


_read_list = json_reader(calls.Paged[WireContact])
_read_relations = json_reader(calls.Paged[WireRelation])
_read_clients = json_reader(calls.Paged[_ClientOf])
_read_one = json_reader(WireContact)
_read_tie = json_reader(WireRelation)


def page(query: Query, book: Book) -> Flow[RemotePage[Contact]]:
    client = query.filters.get("client")
    start, parameters = calls.start_of(query), calls.search_of(query)
    if client is None:
        answer = _read_list((yield calls.list_rows("/contacts", start, query.limit, parameters)))
        return calls.page_of(answer, start, query.limit, to_contact, book)
    path = calls.below("/clients", client[0]) + "/clientcontact"
    relations = _read_relations((yield calls.list_rows(path, start, query.limit, parameters)))
    return calls.page_of(relations, start, query.limit, lambda row, book: to_contact_at(row, client[0], book), book)


def get(remote_id: str, book: Book) -> Flow[Contact]:
    """The person with all clients and the roles at each: two calls, and one for each client, ten at most."""
    path = calls.below("/contacts", remote_id)
    clients = yield from calls.optional(calls.list_rows(f"{path}/clients", 0, calls.MAX_PAGE), _read_clients)
    wire = _read_one((yield calls.read_one(path)))
    if clients is None or calls.has_more(clients, 0, calls.MAX_PAGE):
        return to_contact(wire, book)
    links: list[ContactLink] = []
    for row in clients.data:
        code = row.code if row.client is None else row.client.code
        if code is None:
            continue
        if row.types is not None:
            links.append(_link(code, row.types, book))
        elif len(links) < _ASKED_AT_MOST:
            tie = yield from calls.guessed(_aside(_tie_path(code, remote_id)), _read_tie)
            links.append(_link(code, tie.types, book, tie.hasPortalAccess) if tie else _bare(code, book))
        else:
            links.append(_bare(code, book))
    return _person(wire, links, book)


_ASKED_AT_MOST: Final = 10


def _bare(client: str, book: Book) -> ContactLink:
    return ContactLink(client=book.ref("cli_", client))


def _aside(path: str) -> Request:
    return Request(method="GET", path=path, lane="read", aside=True)


def _tie_path(client: str, contact: str) -> str:
    return calls.below(calls.below("/clients", client) + "/clientcontact", contact)


def create(new: ContactCreate, key: str, book: Book) -> Flow[Contact]:
    """A new person at one client. Sodium wants at least one role."""
    del key
    calls.accept(new, (*_NAMES, "client", "roles", "portal_access"))
    client = remote_id_of(new.client, "cli_", book, "/client")
    if isinstance(new.roles, UnsetType) or not new.roles:
        raise invalid("/roles", "required", f"Sodium needs a role: {', '.join(_TYPES)}.")
    body = {"types": [_type(role, index) for index, role in enumerate(new.roles)], "contact": _changes(new)}
    path = calls.below("/clients", client) + "/clientcontact"
    code = calls.code_of_new((yield calls.write("POST", path, body)))
    if not isinstance(new.portal_access, UnsetType):
        yield _portal(client, code, new.portal_access)
    return (yield from calls.read_back(get(code, book)))


def update(remote_id: str, new: ContactUpdate, version: str | None, key: str, book: Book) -> Flow[Contact]:
    del version, key
    """Changes the person, then what the person is at which clients. Raises Invalid before anything is written."""
    calls.accept(new, (*_NAMES, "links"))
    changes, ties = _changes(new), _ties(new.links, book)
    path = calls.below("/contacts", remote_id)
    if changes or ties is None:
        body = calls.replacement((yield calls.read_one(path)), changes, _NOT_OF_THE_PERSON)
        yield calls.write("PUT", path, body)
    if ties is not None:
        yield from _retie(remote_id, ties)
    return (yield from calls.read_back(get(remote_id, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    """Ends what the person is at each client, then deletes the person: Sodium keeps who still stands for one."""
    del version, key, book
    yield from _retie(remote_id, [])
    yield calls.write("DELETE", calls.below("/contacts", remote_id))


class _Tie(Struct, frozen=True):
    """What a person shall be at one client."""

    client: str
    types: list[str] | None
    portal_access: bool | None


def _ties(links: list[ContactLinkInput] | UnsetType, book: Book) -> list[_Tie] | None:
    if isinstance(links, UnsetType):
        return None
    found: list[_Tie] = []
    for at, link in enumerate(links):
        roles, pointer = link.roles, f"/links/{at}/roles"
        if not isinstance(roles, UnsetType) and not roles:
            raise invalid(pointer, "required", f"Sodium needs a role: {', '.join(_TYPES)}.")
        types = (
            None if isinstance(roles, UnsetType) else [_type(role, index, pointer) for index, role in enumerate(roles)]
        )
        access = None if isinstance(link.portal_access, UnsetType) else link.portal_access
        found.append(_Tie(remote_id_of(link.client, "cli_", book, f"/links/{at}/client"), types, access))
    return found


def _retie(contact: str, ties: list[_Tie]) -> Flow[None]:
    """Changes the ties that are there, ends those that are not wanted, and makes new ones last."""
    rows = _read_clients((yield calls.list_rows(f"{calls.below('/contacts', contact)}/clients", 0, calls.MAX_PAGE)))
    codes = (row.code if row.client is None else row.client.code for row in rows.data)
    there = [code for code in codes if code is not None]
    for at, tie in enumerate(ties):
        if tie.types is None and tie.client not in there:
            raise invalid(f"/links/{at}/roles", "required", f"Sodium needs a role: {', '.join(_TYPES)}.")
    for tie in ties:
        path = _tie_path(tie.client, contact)
        if tie.client in there and tie.types is not None:
            body = calls.replacement((yield calls.read_one(path)), {"types": tie.types}, _NOT_OF_THE_TIE)
            yield calls.write("PUT", path, body)
    for client in there:
        if client not in {tie.client for tie in ties}:
            yield calls.write("DELETE", _tie_path(client, contact))
    for tie in ties:
        if tie.client not in there:
            path = calls.below("/clients", tie.client) + "/clientcontact"
            yield calls.write("POST", path, {"types": tie.types, "contact": {"code": contact}})
        if tie.portal_access is not None:
            yield _portal(tie.client, contact, tie.portal_access)


def _portal(client: str, contact: str, has_access: bool) -> Request:
    """Source: https://sodiumhq.com/docs/api/operations/client-portal-access/setportalaccess.html, read 2026-11-20."""
    path = calls.below(calls.below("/clients", client) + "/contacts", contact) + "/portal-access"
    return calls.write("PUT", path, {"hasPortalAccess": has_access})


_NOT_OF_THE_TIE: Final = frozenset({"contact", "client", "individualClient", "hasPortalAccess"})
_NAMES: Final = ("title", "given_name", "middle_name", "family_name", "emails", "phones")
_NOT_OF_THE_PERSON: Final = frozenset({"clientCount", "client", "individualClient"})


def _type(role: ContactRole, index: int, pointer: str = "/roles") -> str:
    word = _TYPES.get(role)
    if word is None:
        raise invalid(f"{pointer}/{index}", "unsupported", f"Sodium knows: {', '.join(_TYPES)}.")
    return word


def _changes(new: ContactCreate | ContactUpdate) -> dict[str, Any]:
    names = {
        "title": new.title,
        "firstName": new.given_name,
        "middleName": new.middle_name,
        "lastName": new.family_name,
    }
    changes: dict[str, Any] = {name: value for name, value in names.items() if value is not UNSET}
    if not isinstance(new.emails, UnsetType):
        if len(new.emails) > 1:
            raise invalid("/emails/1", "no_place", "Sodium has one e-mail address for a person.")
        if new.emails and new.emails[0].label is not None:
            raise invalid("/emails/0/label", "no_place", "Sodium keeps no label.")
        changes["email"] = new.emails[0].address if new.emails else None
    if not isinstance(new.phones, UnsetType):
        changes |= _numbers(new.phones)
    return changes


def _numbers(phones: list[Phone]) -> dict[str, str | None]:
    """Each number at the place its label names; without a label the first free one."""
    places: dict[str, str | None] = {"phone": None, "mobile": None}
    for index, phone in enumerate(sorted(phones, key=lambda one: one.label is None)):
        free = (name for name, number in places.items() if number is None)
        place = phone.label if phone.label is not None else next(free, None)
        if place not in places or places[place] is not None:
            raise invalid(f"/phones/{index}", "no_place", "Sodium has one place each for: phone, mobile.")
        places[place] = phone.number
    return places


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=assumed("schemas/contactdto.html"),
    wire=Wire(WireContact, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="The people of one client, with their roles."),
        "search": Filter(kind="text", description="Three characters or more, wherever Sodium looks."),
    },
    max_page=calls.MAX_PAGE,
    notes="The list of all people says `links` only where it names every client of a person, and no roles: read "
    "the one record (a call more for each client), or list one client's people. Documented: how portal access is set; "
    "whether it is told, as `hasPortalAccess`, is assumed, as are where contacts are and the shape of their clients.",
)
