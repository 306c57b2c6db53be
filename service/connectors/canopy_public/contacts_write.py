"""New and changed contacts for Canopy's public API. What it has no place for is refused, never dropped."""

from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy_public.clients_write import WriteLink
from service.connectors.canopy_public.wire import WriteEmail, WritePhone, from_emails, from_phones
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate


class WriteContact(Struct, frozen=True, kw_only=True):
    first_name: str | UnsetType = UNSET
    middle_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    birthdate: date | None | UnsetType = UNSET
    emails: list[WriteEmail] | UnsetType = UNSET
    phones: list[WritePhone] | UnsetType = UNSET
    clients: list[WriteLink] | UnsetType = UNSET


_ACCEPTED: Final = ("given_name", "middle_name", "family_name", "emails", "phones", "born_on")
_ROLES: Final = {ContactRole.SPOUSE: "SPOUSE", ContactRole.DEPENDENT: "DEPENDENT", ContactRole.OTHER: "OTHER"}


def from_contact_create(new: ContactCreate, book: Book) -> WriteContact:
    """The body of a new contact. Raises Invalid without both names, for a second role and for one Canopy has not."""
    accept(new, (*_ACCEPTED, "client", "roles"), "Canopy")
    roles = [] if isinstance(new.roles, UnsetType) else new.roles
    if len(roles) > 1:
        raise invalid("/roles/1", "too_many", "A person has one role at each client of Canopy.")
    if roles and roles[0] not in _ROLES:
        raise invalid("/roles/0", "unsupported", f"Canopy has the roles {', '.join(_ROLES)}.")
    if not isinstance(new.given_name, str):
        raise invalid("/given_name", "required", "Canopy asks for both names of a person.")
    client = remote_id_of(new.client, "cli_", book, "/client")
    return _contact(new, [WriteLink(client, _ROLES[roles[0]] if roles else "OTHER")])


def from_contact_update(new: ContactUpdate) -> WriteContact:
    """The body of a change."""
    accept(new, _ACCEPTED, "Canopy")
    return _contact(new, UNSET)


def _contact(new: ContactCreate | ContactUpdate, clients: list[WriteLink] | UnsetType) -> WriteContact:
    if new.given_name is None:
        raise invalid("/given_name", "required", "Canopy asks for both names of a person.")
    return WriteContact(
        first_name=new.given_name,
        middle_name="" if new.middle_name is None else new.middle_name,
        last_name=new.family_name,
        birthdate=new.born_on,
        emails=from_emails(new.emails, by_key=True),
        phones=from_phones(new.phones, by_key=True),
        clients=clients,
    )
