"""Canopy's contacts: the people behind clients. One person may stand for several clients, in one role."""

from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.clients_write import from_emails, from_phones
from service.connectors.canopy.entity import Entity
from service.connectors.canopy.tax_ids import to_tax_ids
from service.connectors.canopy.wire import DOC, Labelled
from service.connectors.sdk.binding import Binding, given
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Email, Meta, Phone
from service.resources.contact import (
    Contact,
    ContactCreate,
    ContactLink,
    ContactLinkInput,
    ContactRole,
    ContactUpdate,
)


class WireContact(Struct, frozen=True, gc=False):
    contact_id: str
    client_ids: list[str]
    kind: str
    first_name: str
    last_name: str
    emails: list[Labelled]
    phones: list[Labelled]
    birthday: date | None = None
    tin_masked: str | None = None


class WriteContact(Struct, frozen=True, kw_only=True):
    client_ids: list[str] | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    emails: list[Labelled] | UnsetType = UNSET
    phones: list[Labelled] | UnsetType = UNSET
    birthday: date | None | UnsetType = UNSET


UNSUPPORTED: Final = ("title", "middle_name", "addresses", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_ROLES: Final = {
    role.value: role
    for role in (
        ContactRole.PRIMARY,
        ContactRole.SPOUSE,
        ContactRole.DEPENDENT,
        ContactRole.EMPLOYEE,
        ContactRole.PARTNER,
        ContactRole.OTHER,
    )
}


def to_contact(wire: WireContact, book: Book) -> Contact:
    """A person. The taxpayer's number leaves masked, whatever came."""
    role = _ROLES.get(wire.kind, ContactRole.OTHER)
    return Contact(
        id=book.ref("cnt_", wire.contact_id),
        remote_id=wire.contact_id,
        connection=book.connection,
        account=book.account,
        display_name=f"{wire.first_name} {wire.last_name}".strip(),
        given_name=wire.first_name,
        family_name=wire.last_name,
        emails=[Email(email.value, email.type) for email in wire.emails],
        phones=[Phone(phone.value, phone.type) for phone in wire.phones],
        born_on=wire.birthday,
        tax_ids=to_tax_ids("tin", wire.tin_masked),
        links=[
            ContactLink(client=book.ref("cli_", client), roles=[role], roles_native=[wire.kind])
            for client in wire.client_ids
        ],
        meta=_META,
    )


_CONTACTS: Final = Entity("contacts", WireContact, to_contact)


def create(new: ContactCreate, key: str, book: Book) -> Flow[Contact]:
    return (yield from _CONTACTS.created(from_contact_create(new, book), key, book))


def update(remote_id: str, new: ContactUpdate, version: str | None, key: str, book: Book) -> Flow[Contact]:
    return (yield from _CONTACTS.changed(remote_id, from_contact_update(new, book), key, book))


def from_contact_create(new: ContactCreate, book: Book) -> WriteContact:
    """The body of a new contact. Raises Invalid without both names, and for more than one role."""
    accept(new, (*_ACCEPTED, "client", "roles"), "Canopy")
    first_name = given(new.given_name)
    if not first_name:
        raise invalid("/given_name", "required", "Canopy asks for both names of a person.")
    return WriteContact(
        client_ids=[remote_id_of(new.client, "cli_", book, "/client")],
        kind=_kind(given(new.roles) or [], "/roles"),
        first_name=first_name,
        last_name=new.family_name,
        emails=from_emails(new.emails),
        phones=from_phones(new.phones),
        birthday=new.born_on,
    )


_ACCEPTED: Final = ("given_name", "family_name", "emails", "phones", "born_on")


def from_contact_update(new: ContactUpdate, book: Book) -> WriteContact:
    """The body of a change. Raises Invalid for links that differ in their role: a person has one at Canopy."""
    accept(new, (*_ACCEPTED, "links"), "Canopy")
    links = new.links
    if new.given_name is None:
        raise invalid("/given_name", "required", "Canopy asks for both names of a person.")
    return WriteContact(
        client_ids=UNSET
        if isinstance(links, UnsetType)
        else [remote_id_of(one.client, "cli_", book, f"/links/{index}/client") for index, one in enumerate(links)],
        kind=UNSET if isinstance(links, UnsetType) else _kind_of_links(links),
        first_name=new.given_name,
        last_name=new.family_name,
        emails=from_emails(new.emails),
        phones=from_phones(new.phones),
        birthday=new.born_on,
    )


def _kind_of_links(links: list[ContactLinkInput]) -> str | UnsetType:
    kinds: list[str | UnsetType] = []
    for index, one in enumerate(links):
        accept(one, ("client", "roles"), "Canopy", f"/links/{index}")
        kinds.append(_kind(given(one.roles) or [], f"/links/{index}/roles"))
    if any(kind != kinds[0] for kind in kinds):
        raise invalid("/links/1/roles", "too_many", "A person has one role at Canopy, the same at each client.")
    return kinds[0] if kinds else UNSET


def _kind(roles: list[ContactRole], pointer: str) -> str | UnsetType:
    if len(roles) > 1:
        raise invalid(f"{pointer}/1", "too_many", "A person has one role at Canopy.")
    if roles and roles[0].value not in _ROLES:
        raise invalid(f"{pointer}/0", "unsupported", f"Canopy has the roles {', '.join(_ROLES)}.")
    return roles[0].value if roles else UNSET


BINDING: Final = Binding[Contact, ContactCreate, ContactUpdate](
    doc=DOC,
    wire=_CONTACTS.place,
    unsupported=UNSUPPORTED,
    page=_CONTACTS.page,
    get=_CONTACTS.get,
    create=create,
    update=update,
    notes="A person has one role, the same at each client.",
)
