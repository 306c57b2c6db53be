"""What the firm and a client have agreed on: engagement letters and proposals, and the signatures under them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Money


class EngagementStatus(StrEnum):
    """How far a letter or proposal has come."""

    DRAFT = "draft"
    SENT = "sent"
    VIEWED = "viewed"
    PARTIALLY_SIGNED = "partially_signed"
    SIGNED = "signed"
    DECLINED = "declined"
    ARCHIVED = "archived"
    OTHER = "other"


class EngagedService(Struct, frozen=True, gc=False, kw_only=True):
    """One service that was agreed on."""

    service_item: str | None = None
    """`itm_…`."""
    name: str
    quantity: Decimal | None = None
    price: Money | None = None
    billed: str | None = None
    """How often, in the vendor's word (OneOff, Monthly, …)."""


class Signer(Struct, frozen=True, gc=False, kw_only=True):
    """One who has signed or is asked to."""

    contact: str | None = None
    """`cnt_…`."""
    name: str | None = None
    signed_at: datetime | None = None
    ip: str | None = None


class Acceptance(Struct, frozen=True, gc=False, kw_only=True):
    """How a letter or proposal was agreed to."""

    at: datetime | None
    by: str | None = None
    ip: str | None = None
    manual: bool | None = None
    """True when somebody at the firm accepted in the client's place."""


class Engagement(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="engagement"):
    """A letter or proposal that firm and client agree on."""

    id: str
    """`eng_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    name: str | None
    kind_native: str | None | UnsetType = UNSET
    status: EngagementStatus
    status_native: str | None
    dated_on: date | None | UnsetType = UNSET
    starts_on: date | None | UnsetType = UNSET
    ends_on: date | None | UnsetType = UNSET
    services: list[EngagedService] | UnsetType = UNSET
    total: Money | None | UnsetType = UNSET
    signers: list[Signer] | UnsetType = UNSET
    acceptance: Acceptance | None | UnsetType = UNSET
    document: str | None | UnsetType = UNSET
    """`doc_…`: what was signed."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class EngagementCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new letter or proposal."""

    client: str
    """`cli_…`."""
    name: str | UnsetType = UNSET
    dated_on: date | UnsetType = UNSET
    services: list[str] | UnsetType = UNSET
    """`itm_…`."""
    kind_native: str | UnsetType = UNSET
    """In the vendor's word, where it has several (EngagementLetter, ProposalAndEngagementLetter)."""
    starts_on: date | UnsetType = UNSET
    ends_on: date | UnsetType = UNSET
    signers: list[str] | UnsetType = UNSET
    """`cnt_…`: who is to sign."""


class EngagementUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of an engagement. `services`, when given, replaces all of them."""

    name: str | UnsetType = UNSET
    dated_on: date | UnsetType = UNSET
    kind_native: str | UnsetType = UNSET
    """In the vendor's word, where it has several."""
    status: EngagementStatus | UnsetType = UNSET
    """`sent` sends it, `archived` puts it away, `signed` accepts it in the client's place."""
    starts_on: date | UnsetType = UNSET
    ends_on: date | UnsetType = UNSET
    services: list[str] | UnsetType = UNSET
    """`itm_…`."""
    signers: list[str] | UnsetType = UNSET
    """`cnt_…`: all who are to sign."""


class SignatureEvent(Struct, frozen=True, gc=False, kw_only=True):
    """One line of a signature's audit trail."""

    at: datetime | None
    action: str
    by: str | None = None
    ip: str | None = None


class SignatureStatus(StrEnum):
    """How far a signature has come."""

    PENDING = "pending"
    PARTIALLY_SIGNED = "partially_signed"
    SIGNED = "signed"
    DECLINED = "declined"
    OTHER = "other"


class Signature(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="signature"):
    """What clients have signed or are asked to sign."""

    id: str
    """`sig_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    document: str | None
    """`doc_…`."""
    status: SignatureStatus
    status_native: str | None
    signers: list[Signer]
    audit_trail: list[SignatureEvent] | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""
