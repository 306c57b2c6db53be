"""New and changed clients for Canopy. What it has no place for is refused, never dropped."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.wire import Labelled
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Phone


class WriteAddress(Struct, frozen=True, kw_only=True):
    type: str
    line1: str | None
    line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None


class WriteLink(Struct, frozen=True):
    client_id: str
    kind: str


class WriteClient(Struct, frozen=True, kw_only=True):
    display_name: str | UnsetType = UNSET
    filing_type: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    owner_id: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    emails: list[Labelled] | UnsetType = UNSET
    phones: list[Labelled] | UnsetType = UNSET
    addresses: list[WriteAddress] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET
    group_id: str | None | UnsetType = UNSET
    linked: list[WriteLink] | UnsetType = UNSET


def from_client_create(new: ClientCreate, book: Book) -> WriteClient:
    """The body of a new client. Raises Invalid without a kind: Canopy has individuals and businesses only."""
    filing_type = _filing_type(new)
    if isinstance(filing_type, UnsetType):
        raise invalid("/kind", "required", "Canopy asks whether a client is an individual or a business.")
    return _client(new, filing_type, UNSET, book)


def from_client_update(new: ClientUpdate, book: Book) -> WriteClient:
    """The body of a change. A kind is sent as it is given: Canopy itself refuses another one."""
    status = new.status
    return _client(new, _filing_type(new), UNSET if isinstance(status, UnsetType) else _status(status), book)


_KINDS: Final = {ClientKind.INDIVIDUAL: "Individual", ClientKind.BUSINESS: "Business"}
_STATUSES: Final = {
    ClientStatus.ACTIVE: "Active",
    ClientStatus.PROSPECT: "Prospect",
    ClientStatus.INACTIVE: "Archived",
    ClientStatus.ARCHIVED: "Archived",
    ClientStatus.OTHER: "Other",
}
_ACCEPTED: Final = (
    "display_name",
    "kind",
    "filing_type",
    "status",
    "owner",
    "external_id",
    "emails",
    "phones",
    "addresses",
    "tags",
    "custom_fields",
    "group",
    "linked",
)


def _client(
    new: ClientCreate | ClientUpdate, filing_type: str | UnsetType, status: str | UnsetType, book: Book
) -> WriteClient:
    accept(new, _ACCEPTED, "Canopy")
    owner, linked = new.owner, new.linked
    return WriteClient(
        display_name=new.display_name,
        filing_type=filing_type,
        status=status,
        owner_id=owner
        if owner is None or isinstance(owner, UnsetType)
        else remote_id_of(owner, "usr_", book, "/owner"),
        external_id=new.external_id,
        emails=from_emails(new.emails),
        phones=from_phones(new.phones),
        addresses=UNSET
        if isinstance(new.addresses, UnsetType)
        else [_address(address, index) for index, address in enumerate(new.addresses)],
        tags=new.tags,
        custom_fields=new.custom_fields,
        group_id=_group(new.group, book),
        linked=UNSET
        if isinstance(linked, UnsetType)
        else [
            WriteLink(remote_id_of(one.client, "cli_", book, f"/linked/{index}/client"), one.kind)
            for index, one in enumerate(linked)
        ],
    )


def _group(group: str | None | UnsetType, book: Book) -> str | None | UnsetType:
    return remote_id_of(group, "grp_", book, "/group") if isinstance(group, str) else group


def _filing_type(new: ClientCreate | ClientUpdate) -> str | UnsetType:
    kind, word = new.kind, new.filing_type
    if not isinstance(word, UnsetType):
        if word not in _KINDS.values() or (not isinstance(kind, UnsetType) and _KINDS.get(kind) != word):
            raise invalid("/filing_type", "unknown", "Canopy has Individual and Business.")
        return word
    if isinstance(kind, UnsetType):
        return UNSET
    if kind not in _KINDS:
        raise invalid("/kind", "unsupported", "Canopy clients are individuals or businesses.")
    return _KINDS[kind]


def _status(status: ClientStatus) -> str:
    return _STATUSES[status]


def from_emails(emails: Sequence[Email] | UnsetType) -> list[Labelled] | UnsetType:
    """E-mail addresses; one without a label is for work."""
    if isinstance(emails, UnsetType):
        return UNSET
    return [Labelled(email.address, email.label or "work") for email in emails]


def from_phones(phones: Sequence[Phone] | UnsetType) -> list[Labelled] | UnsetType:
    """Telephone numbers; one without a label is for work."""
    if isinstance(phones, UnsetType):
        return UNSET
    return [Labelled(phone.number, phone.label or "work") for phone in phones]


def _address(address: Address, index: int) -> WriteAddress:
    if len(address.lines) > 2:
        raise invalid(f"/addresses/{index}/lines", "too_many", "Canopy has two lines for an address.")
    lines = (*address.lines, None, None)
    return WriteAddress(
        type=address.label or "work",
        line1=lines[0],
        line2=lines[1],
        city=address.city,
        state=address.region,
        postal_code=address.postal_code,
        country=address.country,
    )
