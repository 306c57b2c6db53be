"""What a contact is written with, whichever of the two forms it came in, as its examples have it."""

import msgspec
from msgspec import UNSET, UnsetType

from service.sandbox.canopy_public.errors import invalid
from service.sandbox.canopy_public.wishes import (
    ContactAddressWish,
    ContactClientWish,
    ContactEmailWish,
    ContactPhoneWish,
    ContactWish,
)
from service.sandbox.http import Json

_PLACE = ("address_1", "address_2", "country", "locality", "postal_code", "region")


def to_parts(wish: ContactWish) -> Json:
    """The properties that are named, as a row keeps them; RefusalError where a list holds something without a value."""
    said: Json = msgspec.to_builtins(wish)
    if "employer" in said:
        said = {"employer_name": said["employer"]} | said
        del said["employer"]
    if wish.emails is not UNSET:
        said["emails"] = [_email(part) for part in wish.emails]
    if wish.phones is not UNSET:
        said["phones"] = [_phone(part) for part in wish.phones]
    if wish.addresses is not UNSET:
        said["addresses"] = [_address(part) for part in wish.addresses]
    if wish.clients is not UNSET:
        said["clients"] = [_client(part) for part in wish.clients]
    return said


def _email(part: ContactEmailWish) -> Json:
    return {"email": _said("an e-mail address", part.email, part.value), **_kind(part)}


def _phone(part: ContactPhoneWish) -> Json:
    extension = None if part.extension is UNSET else part.extension
    return {"number": _said("a telephone number", part.number, part.value), "extension": extension, **_kind(part)}


def _address(part: ContactAddressWish) -> Json:
    place: Json = msgspec.to_builtins(part if part.value is UNSET else part.value)
    return {name: place[name] for name in _PLACE if name in place} | _kind(part)


def _kind(part: ContactEmailWish | ContactPhoneWish | ContactAddressWish) -> Json:
    kind = part.key if part.type is UNSET else part.type
    return {"type": "OTHER" if kind is UNSET else kind, "is_primary": part.is_primary}


def _client(part: ContactClientWish) -> Json:
    label = part.relationship_to_client if part.label is UNSET else part.label
    return {"id": part.id, "label": None if label is UNSET else label, "relationship_type": part.relationship_type}


def _said(what: str, *values: str | UnsetType) -> str:
    for value in values:
        if value is not UNSET:
            return value
    raise invalid(f"{what} has no value")
