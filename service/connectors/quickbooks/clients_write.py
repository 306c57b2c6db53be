"""New and changed clients as QuickBooks customers. What a customer has no place for is refused, never dropped."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.wire import Ref, written
from service.connectors.sdk.binding import given
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.client import ClientCreate, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Phone

T = TypeVar("T")


class WriteEmail(Struct, frozen=True):
    Address: str


class WritePhone(Struct, frozen=True):
    FreeFormNumber: str


class WriteWebsite(Struct, frozen=True):
    URI: str


class WriteAddress(Struct, frozen=True, kw_only=True):
    """All fields, always: an empty text clears what an earlier address left there."""

    Line1: str
    Line2: str
    Line3: str
    Line4: str
    Line5: str
    City: str
    CountrySubDivisionCode: str
    PostalCode: str
    Country: str


class WriteCustomer(Struct, frozen=True, kw_only=True):
    Id: str | UnsetType = UNSET
    SyncToken: str | UnsetType = UNSET
    sparse: bool | UnsetType = UNSET
    DisplayName: str | UnsetType = UNSET
    Active: bool | UnsetType = UNSET
    CompanyName: str | UnsetType = UNSET
    GivenName: str | UnsetType = UNSET
    FamilyName: str | UnsetType = UNSET
    PrimaryEmailAddr: WriteEmail | UnsetType = UNSET
    PrimaryPhone: WritePhone | UnsetType = UNSET
    Mobile: WritePhone | UnsetType = UNSET
    AlternatePhone: WritePhone | UnsetType = UNSET
    Fax: WritePhone | UnsetType = UNSET
    WebAddr: WriteWebsite | UnsetType = UNSET
    BillAddr: WriteAddress | UnsetType = UNSET
    ShipAddr: WriteAddress | UnsetType = UNSET
    Job: bool | UnsetType = UNSET
    ParentRef: Ref | UnsetType = UNSET
    CurrencyRef: Ref | UnsetType = UNSET
    Notes: str | UnsetType = UNSET


def from_client_create(new: ClientCreate, book: Book) -> WriteCustomer:
    """The body of a new customer. Raises Invalid for what a customer cannot hold.

    A client with a parent is a job of that customer, as QuickBooks calls a sub-customer.
    """
    parent = given(new.parent)
    return _customer(
        new,
        WriteCustomer(
            DisplayName=new.display_name,
            Job=UNSET if parent is None else True,
            ParentRef=UNSET if parent is None else Ref(remote_id_of(parent, "cli_", book, "/parent")),
            CurrencyRef=UNSET if isinstance(new.currency, UnsetType) else Ref(new.currency),
        ),
    )


def from_client_update(remote_id: str, new: ClientUpdate, version: str) -> WriteCustomer:
    """The body of a sparse update: only what is given changes. Raises Invalid for what a customer cannot hold."""
    return _customer(
        new,
        WriteCustomer(
            Id=remote_id, SyncToken=version, sparse=True, DisplayName=new.display_name, Active=_active(new.status)
        ),
    )


_ACTIVE: Final = {ClientStatus.ACTIVE: True, ClientStatus.INACTIVE: False}
_PHONES: Final = ("primary", "mobile", "alternate", "fax")
_ADDRESSES: Final = ("billing", "shipping")
_NO_ADDRESS: Final = Address()


def _active(status: ClientStatus | UnsetType) -> bool | UnsetType:
    if isinstance(status, UnsetType):
        return UNSET
    active = _ACTIVE.get(status)
    if active is None:
        raise invalid("/status", "unsupported", "QuickBooks clients are active or inactive.")
    return active


_ACCEPTED: Final = (
    "display_name",
    "legal_name",
    "given_name",
    "family_name",
    "status",
    "emails",
    "phones",
    "addresses",
    "website",
    "parent",
    "currency",
    "notes",
)


def _customer(new: ClientCreate | ClientUpdate, head: WriteCustomer) -> WriteCustomer:
    """`head` with the fields that a create and an update have in common."""
    accept(new, _ACCEPTED, "QuickBooks")
    phone = _phones(new.phones)
    address = _addresses(new.addresses)
    website = written(new.website)
    return WriteCustomer(
        Id=head.Id,
        SyncToken=head.SyncToken,
        sparse=head.sparse,
        DisplayName=head.DisplayName,
        Active=head.Active,
        CompanyName=written(new.legal_name),
        GivenName=written(new.given_name),
        FamilyName=written(new.family_name),
        PrimaryEmailAddr=_email(new.emails),
        PrimaryPhone=phone("primary"),
        Mobile=phone("mobile"),
        AlternatePhone=phone("alternate"),
        Fax=phone("fax"),
        WebAddr=UNSET if isinstance(website, UnsetType) else WriteWebsite(website),
        BillAddr=address("billing"),
        ShipAddr=address("shipping"),
        Job=head.Job,
        ParentRef=head.ParentRef,
        CurrencyRef=head.CurrencyRef,
        Notes=written(new.notes),
    )


def _email(emails: Sequence[Email] | UnsetType) -> WriteEmail | UnsetType:
    if isinstance(emails, UnsetType):
        return UNSET
    found = _placed(emails, ("primary",), lambda email: email.label, "/emails").get("primary")
    return WriteEmail(found.address if found is not None else "")


def _phones(phones: Sequence[Phone] | UnsetType) -> Callable[[str], WritePhone | UnsetType]:
    if isinstance(phones, UnsetType):
        return lambda _: UNSET
    found = _placed(phones, _PHONES, lambda phone: phone.label, "/phones")
    return lambda place: WritePhone(found[place].number if place in found else "")


def _addresses(addresses: Sequence[Address] | UnsetType) -> Callable[[str], WriteAddress | UnsetType]:
    if isinstance(addresses, UnsetType):
        return lambda _: UNSET
    for index, address in enumerate(addresses):
        if len(address.lines) > 5:
            raise invalid(f"/addresses/{index}/lines", "too_many", "QuickBooks has five lines for an address.")
    found = _placed(addresses, _ADDRESSES, lambda address: address.label, "/addresses")
    return lambda place: _address(found.get(place, _NO_ADDRESS))


def _address(address: Address) -> WriteAddress:
    lines = (*address.lines, "", "", "", "", "")
    return WriteAddress(
        Line1=lines[0],
        Line2=lines[1],
        Line3=lines[2],
        Line4=lines[3],
        Line5=lines[4],
        City=address.city or "",
        CountrySubDivisionCode=address.region or "",
        PostalCode=address.postal_code or "",
        Country=address.country or "",
    )


def _placed(
    items: Sequence[T], places: tuple[str, ...], label: Callable[[T], str | None], pointer: str
) -> dict[str, T]:
    """Each item at the place its label names; those without a label take the free places in order."""
    found: dict[str, T] = {}
    labelled_first = sorted(range(len(items)), key=lambda index: label(items[index]) is None)
    for index in labelled_first:
        wanted = label(items[index])
        place = wanted if wanted is not None else next((name for name in places if name not in found), None)
        if place is None or place not in places or place in found:
            raise invalid(f"{pointer}/{index}", "no_place", f"QuickBooks has one place each for: {', '.join(places)}.")
        found[place] = items[index]
    return found
