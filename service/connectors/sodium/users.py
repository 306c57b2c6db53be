"""The practice's people."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import invalid
from service.connectors.sodium import calls
from service.connectors.sodium.wire import RefId, documented, meta
from service.ids import Book
from service.resources.common import Email
from service.resources.user import Team, User, UserCreate, UserStatus, UserUpdate


class WireTenant(Struct, frozen=True, gc=False):
    systemRole: str | None | UnsetType = UNSET


class WireUser(Struct, frozen=True, gc=False):
    code: str
    status: str
    displayName: str | None = None
    email: str | None = None
    firstName: str | None = None
    lastName: str | None = None
    systemRole: str | None | UnsetType = UNSET
    tenant: WireTenant | None = None


UNSUPPORTED: Final = ("mfa_level", "mfa_level_native", "devices", "version")
_IN_LIST: Final = meta(*UNSUPPORTED, "teams")
_WITHOUT_ROLE: Final = meta(*UNSUPPORTED, "teams", "role")
_STATUSES: Final = {
    "Created": UserStatus.INVITED,
    "Invited": UserStatus.INVITED,
    "Active": UserStatus.ACTIVE,
    "Disabled": UserStatus.INACTIVE,
    "Declined": UserStatus.INACTIVE,
}


def to_user(wire: WireUser, book: Book) -> User:
    """A member of the practice. The role stands in the record or in its membership, and not in every copy."""
    tenant = wire.tenant
    role = wire.systemRole if wire.systemRole is not UNSET or tenant is None else tenant.systemRole
    names = " ".join(name for name in (wire.firstName, wire.lastName) if name)
    return User(
        id=book.ref("usr_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        name=wire.displayName or names or wire.email or wire.code,
        given_name=wire.firstName or None,
        family_name=wire.lastName or None,
        emails=[Email(wire.email)] if wire.email else [],
        role=role,
        status=_STATUSES.get(wire.status, UserStatus.OTHER),
        status_native=wire.status,
        meta=_WITHOUT_ROLE if role is UNSET else _IN_LIST,
    )


_read_list = json_reader(calls.Paged[WireUser])
_read_one = json_reader(WireUser)
_FILTER: Final = {"invited": ("Created", "Invited"), "active": ("Active",), "inactive": ("Disabled", "Declined")}


def page(query: Query, book: Book) -> Flow[RemotePage[User]]:
    start, parameters = calls.start_of(query), calls.search_of(query)
    for choice in query.filters.get("status", ()):
        parameters += calls.repeated("status", _FILTER[choice])
    answer = _read_list((yield calls.list_rows("/users", start, query.limit, parameters)))
    return calls.page_of(answer, start, query.limit, to_user, book)


def get(remote_id: str, book: Book) -> Flow[User]:
    """The person with the teams that they are in: two calls, and one for each team without its members."""
    path = calls.below("/users", remote_id)
    user = to_user(_read_one((yield calls.read_one(path))), book)
    teams = yield from _teams_of(remote_id)
    if teams is None:
        return user
    unsupported = tuple(name for name in user.meta.unsupported if name != "teams")
    return replace(user, teams=teams, meta=meta(*unsupported))


class WireTeam(Struct, frozen=True, gc=False):
    code: str
    name: str | None = None
    members: list[RefId] | None = None


_read_teams = json_reader(calls.Paged[WireTeam])
_read_members = json_reader(calls.Paged[RefId])
_TEAMS_AT_MOST: Final = 20


def _teams_of(user: str) -> Flow[list[Team] | None]:
    answer = yield from calls.guessed(_aside("/teams"), _read_teams)
    if answer is None or len(answer.data) > _TEAMS_AT_MOST:
        return None
    found: list[Team] = []
    for team in answer.data:
        members = team.members
        if members is None:
            page = yield from calls.guessed(_aside(calls.below("/teams", team.code) + "/members"), _read_members)
            if page is None:
                return None
            members = page.data
        if any(member.code == user for member in members):
            found.append(Team(team.code, team.name or team.code))
    return found


def _aside(path: str) -> Request:
    paging = (("offset", "0"), ("limit", str(calls.MAX_PAGE)))
    return Request(method="GET", path=path, query=paging, lane="read", aside=True)


def create(new: UserCreate, key: str, book: Book) -> Flow[User]:
    """A new member, whom Sodium does not invite by this."""
    del key
    body = {"systemRole": "User"} | _changes(new, "/emails")
    if body.get("email") is None:
        raise invalid("/emails", "required", "Sodium needs the person's e-mail address.")
    code = calls.code_of_new((yield calls.write("POST", "/users", body)))
    return (yield from calls.read_back(get(code, book)))


def update(remote_id: str, new: UserUpdate, version: str | None, key: str, book: Book) -> Flow[User]:
    del version, key
    changes = _changes(new, "/emails")
    if not isinstance(new.status, UnsetType):
        if new.status not in _WRITTEN:
            raise invalid("/status", "unsupported", "One of: active, inactive.")
        changes["status"] = _WRITTEN[new.status]
    path = calls.below("/users", remote_id)
    yield calls.write("PUT", path, calls.replacement((yield calls.read_one(path)), changes, frozenset({"tenant"})))
    return (yield from calls.read_back(get(remote_id, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", calls.below("/users", remote_id))


_WRITTEN: Final = {UserStatus.ACTIVE: "Active", UserStatus.INACTIVE: "Disabled"}
_ROLES: Final = ("Admin", "Manager", "User", "Viewer")


def _changes(new: UserCreate | UserUpdate, pointer: str) -> dict[str, Any]:
    fields = {"firstName": new.given_name, "lastName": new.family_name, "systemRole": new.role}
    if new.role is not UNSET and new.role not in _ROLES:
        raise invalid("/role", "choice", f"One of: {', '.join(_ROLES)}.")
    if not isinstance(new.emails, UnsetType):
        if len(new.emails) != 1 or new.emails[0].label is not None:
            raise invalid(pointer, "no_place", "Sodium has one address for a person, without a label.")
        fields["email"] = new.emails[0].address
    return calls.said(fields)


BINDING: Final = Binding[User, UserCreate, UserUpdate](
    doc=documented("schemas/tenantuserdto.html"),
    wire=Wire(WireUser, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    record_only=("teams",),
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "status": Filter(kind="choice", choices=tuple(_FILTER), description="Who declined or is disabled is inactive."),
        "search": Filter(kind="text", description="Three characters or more, wherever Sodium looks."),
    },
    max_page=calls.MAX_PAGE,
    notes="Assumed: where the role stands in the record, what is written, and the addresses of teams.",
)
