"""The people at Xero Practice Manager's clients.

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/clients, read 2026-11-20.
"""

from typing import Annotated, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.xpm.clients import DOC
from service.connectors.xpm.entity import Entity
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


CONTACTS: Final = Entity(
    "Contact", "Contacts", WireContact, to_contact, listed_at="/client.api/contacts", one_at="/client.api/contact"
)

BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=CONTACTS.place,
    unsupported=UNSUPPORTED,
    page=CONTACTS.page,
    get=CONTACTS.get,
    max_page=500,
    notes="Which client a person stands for is told of one client at a time, and not here.",
)
