"""The people at Xero Practice Manager's clients.

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/clients, read 2026-11-20.
"""

from typing import Annotated, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import cursor_page
from service.connectors.sdk.references import path_segment
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.xpm.clients import DOC
from service.connectors.xpm.lists import Paging, ask, next_token, rows_of
from service.connectors.xpm.wire import is_yes, read
from service.ids import Book
from service.resources.common import Email, Meta, Phone
from service.resources.contact import Contact, ContactCreate, ContactUpdate


class WireContact(Struct, frozen=True, gc=False):
    UUID: str
    Name: str
    Salutation: str | None = None
    Email: str | None = None
    Phone: str | None = None
    Mobile: str | None = None
    IsDeleted: Annotated[str | None, UNMAPPED] = None


UNSUPPORTED: Final = (
    "given_name",
    "middle_name",
    "family_name",
    "addresses",
    "born_on",
    "tax_ids",
    "links",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_contact(wire: WireContact, book: Book) -> Contact:
    """A person with one name. Position and rank are said reliably of one client at a time, so they stay unmapped."""
    numbers = ((wire.Phone, None), (wire.Mobile, "mobile"))
    return Contact(
        id=book.ref("cnt_", wire.UUID),
        remote_id=wire.UUID,
        connection=book.connection,
        account=book.account,
        display_name=wire.Name,
        title=wire.Salutation,
        emails=[Email(wire.Email)] if wire.Email else [],
        phones=[Phone(number, label) for number, label in numbers if number],
        meta=_META,
    )


class _Contacts(Struct, frozen=True, gc=False):
    Contact: list[WireContact] | WireContact | None = None


class _Page(Struct, frozen=True, gc=False):
    Contacts: _Contacts | None
    Pagination: Paging | None = None


class _List(Struct, frozen=True, gc=False):
    Response: _Page


class _Found(Struct, frozen=True, gc=False):
    Contact: WireContact


class _One(Struct, frozen=True, gc=False):
    Response: _Found


_read_list: Final = json_reader(_List)
_read_one: Final = json_reader(_One)


def page(query: Query, book: Book) -> Flow[RemotePage[Contact]]:
    answer = _read_list((yield ask("/client.api/contacts", query, book))).Response
    rows = rows_of(None if answer.Contacts is None else answer.Contacts.Contact)
    following = next_token(answer.Pagination)
    return cursor_page(rows, following, query, to_contact, book, "$.Response.Contacts.Contact")


def get(remote_id: str, book: Book) -> Flow[Contact]:
    answer = _read_one((yield read(f"/client.api/contact/{path_segment(remote_id)}", book)))
    if is_yes(answer.Response.Contact.IsDeleted, "$.Response.Contact.IsDeleted"):
        raise NotFound("the contact was deleted")
    return to_contact(answer.Response.Contact, book)


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=Wire(WireContact, one=("Response", "Contact"), many=("Response", "Contacts", "Contact")),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    max_page=500,
    notes="Which client a person stands for is told of one client at a time, and not here.",
)
