"""What a call may write: the properties, their types, and which a new record cannot do without.

A client's properties are closed at creation and change, a contact's at creation alone. Only what the specification
calls nullable may be null. What it says of a contact contradicts itself: an e-mail address is `key` and `value` where
it is written and `type` and `email` in the examples, the employer is `employer` or `employer_name`, an address is flat
or below `value`, a client's id is text or a whole number. Either is taken, everywhere.
"""

from datetime import date
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.sandbox.canopy_public.fields import FieldWish

EmailAddress: TypeAlias = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
EmailKind: TypeAlias = Literal["PERSONAL", "WORK", "OTHER"]
PhoneKind: TypeAlias = Literal["HOME", "MOBILE", "WORK", "FAX", "OTHER"]
AddressKind: TypeAlias = Literal["MAILING", "PHYSICAL", "WORK", "OTHER"]
Relationship: TypeAlias = Literal[
    "AUNT", "COUSIN", "DAUGHTER", "DEPENDENT", "FATHER", "FRIEND", "GRANDCHILD", "GRANDFATHER", "GRANDMOTHER", "MOTHER",
    "NEPHEW", "NIECE", "OTHER", "SON", "SPOUSE", "STEPDAUGHTER", "STEPFATHER", "STEPMOTHER", "STEPSON", "UNCLE",
]  # fmt: skip


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Something to write; UNSET is not said. What is unknown is ignored unless a subclass forbids it."""


class EmailWish(Wish, frozen=True):
    """An e-mail address of a client."""

    email: EmailAddress
    type: EmailKind = "OTHER"
    is_primary: bool = False


class PhoneWish(Wish, frozen=True):
    """A telephone number of a client."""

    number: str
    type: PhoneKind = "OTHER"
    extension: str | UnsetType = UNSET
    is_primary: bool = False


class Place(Wish, frozen=True):
    """Where an address is."""

    address_1: str | UnsetType = UNSET
    address_2: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    locality: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    region: str | UnsetType = UNSET


class AddressWish(Place, frozen=True):
    """An address of a client."""

    type: AddressKind = "OTHER"
    is_primary: bool = False


class LinkWish(Wish, frozen=True):
    """A client that is tied to this one."""

    id: str
    name: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    relationship_type: Relationship = "OTHER"


class ClientWish(Wish, frozen=True, forbid_unknown_fields=True):
    """What people and businesses have in common."""

    is_business: bool | UnsetType = UNSET
    type: Literal["CLIENT", "PROSPECT", "OTHER"] | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    tin: str | UnsetType = UNSET
    client_since: date | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    emails: list[EmailWish] | UnsetType = UNSET
    phones: list[PhoneWish] | UnsetType = UNSET
    addresses: list[AddressWish] | UnsetType = UNSET
    custom_fields: list[FieldWish] | UnsetType = UNSET
    linked_clients: list[LinkWish] | UnsetType = UNSET


class IndividualWish(ClientWish, frozen=True, forbid_unknown_fields=True):
    """A person to write."""

    first_name: str | UnsetType = UNSET
    middle_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    birthdate: date | UnsetType = UNSET
    employer_name: str | UnsetType = UNSET
    occupation: str | UnsetType = UNSET
    filing_status: (
        Literal["NOT_SELECTED", "SINGLE", "MARRIED_JOINT", "MARRIED_SEPARATE", "HEAD_OF_HOUSEHOLD",
                "QUALIFYING_WITH_DEPENDENTS"] | UnsetType
    ) = UNSET  # fmt: skip


class BusinessWish(ClientWish, frozen=True, forbid_unknown_fields=True):
    """A business to write."""

    business_name: str | UnsetType = UNSET
    business_type: (
        Literal["NOT_SELECTED", "C_CORPORATION", "S_CORPORATION", "LLC", "PARTNERSHIP", "LLC _ M", "LLC _ S",
                "SOLE_PROPRIETORSHIP", "ESTATE", "TRUST", "NON_PROFIT", "OTHER"] | UnsetType
    ) = UNSET  # fmt: skip
    date_established: date | UnsetType = UNSET
    industry: str | UnsetType = UNSET


class ContactEmailWish(Wish, frozen=True):
    """An e-mail address of a contact, in either form."""

    value: EmailAddress | UnsetType = UNSET
    email: EmailAddress | UnsetType = UNSET
    key: EmailKind | UnsetType = UNSET
    type: EmailKind | UnsetType = UNSET
    is_primary: bool = False


class ContactPhoneWish(Wish, frozen=True):
    """A telephone number of a contact, in either form."""

    value: str | UnsetType = UNSET
    number: str | UnsetType = UNSET
    key: PhoneKind | UnsetType = UNSET
    type: PhoneKind | UnsetType = UNSET
    extension: str | UnsetType = UNSET
    is_primary: bool = False


class ContactAddressWish(Place, frozen=True):
    """An address of a contact, flat or with its parts below `value`."""

    value: Place | UnsetType = UNSET
    key: AddressKind | UnsetType = UNSET
    type: AddressKind | UnsetType = UNSET
    is_primary: bool = False


class ContactClientWish(Wish, frozen=True):
    """A client that a contact belongs to."""

    id: str | int
    name: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    relationship_type: Relationship = "OTHER"
    relationship_to_client: str | UnsetType = UNSET


class ContactWish(Wish, frozen=True):
    """A contact to change."""

    first_name: str | UnsetType = UNSET
    middle_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    birthdate: date | None | UnsetType = UNSET
    employer: str | UnsetType = UNSET
    employer_name: str | UnsetType = UNSET
    occupation: str | UnsetType = UNSET
    tin: str | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    emails: list[ContactEmailWish] | UnsetType = UNSET
    phones: list[ContactPhoneWish] | UnsetType = UNSET
    addresses: list[ContactAddressWish] | UnsetType = UNSET
    clients: list[ContactClientWish] | UnsetType = UNSET


class NewContactWish(ContactWish, frozen=True, forbid_unknown_fields=True):
    """A contact to create."""


REQUIRED: dict[type[Wish], tuple[str, ...]] = {
    IndividualWish: ("first_name", "last_name", "is_business", "type"),
    BusinessWish: ("business_name", "is_business", "type"),
    NewContactWish: ("first_name", "last_name"),
}
