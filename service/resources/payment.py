"""Money that a client paid the firm."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Money


class PaymentMethod(StrEnum):
    """How a client pays."""

    CARD = "card"
    ACH = "ach"
    CASH = "cash"
    CHECK = "check"
    OTHER = "other"


class PaymentStatus(StrEnum):
    """What became of a payment."""

    RECEIVED = "received"
    CLEARING = "clearing"
    """Under way: it may still bounce."""
    DECLINED = "declined"
    """A try that brought no money."""
    OTHER = "other"


class Allocation(Struct, frozen=True, gc=False, kw_only=True):
    """A part of the payment put against one document; `credit` when a credit is being applied."""

    invoice: str | None = None
    """`inv_…`."""
    credit: str | None = None
    """`crd_…`."""
    kind_native: str | None | UnsetType = UNSET
    amount: Money | UnsetType = UNSET
    """Left out where the vendor tells what is covered, and not how much of it."""


class Refund(Struct, frozen=True, gc=False, kw_only=True):
    """What went back to the client."""

    id: str | None = None
    amount: Money
    refunded_at: datetime | None = None


class Payment(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="payment"):
    """What a client has paid the firm, and against which invoices."""

    id: str
    """`pay_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    method: PaymentMethod | None | UnsetType = UNSET
    method_native: str | None | UnsetType = UNSET
    status: PaymentStatus | UnsetType = UNSET
    """Where a vendor tells none, every payment it shows has been received."""
    status_native: str | None | UnsetType = UNSET
    amount: Money | UnsetType = UNSET
    """Left out where neither the vendor nor the books say in which currency it is."""
    received_on: date | None
    allocations: list[Allocation]
    unapplied: Money | None | UnsetType = UNSET
    refunds: list[Refund] | UnsetType = UNSET
    reference: str | None
    deposit_account: str | None | UnsetType = UNSET
    """The vendor's id of the account it was paid into; null where the vendor's default holds (Undeposited Funds)."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET


class AllocationInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount put on one invoice, or taken from one credit. Give exactly one of the two; `amount` is positive."""

    invoice: str | UnsetType = UNSET
    """`inv_…`."""
    credit: str | UnsetType = UNSET
    """`crd_…`: what is taken from the credit pays the invoices beside it."""
    amount: Money


class PaymentCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money received from one client.

    What the allocations leave of it stays unapplied. To apply a credit without any money, give an `amount` of nothing
    and two allocations over the same sum: one to the invoice, one from the credit.
    """

    client: str
    """`cli_…`."""
    amount: Money
    received_on: date | UnsetType = UNSET
    """Today at the vendor when left out."""
    method: PaymentMethod | UnsetType = UNSET
    reference: str | None | UnsetType = UNSET
    deposit_account: str | UnsetType = UNSET
    """The vendor's id of the account it was paid into."""
    allocations: list[AllocationInput] | UnsetType = UNSET


class PaymentUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a payment. A field left out stays as it is; `allocations`, when given, replaces all of them."""

    amount: Money | UnsetType = UNSET
    received_on: date | UnsetType = UNSET
    method: PaymentMethod | UnsetType = UNSET
    reference: str | None | UnsetType = UNSET
    deposit_account: str | UnsetType = UNSET
    allocations: list[AllocationInput] | UnsetType = UNSET
    refund: Money | UnsetType = UNSET
    """Gives so much of it back, beside no other change; it stands in `refunds` afterwards."""
