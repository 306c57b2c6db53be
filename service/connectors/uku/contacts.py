"""The people at Uku's clients.

Source: https://app.getuku.com/api/v3/docs; the fields that come back are a third party's inventory, read 2026-11-20.
"""

from datetime import datetime
from typing import Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, unsaid_is_utc
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import path_segment
from service.connectors.uku.clients import DOC
from service.connectors.uku.lists import WireList, page_of
from service.ids import Book
from service.resources.common import Email, Meta, Phone
from service.resources.contact import Contact, ContactCreate, ContactLink, ContactRole, ContactUpdate


class WireContact(Struct, frozen=True, gc=False):
    id: int | str
    name: str | None
    surname: str | None = None
    client_id: int | str | None = None
    email: str | None = None
    mobile_phone: str | None = None
    work_phone: str | None = None
    is_primary: int | bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


UNSUPPORTED: Final = ("title", "middle_name", "addresses", "born_on", "tax_ids", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_contact(wire: WireContact, book: Book) -> Contact:
    """A person. The birthday stays unmapped: nobody publishes its notation."""
    remote_id, numbers = str(wire.id), ((wire.work_phone, "work"), (wire.mobile_phone, "mobile"))
    return Contact(
        id=book.ref("cnt_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        display_name=" ".join(part for part in (wire.name, wire.surname) if part) or wire.email or remote_id,
        given_name=wire.name,
        family_name=wire.surname,
        emails=[Email(wire.email)] if wire.email else [],
        phones=[Phone(number, label) for number, label in numbers if number],
        links=[] if wire.client_id is None else [_link(wire, str(wire.client_id), book)],
        created_at=unsaid_is_utc(wire.created_at),
        updated_at=unsaid_is_utc(wire.updated_at),
        meta=_META,
    )


def _link(wire: WireContact, client: str, book: Book) -> ContactLink:
    roles = [ContactRole.PRIMARY] if wire.is_primary else []
    return ContactLink(client=book.ref("cli_", client), roles=roles, roles_native=["primary"] if roles else [])


class _One(Struct, frozen=True, gc=False):
    data: WireContact


_read_list: Final = json_reader(WireList[WireContact])
_read_one: Final = json_reader(_One)


def page(query: Query, book: Book) -> Flow[RemotePage[Contact]]:
    return (yield from page_of("/contacts", _read_list, to_contact, query, book))


def get(remote_id: str, book: Book) -> Flow[Contact]:
    answer = yield Request(method="GET", path=f"/contacts/{path_segment(remote_id)}", lane="read")
    return to_contact(_read_one(answer).data, book)


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=Wire(WireContact, one=("data",), many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
)
