"""Contacts: people, each at several accounts perhaps. E-mail addresses and portal access are theirs."""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Wire, given
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.common import Email, Meta, Phone
from service.resources.contact import Contact, ContactCreate, ContactLink, ContactLinkInput, ContactUpdate


class WireContact(Struct, frozen=True, gc=False):
    id: str
    name: str
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    account_ids: list[str]
    portal_access: bool | None


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


_read_one = json_reader(WireContact)
_ACCEPTED: Final = ("client", "family_name", "given_name", "middle_name", "emails", "phones", "portal_access", "links")


def create(new: ContactCreate, key: str, book: Book) -> Flow[Contact]:
    """A new contact at one account. Raises Invalid for what a contact has no place for."""
    del key
    body = _body(new, book) | {
        "name": _name(given(new.given_name), given(new.middle_name), new.family_name),
        "account_ids": [remote_id_of(new.client, "cli_", book, "/client")],
    }
    return (yield from calls.written("POST", "/contacts", body, _read_one, to_contact, book))


def update(remote_id: str, new: ContactUpdate, version: str | None, key: str, book: Book) -> Flow[Contact]:
    """Changes what is given; a change of a part of the name is one of the whole, so the contact is read first."""
    del version, key
    path, body = calls.below("/contacts", remote_id), _body(new, book)
    if body.keys() & {"first_name", "middle_name", "last_name"}:
        current = _read_one((yield from calls.ask(calls.read_one(path, book), book)))
        first, middle, last = current.first_name, current.middle_name, current.last_name
        body["name"] = _name(
            first if new.given_name is UNSET else given(new.given_name),
            middle if new.middle_name is UNSET else given(new.middle_name),
            last if new.family_name is UNSET else given(new.family_name),
        )
    return (yield from calls.written("PATCH", path, body, _read_one, to_contact, book))


def _body(new: ContactCreate | ContactUpdate, book: Book) -> dict[str, object]:
    calls.accept(new, _ACCEPTED)
    body: dict[str, object] = {
        "first_name": new.given_name,
        "middle_name": new.middle_name,
        "last_name": new.family_name,
        "portal_access": new.portal_access if isinstance(new, ContactCreate) else UNSET,
    }
    if isinstance(new, ContactUpdate) and not isinstance(new.links, UnsetType):
        body |= _links(new.links, book)
    if not isinstance(new.emails, UnsetType):
        body["email"] = _only([(email.address, email.label) for email in new.emails], "/emails")
    if not isinstance(new.phones, UnsetType):
        body["phone"] = _only([(phone.number, phone.label) for phone in new.phones], "/phones")
    return {name: value for name, value in body.items() if value is not UNSET}


def _links(links: list[ContactLinkInput], book: Book) -> dict[str, object]:
    """The accounts of a contact; portal access is one for all of them."""
    for index, one in enumerate(links):
        if one.roles is not UNSET:
            raise invalid(f"/links/{index}/roles", "no_place", "TaxDome knows no roles.")
        if one.portal_access is not links[0].portal_access:
            raise invalid(f"/links/{index}/portal_access", "no_place", "TaxDome has one switch for all accounts.")
    body: dict[str, object] = {
        "account_ids": [remote_id_of(one.client, "cli_", book, f"/links/{at}/client") for at, one in enumerate(links)]
    }
    if links and links[0].portal_access is not UNSET:
        body["portal_access"] = links[0].portal_access
    return body


def _only(values: list[tuple[str, str | None]], pointer: str) -> str | None:
    """The one value there is place for, which bears no label."""
    if len(values) > 1:
        raise invalid(f"{pointer}/1", "no_place", "A TaxDome contact has one of these.")
    if values and values[0][1] is not None:
        raise invalid(f"{pointer}/0/label", "no_place", "TaxDome has no place for a label.")
    return values[0][0] if values else None


def _name(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=Wire(WireContact, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/contacts", json_reader(calls.Paged[WireContact]), to_contact),
    get=calls.gets("/contacts", _read_one, to_contact),
    create=create,
    update=update,
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The list belongs to the login, not to one account. What a contact is at an account is not known, "
    f"and portal access is told once for all of its accounts. {PAGES_MOVE}",
)
