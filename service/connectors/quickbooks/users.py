"""Employees as users. QuickBooks has no list of the people who sign in; these are the people on the payroll."""

from datetime import date
from typing import Any, Final

from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import Source, capture
from service.connectors.quickbooks.clients import WireEmail
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, compares, contains, is_active, select, sorts
from service.connectors.quickbooks.wire import Times
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import offset_page
from service.ids import Book
from service.resources.common import Email, Meta
from service.resources.user import User, UserStatus


class WireEmployee(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    DisplayName: str
    Active: bool
    PrimaryEmailAddr: WireEmail | None = None


UNSUPPORTED: Final = ("mfa_level", "mfa_level_native", "devices")
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
        emails=[] if email is None or not email.Address else [Email(email.Address, "primary")],
        role=None,
        status=UserStatus.ACTIVE if wire.Active else UserStatus.INACTIVE,
        status_native="true" if wire.Active else "false",
        version=wire.SyncToken,
        meta=_META,
    )


class _Rows(Struct, frozen=True, gc=False):
    Employee: list[WireEmployee] = []


class _List(Struct, frozen=True, gc=False):
    QueryResponse: _Rows


class _One(Struct, frozen=True, gc=False):
    Employee: WireEmployee


_read_list = json_reader(_List)
_read_one = json_reader(_One)

_CONDITIONS: Final[Conditions] = {
    "active": is_active,
    "name": compares("DisplayName"),
    "name_contains": contains("DisplayName"),
}
_COLUMNS: Final = {"name": "DisplayName"}


def page(query: Query, book: Book) -> Flow[RemotePage[User]]:
    """One page; employees who left too, whom QuickBooks hides unless `Active` is asked for."""
    always = () if "active" in query.filters else ("Active IN (true,false)",)
    answer = yield select("Employee", query, _CONDITIONS, _COLUMNS, always)
    rows = _read_list(answer).QueryResponse.Employee
    return offset_page(rows, query, FIRST_ROW, to_user, book, "$.QueryResponse.Employee")


def get(remote_id: str, book: Book) -> Flow[User]:
    return to_user(_read_one((yield calls.read_one("employee", remote_id))).Employee, book)


CHANGES: Final = Source("Employee", WireEmployee, to_user)

BINDING: Final = Binding[User, Any, Any](
    doc=Doc(
        "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/employee",
        date(2026, 11, 20),
        "documented",
    ),
    wire=Wire(WireEmployee, one=("Employee",), many=("QueryResponse", "Employee")),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
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
