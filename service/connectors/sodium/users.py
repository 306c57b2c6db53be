"""The practice's people."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sodium import calls
from service.connectors.sodium.wire import documented, meta
from service.ids import Book
from service.resources.common import Email
from service.resources.user import User, UserStatus


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
_META: Final = meta(*UNSUPPORTED)
_WITHOUT_ROLE: Final = meta(*UNSUPPORTED, "role")
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
        emails=[Email(wire.email)] if wire.email else [],
        role=role,
        status=_STATUSES.get(wire.status, UserStatus.OTHER),
        status_native=wire.status,
        meta=_WITHOUT_ROLE if role is UNSET else _META,
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
    return to_user(_read_one((yield calls.read_one(calls.below("/users", remote_id)))), book)


BINDING: Final = Binding[User, Any, Any](
    doc=documented("schemas/tenantuserdto.html"),
    wire=Wire(WireUser, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    filters={
        "status": Filter(kind="choice", choices=tuple(_FILTER), description="Who declined or is disabled is inactive."),
        "search": Filter(kind="text", description="Three characters or more, wherever Sodium looks."),
    },
    max_page=calls.MAX_PAGE,
    notes="Where the role stands in the record is assumed.",
)
