"""New and changed clients for Canopy's public API. What it has no place for is refused, never dropped."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy_public.custom_fields import WriteValue, from_values
from service.connectors.canopy_public.wire import (
    ADDRESSES,
    WriteEmail,
    WritePhone,
    from_emails,
    from_phones,
    type_of,
)
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate, LinkedClientInput
from service.resources.common import Address


class WriteAddress(Struct, frozen=True, kw_only=True):
    is_primary: bool
    type: str
    address_1: str | UnsetType = UNSET
    address_2: str | UnsetType = UNSET
    locality: str | UnsetType = UNSET
    region: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    country: str | UnsetType = UNSET


class WriteLink(Struct, frozen=True):
    id: str
    relationship_type: str
    label: str | UnsetType = UNSET


class WriteClient(Struct, frozen=True, kw_only=True):
    is_business: bool | UnsetType = UNSET
    type: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    business_name: str | UnsetType = UNSET
    business_type: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    filing_status: str | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    emails: list[WriteEmail] | UnsetType = UNSET
    phones: list[WritePhone] | UnsetType = UNSET
    addresses: list[WriteAddress] | UnsetType = UNSET
    custom_fields: list[WriteValue] | UnsetType = UNSET
    linked_clients: list[WriteLink] | UnsetType = UNSET


_CREATED_WITH: Final = (
    "display_name",
    "legal_name",
    "given_name",
    "family_name",
    "kind",
    "emails",
    "phones",
    "addresses",
    "notes",
    "external_id",
    "custom_fields",
    "filing_type",
    "linked",
)
_CHANGED_WITH: Final = (*(name for name in _CREATED_WITH if name != "kind"), "status")
_BUSINESS_TYPES: Final = (
    "C_CORPORATION",
    "S_CORPORATION",
    "LLC",
    "PARTNERSHIP",
    "LLC _ M",
    "LLC _ S",
    "SOLE_PROPRIETORSHIP",
    "ESTATE",
    "TRUST",
    "NON_PROFIT",
    "OTHER",
)
_FILING_STATUSES: Final = (
    "SINGLE",
    "MARRIED_JOINT",
    "MARRIED_SEPARATE",
    "HEAD_OF_HOUSEHOLD",
    "QUALIFYING_WITH_DEPENDENTS",
)
_RELATIONS: Final = (
    "AUNT",
    "COUSIN",
    "DAUGHTER",
    "DEPENDENT",
    "FATHER",
    "FRIEND",
    "GRANDCHILD",
    "GRANDFATHER",
    "GRANDMOTHER",
    "MOTHER",
    "NEPHEW",
    "NIECE",
    "SON",
    "SPOUSE",
    "STEPDAUGHTER",
    "STEPFATHER",
    "STEPMOTHER",
    "STEPSON",
    "UNCLE",
)


def from_client_create(new: ClientCreate, fields: Mapping[str, str], book: Book) -> WriteClient:
    """The body of a new client; `fields` says the sort of each custom field.

    Raises Invalid without a kind, and for a person without both names: the vendor asks for them.
    """
    accept(new, _CREATED_WITH, "Canopy")
    if new.kind is ClientKind.BUSINESS:
        for name in ("given_name", "family_name"):
            if getattr(new, name) is not UNSET:
                raise invalid(f"/{name}", "unsupported", "A business has no such name; its people are contacts.")
        legal = _text(new.legal_name, "/legal_name") or new.display_name
        return _client(new, fields, book, is_business=True, type="CLIENT", business_name=legal)
    if new.kind is not ClientKind.INDIVIDUAL:
        raise invalid("/kind", "required", "Canopy asks whether a client is an individual or a business.")
    if new.legal_name is not UNSET:
        raise invalid("/legal_name", "unsupported", "An individual has a given and a family name.")
    for name in ("given_name", "family_name"):
        if not isinstance(getattr(new, name), str):
            raise invalid(f"/{name}", "required", "Canopy asks for both names of a person.")
    return _client(new, fields, book, is_business=False, type="CLIENT")


def from_client_update(new: ClientUpdate, fields: Mapping[str, str], book: Book) -> WriteClient:
    """The body of a change. An individual stays one, and a business too."""
    accept(new, _CHANGED_WITH, "Canopy")
    status = _UNCHANGED if isinstance(new.status, UnsetType) else _STATUSES[new.status]
    return _client(new, fields, book, business_name=_text(new.legal_name, "/legal_name"), **status)


_UNCHANGED: Final[Mapping[str, str | bool]] = {}
_STATUSES: Final[Mapping[ClientStatus, Mapping[str, str | bool]]] = {
    ClientStatus.ACTIVE: {"type": "CLIENT", "is_active": True, "is_archived": False},
    ClientStatus.PROSPECT: {"type": "PROSPECT", "is_active": True, "is_archived": False},
    ClientStatus.OTHER: {"type": "OTHER", "is_active": True, "is_archived": False},
    ClientStatus.INACTIVE: {"is_active": False, "is_archived": False},
    ClientStatus.ARCHIVED: {"is_archived": True},
}


def _client(
    new: ClientCreate | ClientUpdate, fields: Mapping[str, str], book: Book, **more: str | bool | UnsetType
) -> WriteClient:
    form = new.filing_type
    if not isinstance(form, UnsetType) and form not in (*_BUSINESS_TYPES, *_FILING_STATUSES):
        words = f"{', '.join(_BUSINESS_TYPES)} for a business, {', '.join(_FILING_STATUSES)} for an individual"
        raise invalid("/filing_type", "unknown", f"Canopy has {words}.")
    is_business = more.get("is_business")
    if isinstance(is_business, bool) and form is not UNSET and is_business is not (form in _BUSINESS_TYPES):
        raise invalid("/filing_type", "unknown", "That is a word of the other kind of client.")
    return WriteClient(
        display_name=new.display_name,
        first_name=_text(new.given_name, "/given_name"),
        last_name=_text(new.family_name, "/family_name"),
        business_type=form if form in _BUSINESS_TYPES else UNSET,
        filing_status=form if form in _FILING_STATUSES else UNSET,
        external_id=new.external_id,
        notes=_emptied(new.notes),
        emails=from_emails(new.emails, by_key=False),
        phones=from_phones(new.phones, by_key=False),
        addresses=_addresses(new.addresses),
        custom_fields=from_values(new.custom_fields, fields),
        linked_clients=_links(new.linked, book),
        **more,  # type: ignore[arg-type]  # the two writes above give each field its own type
    )


def _text(text: str | None | UnsetType, pointer: str) -> str | UnsetType:
    if text is None:
        raise invalid(pointer, "required", "Canopy has no client without it.")
    return text


def _emptied(text: str | None | UnsetType) -> str | UnsetType:
    """Notes are a text that is never null: emptied they are an empty one."""
    return "" if text is None else text


def _addresses(addresses: Sequence[Address] | UnsetType) -> list[WriteAddress] | UnsetType:
    if isinstance(addresses, UnsetType):
        return UNSET
    return [_address(address, index) for index, address in enumerate(addresses)]


def _address(address: Address, index: int) -> WriteAddress:
    if len(address.lines) > 2:
        raise invalid(f"/addresses/{index}/lines", "too_many", "Canopy has two lines for an address.")
    lines: tuple[str | UnsetType, ...] = (*address.lines, UNSET, UNSET)
    return WriteAddress(
        is_primary=index == 0,
        type=type_of(address.label, ADDRESSES, f"/addresses/{index}/label"),
        address_1=lines[0],
        address_2=lines[1],
        locality=_said(address.city),
        region=_said(address.region),
        postal_code=_said(address.postal_code),
        country=_said(address.country),
    )


def _said(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def _links(links: Sequence[LinkedClientInput] | UnsetType, book: Book) -> list[WriteLink] | UnsetType:
    if isinstance(links, UnsetType):
        return UNSET
    return [_link(one, index, book) for index, one in enumerate(links)]


def _link(link: LinkedClientInput, index: int, book: Book) -> WriteLink:
    """One of the vendor's relations; any other word is the label of a custom one."""
    remote_id = remote_id_of(link.client, "cli_", book, f"/linked/{index}/client")
    word = link.kind.upper()
    return WriteLink(remote_id, word) if word in _RELATIONS else WriteLink(remote_id, "OTHER", link.kind)
