"""Karbon's clients by its own names. A list's row is flat; the one record has cards, a team and the parts of a name.

Where there may be several of a thing, an example of the vendor's own shows one without a list around it, with a
telephone number as a number: both are read.

Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json, read 2026-11-20.
"""

from typing import Annotated, Final, TypeVar

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.codec import Instant
from service.connectors.sdk.wire import UNMAPPED

W = TypeVar("W")


class WirePhone(Struct, frozen=True, gc=False):
    Number: str | int | None = None
    Label: str | None = None


class WireAddress(Struct, frozen=True, gc=False):
    AddressLines: str | list[str] | None = None
    City: str | None = None
    StateProvinceCounty: str | None = None
    ZipCode: str | None = None
    CountryCode: str | None = None
    Label: str | None = None


class WireCard(Struct, frozen=True, gc=False):
    """How somebody is reached; a client may have several cards."""

    IsPrimaryCard: bool | None = None
    EmailAddresses: list[str | None] | None = None
    PhoneNumbers: list[WirePhone] | WirePhone | None = None
    Addresses: list[WireAddress] | WireAddress | None = None
    WebSites: list[str | None] | None = None


class WireMember(Struct, frozen=True, gc=False):
    """Somebody of the firm, and what for."""

    MemberKey: str
    MemberType: str | None = None
    RoleType: str | None = None


class WireGrouped(Struct, frozen=True, gc=False):
    """A client in a client group: one of the two."""

    ContactKey: str | None = None
    OrganizationKey: str | None = None


class WireClient(Struct, frozen=True, gc=False, kw_only=True):
    """What a contact, an organization or a client group may have. Which of the keys is there says what it is.

    One record of a contact has parts of a name and no whole one; the guide shows rows of a list without their instant.
    """

    ContactKey: str | None = None
    OrganizationKey: str | None = None
    ClientGroupKey: str | None = None
    ContactType: str | None = None
    EmailAddress: str | None = None
    PhoneNumber: str | None = None
    FullName: str | None = None
    PreferredName: Annotated[str | None, UNMAPPED] = None
    LastModifiedDateTime: Instant | None = None
    Website: str | None | UnsetType = UNSET
    FirstName: str | None | UnsetType = UNSET
    LastName: str | None | UnsetType = UNSET
    UserDefinedIdentifier: str | None | UnsetType = UNSET
    BusinessCards: list[WireCard] | WireCard | None | UnsetType = UNSET
    BusinessCard: WireCard | None | UnsetType = UNSET
    ClientTeam: list[WireMember] | None | UnsetType = UNSET
    Members: list[WireGrouped] | WireGrouped | None | UnsetType = UNSET


CARDS: Final = "BusinessCards,ClientTeam"
"""What contacts and organizations are asked to show besides themselves."""


def each(held: list[W] | W | None) -> list[W]:
    """One alone as a list of one."""
    if isinstance(held, list):
        return held  # pyright: ignore[reportUnknownVariableType] - a part is a Struct, never a list
    return [] if held is None else [held]
