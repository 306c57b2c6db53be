"""A firm's client: a person or a business that the practice works for."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Address, Email, Meta, Money, Note, NoteInput, Phone, TaxId


class ClientKind(StrEnum):
    """What a client is."""

    INDIVIDUAL = "individual"
    BUSINESS = "business"
    OTHER = "other"


class ClientStatus(StrEnum):
    """Where a client stands with the firm."""

    PROSPECT = "prospect"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ARCHIVED = "archived"
    OTHER = "other"


class LinkedClient(Struct, frozen=True, gc=False):
    """Another client this one is related to; `kind` in the vendor's word (spouse, dependent, …)."""

    client: str
    kind: str | None = None


class ClientService(Struct, frozen=True, gc=False, kw_only=True):
    """A service that the firm provides to the client, on the client's own terms."""

    id: str
    """The vendor's id of this arrangement, not of the service."""
    service_item: str | None = None
    """`itm_…`."""
    name: str | None
    billed: str | None = None
    """How often, in the vendor's word (OneOff, Monthly, …)."""
    price: Money | None | UnsetType = UNSET
    status_native: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None


class KeyDate(Struct, frozen=True, gc=False, kw_only=True):
    """A day that matters for the client's filings; `kind_native` in the vendor's word (YearEnd, AccountsNextDue, …)."""

    kind_native: str
    on: date | None
    note: str | None = None


class ExternalLink(Struct, frozen=True, gc=False, kw_only=True):
    """An address on the web that belongs to a record."""

    url: str
    label: str | None = None
    kind_native: str | None = None
    id: str | None = None


class BillingLine(Struct, frozen=True, gc=False, kw_only=True):
    """What is to be billed to the client, before it stands on an invoice."""

    id: str
    description: str | None
    status_native: str | None
    """In the vendor's word (Pending, Approved, Invoiced, Cancelled)."""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    amount: Money | None | UnsetType = UNSET
    tax_code: str | None = None
    ledger_code: str | None = None
    service: str | None = None
    """The arrangement in `services` that it comes from."""
    bills_on: date | None = None
    period_from: date | None = None
    period_to: date | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Client(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="client"):
    """A person or business that the firm works for."""

    id: str
    """`cli_…`: carries the connection, the account and the vendor's id."""
    remote_id: str
    connection: str
    account: str
    display_name: str
    legal_name: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    kind: ClientKind | UnsetType = UNSET
    kind_native: str | None | UnsetType = UNSET
    filing_type: str | None | UnsetType = UNSET
    status: ClientStatus
    status_native: str | None
    emails: list[Email]
    phones: list[Phone]
    addresses: list[Address] | UnsetType = UNSET
    website: str | None | UnsetType = UNSET
    owner: str | None | UnsetType = UNSET
    """The user in charge (`usr_…`)."""
    manager: str | None | UnsetType = UNSET
    """`usr_…`."""
    partner: str | None | UnsetType = UNSET
    """`usr_…`: the partner of the firm who answers for the client."""
    parent: str | None | UnsetType = UNSET
    """The client this one is a part of (`cli_…`), such as a QuickBooks sub-customer's parent."""
    group: str | None | UnsetType = UNSET
    linked: list[LinkedClient] | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET
    tax_ids: list[TaxId] | UnsetType = UNSET
    trading_name: str | None | UnsetType = UNSET
    """What the business calls itself, where that is not its registered name."""
    registration_number: str | None | UnsetType = UNSET
    """In the public register of companies."""
    fiscal_year_end: date | None | UnsetType = UNSET
    """The last day of the financial year that comes next."""
    key_dates: list[KeyDate] | UnsetType = UNSET
    services: list[ClientService] | UnsetType = UNSET
    external_links: list[ExternalLink] | UnsetType = UNSET
    billing_lines: list[BillingLine] | UnsetType = UNSET
    currency: str | None | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    """All that is noted, as one text."""
    note_entries: list[Note] | UnsetType = UNSET
    """The same note by note, where the vendor keeps them apart."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    """Changes with every change of the record; send it back as `If-Match`."""
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class LinkedClientInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How two clients belong together."""

    client: str
    """`cli_…`."""
    kind: str
    """In the vendor's word."""


class KeyDateInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of a client's dates to write."""

    kind_native: str
    on: date | None


class ExternalLinkInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One link; `id` names the one that it replaces."""

    url: str
    id: str | UnsetType = UNSET
    label: str | None | UnsetType = UNSET
    kind_native: str | UnsetType = UNSET


class ClientServiceInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service on the client's terms. With the `id` of one it is a change of that; a new one needs the rest."""

    id: str | UnsetType = UNSET
    service_item: str | UnsetType = UNSET
    """`itm_…`."""
    billed: str | UnsetType = UNSET
    """How often, in the vendor's word."""
    price: Money | UnsetType = UNSET
    status_native: str | UnsetType = UNSET
    starts_on: date | None | UnsetType = UNSET
    ends_on: date | None | UnsetType = UNSET


class ClientCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new client. Only `display_name` is required."""

    display_name: str
    legal_name: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    kind: ClientKind | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    phones: list[Phone] | UnsetType = UNSET
    addresses: list[Address] | UnsetType = UNSET
    website: str | None | UnsetType = UNSET
    parent: str | None | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET
    filing_type: str | UnsetType = UNSET
    """In the vendor's word, where it asks for more than the kind (PrivateLimitedCompany, …)."""
    owner: str | None | UnsetType = UNSET
    manager: str | None | UnsetType = UNSET
    partner: str | None | UnsetType = UNSET
    group: str | None | UnsetType = UNSET
    linked: list[LinkedClientInput] | UnsetType = UNSET


class ClientUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a client. A field left out stays as it is; null empties it; a list replaces the whole list."""

    display_name: str | UnsetType = UNSET
    legal_name: str | None | UnsetType = UNSET
    given_name: str | None | UnsetType = UNSET
    family_name: str | None | UnsetType = UNSET
    kind: ClientKind | UnsetType = UNSET
    """Many vendors refuse to turn a person into a business."""
    status: ClientStatus | UnsetType = UNSET
    emails: list[Email] | UnsetType = UNSET
    phones: list[Phone] | UnsetType = UNSET
    addresses: list[Address] | UnsetType = UNSET
    website: str | None | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, Any] | UnsetType = UNSET
    filing_type: str | UnsetType = UNSET
    owner: str | None | UnsetType = UNSET
    manager: str | None | UnsetType = UNSET
    partner: str | None | UnsetType = UNSET
    group: str | None | UnsetType = UNSET
    linked: list[LinkedClientInput] | UnsetType = UNSET
    trading_name: str | None | UnsetType = UNSET
    registration_number: str | None | UnsetType = UNSET
    fiscal_year_end: date | None | UnsetType = UNSET
    key_dates: list[KeyDateInput] | UnsetType = UNSET
    services: list[ClientServiceInput] | UnsetType = UNSET
    external_links: list[ExternalLinkInput] | UnsetType = UNSET
    note_entries: list[NoteInput] | UnsetType = UNSET
