"""The firm's own people, and the roster of accounts under one login."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Email, Meta


class Device(Struct, frozen=True, gc=False, kw_only=True):
    """A device that a person has signed in with."""

    id: str
    platform: str | None = None
    last_seen_at: datetime | None = None


class MfaLevel(StrEnum):
    """How a person's sign-in is protected, from weakest to strongest."""

    NONE = "none"
    OTP = "otp"
    PHISHING_RESISTANT = "phishing_resistant"
    OTHER = "other"


class Session(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="session"):
    """How the person behind a connection is signed in at the vendor."""

    user: str
    """`usr_…`."""
    mfa_level: MfaLevel
    mfa_level_native: str | None
    devices: list[Device]


class Team(Struct, frozen=True, gc=False):
    """A group of people that work can be given to."""

    id: str
    name: str


class UserStatus(StrEnum):
    """Whether somebody can sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    INACTIVE = "inactive"
    OTHER = "other"


class User(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="user"):
    """Somebody who works at the firm."""

    id: str
    """`usr_…`."""
    remote_id: str
    connection: str
    account: str
    name: str
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    emails: list[Email]
    role: str | None | UnsetType = UNSET
    """In the vendor's word."""
    status: UserStatus | UnsetType = UNSET
    status_native: str | None | UnsetType = UNSET
    mfa_level: MfaLevel | None | UnsetType = UNSET
    mfa_level_native: str | None | UnsetType = UNSET
    devices: list[Device] | UnsetType = UNSET
    teams: list[Team] | UnsetType = UNSET
    """Lists may leave them out where the vendor does: read the one record."""
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class UserCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new member of the firm."""

    family_name: str
    given_name: str | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    role: str | UnsetType = UNSET
    """In the vendor's word."""


class UserUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a member of the firm. A field left out stays as it is."""

    family_name: str | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    role: str | UnsetType = UNSET
    status: UserStatus | UnsetType = UNSET
    """`active` or `inactive`."""


class LinkedAccount(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="account"):
    """One book of records that the connection's login can reach."""

    id: str
    """`acc_…`."""
    remote_id: str
    connection: str
    account: str
    name: str
    kind_native: str | None | UnsetType = UNSET
    linked: bool | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""
