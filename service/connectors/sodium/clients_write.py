"""New and changed clients, as Sodium's requests. What a Sodium client has no place for is refused, never dropped."""

from typing import Final

from msgspec import UNSET, UnsetType

from service.connectors.sdk.binding import given
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium.calls import accept
from service.connectors.sodium.client_parts import PARTS
from service.ids import Book
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Email, Phone

KINDS: Final = {
    "Individual": ClientKind.INDIVIDUAL,
    "SoleTrader": ClientKind.INDIVIDUAL,
    "PrivateLimitedCompany": ClientKind.BUSINESS,
    "PublicLimitedCompany": ClientKind.BUSINESS,
    "LimitedLiabilityPartnership": ClientKind.BUSINESS,
    "Partnership": ClientKind.BUSINESS,
    "Trust": ClientKind.OTHER,
    "Charity": ClientKind.OTHER,
}
"""By legal form."""
_FORMS: Final = tuple(KINDS)
_STATUSES: Final = {
    ClientStatus.ACTIVE: "Active",
    ClientStatus.INACTIVE: "Inactive",
    ClientStatus.PROSPECT: "Prospect",
}
_ACCEPTED: Final = (
    "display_name",
    "kind",
    "filing_type",
    "status",
    "emails",
    "phones",
    "external_id",
    "manager",
    "partner",
)


def from_client_create(new: ClientCreate, book: Book) -> dict[str, object]:
    """The body of a new client. Raises Invalid for what a Sodium client cannot hold."""
    form = _form(new)
    if form is None:
        raise invalid("/filing_type", "required", f"Sodium needs the legal form: {', '.join(_FORMS)}.")
    return {"name": new.display_name, "type": form} | _common(new, book)


def from_client_update(new: ClientUpdate, book: Book) -> dict[str, object]:
    """What changes of the body that is there. Raises Invalid for what a Sodium client cannot hold."""
    changes = _common(new, book)
    if not isinstance(new.display_name, UnsetType):
        changes["name"] = new.display_name
    if (form := _form(new)) is not None:
        changes["type"] = form
    if not isinstance(new.status, UnsetType):
        word = _STATUSES.get(new.status)
        if word is None:
            raise invalid("/status", "unsupported", "Sodium clients are prospect, active or inactive.")
        changes["status"] = word
    return changes


def _form(new: ClientCreate | ClientUpdate) -> str | None:
    """The legal form asked for. A person has only one; a business has to say which."""
    if not isinstance(new.filing_type, UnsetType):
        if new.filing_type not in _FORMS:
            raise invalid("/filing_type", "choice", f"One of: {', '.join(_FORMS)}.")
        if not isinstance(new.kind, UnsetType) and KINDS[new.filing_type] is not new.kind:
            raise invalid("/kind", "differs", "The legal form is of another kind.")
        return new.filing_type
    if new.kind is ClientKind.INDIVIDUAL:
        return "Individual"
    if new.kind is not UNSET:
        raise invalid("/filing_type", "required", f"Sodium needs the legal form: {', '.join(_FORMS)}.")
    return None


def _common(new: ClientCreate | ClientUpdate, book: Book) -> dict[str, object]:
    accept(new, (*_ACCEPTED, *PARTS) if isinstance(new, ClientUpdate) else _ACCEPTED)
    changes: dict[str, object] = {}
    if not isinstance(new.external_id, UnsetType):
        changes["internalReference"] = new.external_id
    if not isinstance(new.emails, UnsetType):
        changes["email"] = _only(new.emails, "/emails")
    if not isinstance(new.phones, UnsetType):
        changes["telephone"] = _only(new.phones, "/phones")
    for name, parameter in (("manager", "managerCode"), ("partner", "partnerCode")):
        wanted: str | None | UnsetType = getattr(new, name)
        if wanted is not UNSET:
            user = given(wanted)
            changes[parameter] = None if user is None else remote_id_of(user, "usr_", book, f"/{name}")
    return changes


def _only(values: list[Email] | list[Phone], pointer: str) -> str | None:
    """The one value; it has no label in Sodium."""
    if len(values) > 1:
        raise invalid(f"{pointer}/1", "no_place", "Sodium has one place for it.")
    if not values:
        return None
    value = values[0]
    if value.label is not None:
        raise invalid(f"{pointer}/0/label", "no_place", "Sodium keeps no label.")
    return value.address if isinstance(value, Email) else value.number
