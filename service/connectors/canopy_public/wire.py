"""What the records of Canopy's public API have in common.

Source: the vendor's own specification, "Canopy Public API v3", as a third party keeps it at
https://github.com/nfbs2000/vibe-with-upwork-canopy-n8n (specs/canopy-public-api-v3.yaml), read 2026-11-20. Its schemas
and its examples differ in the names of an e-mail address and a telephone number of a contact: either is read.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Doc
from service.connectors.sdk.references import invalid
from service.resources.common import Address, Email, Phone, TaxId

DOC: Final = Doc(
    "https://github.com/nfbs2000/vibe-with-upwork-canopy-n8n/blob/main/specs/canopy-public-api-v3.yaml",
    date(2026, 11, 20),
    "third_party",
)
MOST: Final = 100
"""Rows of a page: what the vendor gives by itself; how many it would give nobody says."""


class WireEmail(Struct, frozen=True, gc=False):
    email: str | None = None
    value: str | None = None
    type: str | None = None
    key: str | None = None
    is_primary: bool | None = None


class WirePhone(Struct, frozen=True, gc=False):
    number: str | None = None
    value: str | None = None
    extension: str | None = None
    type: str | None = None
    key: str | None = None
    is_primary: bool | None = None


class WireAddress(Struct, frozen=True, gc=False):
    address_1: str | None = None
    address_2: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    type: str | None = None
    is_primary: bool | None = None


def to_emails(wire: list[WireEmail] | None | UnsetType) -> list[Email]:
    """The primary one first. A list of records tells none."""
    if not wire:
        return []
    return [
        Email(text, _label(one.type or one.key))
        for one in sorted(wire, key=lambda one: not one.is_primary)
        if (text := one.email or one.value)
    ]


def to_phones(wire: list[WirePhone] | None | UnsetType) -> list[Phone]:
    """The primary one first, each with its extension."""
    if not wire:
        return []
    return [
        Phone(f"{text} x{one.extension}" if one.extension else text, _label(one.type or one.key))
        for one in sorted(wire, key=lambda one: not one.is_primary)
        if (text := one.number or one.value)
    ]


def to_addresses(wire: list[WireAddress] | None | UnsetType) -> list[Address] | UnsetType:
    """The primary one first."""
    if isinstance(wire, UnsetType):
        return UNSET
    return [
        Address(
            label=_label(one.type),
            lines=tuple(line for line in (one.address_1, one.address_2) if line),
            city=one.locality or None,
            region=one.region or None,
            postal_code=one.postal_code or None,
            country=one.country or None,
        )
        for one in sorted(wire or (), key=lambda one: not one.is_primary)
    ]


def to_tax_ids(tin: str | None | UnsetType) -> list[TaxId] | UnsetType:
    """The taxpayer's number: of all its digits only the last four leave, whatever came."""
    if isinstance(tin, UnsetType):
        return UNSET
    digits = [character for character in tin or "" if character.isalnum()]
    return [TaxId("tin", "*" * len(digits[:-4]) + "".join(digits[-4:]))] if digits else []


def _label(word: str | None) -> str | None:
    return word.lower() if word else None


class WriteEmail(Struct, frozen=True):
    """For a client by `email` and `type`, for a contact by `value` and `key`."""

    is_primary: bool
    email: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    value: str | UnsetType = UNSET
    key: str | UnsetType = UNSET


class WritePhone(Struct, frozen=True):
    is_primary: bool
    number: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    value: str | UnsetType = UNSET
    key: str | UnsetType = UNSET


_EMAILS: Final = ("PERSONAL", "WORK", "OTHER")
_PHONES: Final = ("HOME", "MOBILE", "WORK", "FAX", "OTHER")
ADDRESSES: Final = ("MAILING", "PHYSICAL", "WORK", "OTHER")


def from_emails(emails: Sequence[Email] | UnsetType, *, by_key: bool) -> list[WriteEmail] | UnsetType:
    """The first one is the primary one; one without a label is `WORK`. Raises Invalid for another label."""
    if isinstance(emails, UnsetType):
        return UNSET
    found: list[WriteEmail] = []
    for index, one in enumerate(emails):
        word = type_of(one.label, _EMAILS, f"/emails/{index}/label")
        first = index == 0
        found.append(WriteEmail(first, value=one.address, key=word) if by_key else WriteEmail(first, one.address, word))
    return found


def from_phones(phones: Sequence[Phone] | UnsetType, *, by_key: bool) -> list[WritePhone] | UnsetType:
    """The same for telephone numbers."""
    if isinstance(phones, UnsetType):
        return UNSET
    found: list[WritePhone] = []
    for index, one in enumerate(phones):
        word = type_of(one.label, _PHONES, f"/phones/{index}/label")
        first = index == 0
        found.append(WritePhone(first, value=one.number, key=word) if by_key else WritePhone(first, one.number, word))
    return found


def type_of(label: str | None, words: tuple[str, ...], pointer: str) -> str:
    """The vendor's word for a label; without one `WORK`, which every list of words has."""
    word = (label or "WORK").upper()
    if word not in words:
        raise invalid(pointer, "unsupported", f"Canopy has the labels {', '.join(words).lower()}.")
    return word
