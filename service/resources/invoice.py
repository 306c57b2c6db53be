"""An invoice that the firm sends to its client. Our own invoices are `billing.Invoice`."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Money


class InvoiceStatus(StrEnum):
    """How far an invoice has come."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    VOID = "void"
    ARCHIVED = "archived"
    OTHER = "other"


class LineKind(StrEnum):
    """What a line of an invoice is."""

    ITEM = "item"
    DISCOUNT = "discount"
    """`amount` is negative."""
    DESCRIPTION = "description"
    """A text between the lines, without an amount."""
    GROUP = "group"
    OTHER = "other"


class InvoiceLine(Struct, frozen=True, kw_only=True, gc=False):
    """One line of an invoice; the amounts of all, and the tax, make the total."""

    id: str | None
    """The vendor's id of the line."""
    kind: LineKind = LineKind.ITEM
    description: str | None = None
    service_item: str | None = None
    """`itm_…`."""
    service_item_name: str | None | UnsetType = UNSET
    sku: str | None | UnsetType = UNSET
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    """In the invoice's currency; may be finer than its smallest unit."""
    amount: Money | None
    tax_code: str | None | UnsetType = UNSET
    service_date: date | None | UnsetType = UNSET
    class_name: str | None | UnsetType = UNSET
    tracking: list[str] | UnsetType = UNSET
    """`trk_…`: the class that the line is booked under."""
    time_entries: list[str] | UnsetType = UNSET
    """`tim_…`."""


class LedgerState(StrEnum):
    """Whether the ledger has the invoice."""

    SYNCED = "synced"
    NOT_SYNCED = "not_synced"
    ERROR = "error"
    OTHER = "other"


class LedgerSync(Struct, frozen=True, gc=False):
    """How the invoice stands in the firm's general ledger."""

    document_number: str | None
    state: LedgerState
    state_native: str | None = None


class Invoice(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="invoice"):
    """What the firm bills a client."""

    id: str
    """`inv_…`."""
    remote_id: str
    connection: str
    account: str
    number: str | None
    client: str | None
    """`cli_…`."""
    client_name: str | None | UnsetType = UNSET
    status: InvoiceStatus
    status_native: str | None
    issued_on: date | None
    due_on: date | None
    terms: str | None | UnsetType = UNSET
    currency: str
    lines: list[InvoiceLine] | UnsetType = UNSET
    tax: Money | None | UnsetType = UNSET
    total: Money
    paid: Money | None | UnsetType = UNSET
    balance: Money | UnsetType = UNSET
    """Left out where the vendor tells none and the status does not settle it."""
    class_name: str | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    tracking: list[str] | UnsetType = UNSET
    """`trk_…`: the class and location of the whole invoice."""
    memo: str | None | UnsetType = UNSET
    """A note that the client can read."""
    ledger_sync: LedgerSync | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET


class InvoiceLineInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give `amount`, or `quantity` with `unit_price`; all three must agree."""

    id: str | UnsetType = UNSET
    """On an update: the line that this one replaces."""
    description: str | None | UnsetType = UNSET
    service_item: str | UnsetType = UNSET
    quantity: Decimal | UnsetType = UNSET
    unit_price: Decimal | UnsetType = UNSET
    amount: Money | UnsetType = UNSET
    service_date: date | None | UnsetType = UNSET
    tax_code: str | UnsetType = UNSET
    tracking: list[str] | UnsetType = UNSET
    """`trk_…`: the class to book it under."""
    time_entries: list[str] | UnsetType = UNSET
    """`tim_…`: the time that this line bills."""
    write_up: Money | UnsetType = UNSET
    """Put on (or, negative, taken off) what the line's time comes to."""


class InvoiceCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new invoice for one client, with at least one line."""

    client: str
    lines: list[InvoiceLineInput]
    number: str | UnsetType = UNSET
    issued_on: date | UnsetType = UNSET
    due_on: date | UnsetType = UNSET
    terms: str | UnsetType = UNSET
    """As records show them."""
    currency: str | UnsetType = UNSET
    class_name: str | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    """By name, where vendors know these by name alone; else in `tracking`."""
    tracking: list[str] | UnsetType = UNSET
    memo: str | None | UnsetType = UNSET


class InvoiceUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of an invoice. `lines`, when given, replaces all lines."""

    lines: list[InvoiceLineInput] | UnsetType = UNSET
    number: str | UnsetType = UNSET
    issued_on: date | UnsetType = UNSET
    due_on: date | UnsetType = UNSET
    terms: str | UnsetType = UNSET
    class_name: str | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    tracking: list[str] | UnsetType = UNSET
    memo: str | None | UnsetType = UNSET
