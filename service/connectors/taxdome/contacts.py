"""Contacts: people, each at several accounts perhaps. E-mail addresses and portal access are theirs."""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.common import Email, Meta, Phone
from service.resources.contact import Contact, ContactCreate, ContactLink, ContactUpdate


class WireContact(Struct, frozen=True, gc=False):
    id: str
    name: str
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    account_ids: list[str] = []
    portal_access: bool | None = None


UNSUPPORTED: Final = ("title", "addresses", "born_on", "tax_ids", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_contact(wire: WireContact, book: Book) -> Contact:
    return Contact(
        id=book.ref("cnt_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        display_name=wire.name,
        given_name=wire.first_name,
        middle_name=wire.middle_name,
        family_name=wire.last_name,
        emails=[Email(wire.email)] if wire.email else [],
        phones=[Phone(wire.phone)] if wire.phone else [],
        links=[
            ContactLink(client=book.ref("cli_", account), portal_access=wire.portal_access)
            for account in wire.account_ids
        ],
        meta=_META,
    )


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=Wire(WireContact, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/contacts", json_reader(calls.Paged[WireContact]), to_contact),
    get=calls.gets("/contacts", json_reader(WireContact), to_contact),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The list belongs to the login, not to one account. What a contact is at an account is not known, "
    f"and portal access is told once for all of its accounts. {PAGES_MOVE}",
)
