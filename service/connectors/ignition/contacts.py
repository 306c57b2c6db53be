"""The people at Ignition's clients. There is no call for one of them: a person is found in the list."""

from typing import Final

from msgspec import Struct

from service.connectors.ignition.clients import DOC
from service.connectors.ignition.lists import WireList, page_in_parts
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, unsaid_is_utc
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.common import Email, Meta, Phone
from service.resources.contact import Contact, ContactCreate, ContactLink, ContactRole, ContactUpdate


class WireOwner(Struct, frozen=True, gc=False):
    slug: str


class WireContact(Struct, frozen=True, gc=False):
    slug: str
    name: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    client: WireOwner | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    is_primary: bool | None = None
    is_signatory: bool | None = None
    is_invoice_recipient: bool | None = None


UNSUPPORTED: Final = (
    "title",
    "given_name",
    "middle_name",
    "family_name",
    "addresses",
    "born_on",
    "tax_ids",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_contact(wire: WireContact, book: Book) -> Contact:
    """A person with one name; what they are at the client is three marks, of which two are roles of ours."""
    numbers = ((wire.phone, None), (wire.mobile, "mobile"))
    return Contact(
        id=book.ref("cnt_", wire.slug),
        remote_id=wire.slug,
        connection=book.connection,
        account=book.account,
        display_name=wire.name or wire.email or wire.slug,
        emails=[Email(wire.email)] if wire.email else [],
        phones=[Phone(number, label) for number, label in numbers if number],
        links=[] if wire.client is None else [_link(wire, wire.client.slug, book)],
        created_at=unsaid_is_utc(wire.created_at),
        updated_at=unsaid_is_utc(wire.updated_at),
        meta=_META,
    )


def _link(wire: WireContact, client: str, book: Book) -> ContactLink:
    marks = (
        (wire.is_primary, "primary", ContactRole.PRIMARY),
        (wire.is_signatory, "signatory", ContactRole.OTHER),
        (wire.is_invoice_recipient, "invoice_recipient", ContactRole.BILLING),
    )
    return ContactLink(
        client=book.ref("cli_", client),
        roles=[role for is_set, _, role in marks if is_set],
        roles_native=[word for is_set, word, _ in marks if is_set],
    )


_read: Final = json_reader(WireList[WireContact])


def page(query: Query, book: Book) -> Flow[RemotePage[Contact]]:
    return (yield from page_in_parts("/contacts", (None,), _read, to_contact, query, book))


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=Wire(WireContact, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    updated_after=True,
    notes="Ignition's reporting is read only and has no call for one person.",
)
