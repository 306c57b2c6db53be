"""Employees as users. QuickBooks has no list of the people who sign in; these are the people on the payroll."""

from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.changes import capture
from service.connectors.quickbooks.clients import WireEmail
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.lists_write import NEW, Head, WriteEmployee, from_user
from service.connectors.quickbooks.statement import Conditions, compares, contains, is_active, sorts
from service.connectors.quickbooks.wire import Times
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.common import Email, Meta
from service.resources.user import User, UserCreate, UserStatus, UserUpdate


class WireEmployee(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    DisplayName: str
    Active: bool
    GivenName: str | None = None
    FamilyName: str | None = None
    PrimaryEmailAddr: WireEmail | None = None


UNSUPPORTED: Final = ("mfa_level", "mfa_level_native", "devices", "teams")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_user(wire: WireEmployee, book: Book) -> User:
    """An employee. Whether this person can sign in, and how, QuickBooks does not say."""
    email = wire.PrimaryEmailAddr
    return User(
        id=book.ref("usr_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        name=wire.DisplayName,
        given_name=wire.GivenName or None,
        family_name=wire.FamilyName or None,
        emails=[] if email is None or not email.Address else [Email(email.Address, "primary")],
        role=None,
        status=UserStatus.ACTIVE if wire.Active else UserStatus.INACTIVE,
        status_native="true" if wire.Active else "false",
        version=wire.SyncToken,
        meta=_META,
    )


_CONDITIONS: Final[Conditions] = {
    "active": is_active,
    "name": compares("DisplayName"),
    "name_contains": contains("DisplayName"),
}
_COLUMNS: Final = {"name": "DisplayName"}


_USERS: Final = Entity(
    name="Employee",
    wire=WireEmployee,
    convert=to_user,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
    hides_inactive="active",
)


def create(new: UserCreate, key: str, book: Book) -> Flow[User]:
    return (yield from _USERS.made(from_user(new, NEW), key, book))


def update(remote_id: str, new: UserUpdate, version: str | None, key: str, book: Book) -> Flow[User]:
    """Changes what is given; the display name stays. Raises Conflict if `version` is stale."""

    def body_of(version: str) -> WriteEmployee:
        return from_user(new, Head(Id=remote_id, SyncToken=version, sparse=True))

    return (yield from _USERS.updated(remote_id, version, body_of, key, book))


CHANGES: Final = _USERS.source

BINDING: Final = Binding[User, UserCreate, UserUpdate](
    doc=documented("all-entities/employee"),
    wire=_USERS.place,
    unsupported=UNSUPPORTED,
    page=_USERS.page,
    get=_USERS.get,
    create=create,
    update=update,
    changes=capture(CHANGES),
    filters={
        "active": Filter(kind="choice", choices=("true", "false"), description="Active or made inactive."),
        "name": Filter(kind="text", description="The whole display name."),
        "name_contains": Filter(kind="text", description="A part of the display name; no percent sign."),
    },
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="QuickBooks has no list of the people who sign in: these are its employees, who record time. "
    "`role` is always null.",
)
