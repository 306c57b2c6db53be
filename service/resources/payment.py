"""Money that a client paid the firm."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Money


class PaymentMethod(StrEnum):
    CARD = "card"
    ACH = "ach"
    CASH = "cash"
    CHECK = "check"
    OTHER = "other"


class Allocation(Struct, frozen=True, gc=False, kw_only=True):
    """A part of the payment put against one document; `credit` when a credit is being applied."""

    invoice: str | None = None
    """`inv_…`."""
    credit: str | None = None
    """`crd_…`."""
    kind_native: str | None | UnsetType = UNSET
    amount: Money


class Refund(Struct, frozen=True, gc=False, kw_only=True):
    id: str | None = None
    amount: Money
    refunded_at: datetime | None = None


class Payment(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="payment"):
    id: str
    """`pay_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    method: PaymentMethod | None | UnsetType = UNSET
    method_native: str | None | UnsetType = UNSET
    amount: Money
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
