"""Karbon's clients by its own names. A list's row is flat; the one record has cards, a team and the parts of a name.

Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json, read 2026-11-20.
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.codec import Instant


class WirePhone(Struct, frozen=True, gc=False):
    Number: str | None = None
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
    EmailAddresses: list[str] | None = None
    PhoneNumbers: list[WirePhone] | None = None
    Addresses: list[WireAddress] | None = None
    WebSites: list[str] | None = None


class WireMember(Struct, frozen=True, gc=False):
    """Somebody of the firm, and what for."""

    MemberKey: str
    MemberType: str | None = None
    RoleType: str | None = None


class WireGrouped(Struct, frozen=True, gc=False):
    """A client in a client group: one of the two."""

    ContactKey: str | None = None
    OrganizationKey: str | None = None


class WireParts(Struct, frozen=True, gc=False, kw_only=True):
    """What a contact, an organization or a client group may have. Which of the keys is there says what it is."""

    ContactKey: str | None = None
    OrganizationKey: str | None = None
    ClientGroupKey: str | None = None
    ContactType: str | None = None
    EmailAddress: str | None = None
    PhoneNumber: str | None = None
    FirstName: str | None | UnsetType = UNSET
    LastName: str | None | UnsetType = UNSET
    UserDefinedIdentifier: str | None | UnsetType = UNSET
    BusinessCards: list[WireCard] | UnsetType = UNSET
    BusinessCard: WireCard | None | UnsetType = UNSET
    ClientTeam: list[WireMember] | UnsetType = UNSET
    Members: list[WireGrouped] | UnsetType = UNSET


class WireClient(WireParts, frozen=True, gc=False, kw_only=True):
    """A row of a list."""

    FullName: str
    LastModifiedDateTime: Instant


class WireOne(WireParts, frozen=True, gc=False, kw_only=True):
    """The one record. A contact's parts of the name are documented, and its whole name is not."""

    FullName: str | None = None
    LastModifiedDateTime: Instant | None = None


CARDS: Final = "BusinessCards,ClientTeam"
"""What contacts and organizations are asked to show besides themselves."""
