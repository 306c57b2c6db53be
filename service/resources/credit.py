"""A credit that the firm owes a client (a credit memo)."""

from datetime import date, datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Money
from service.resources.invoice import InvoiceLineInput


class CreditApplication(Struct, frozen=True, gc=False, kw_only=True):
    """A part of a credit that was put against an invoice."""

    invoice: str | None
    """`inv_…`."""
    amount: Money
    applied_at: datetime | None = None


class Credit(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="credit"):
    """What the firm owes a client, and what is left of it."""

    id: str
    """`crd_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    number: str | None | UnsetType = UNSET
    issued_on: date | None | UnsetType = UNSET
    amount: Money | UnsetType = UNSET
    """Left out where neither the vendor nor the books say in which currency it is."""
    remaining: Money | None | UnsetType = UNSET
    applications: list[CreditApplication] | UnsetType = UNSET
    memo: str | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET


class CreditCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new credit for one client, with at least one line. Its amount is what the lines come to."""

    client: str
    """`cli_…`."""
    lines: list[InvoiceLineInput]
    number: str | UnsetType = UNSET
    issued_on: date | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    memo: str | None | UnsetType = UNSET


class CreditApplicationInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount of the credit, put on one invoice."""

    invoice: str
    """`inv_…`."""
    amount: Money


class CreditUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a credit. `lines` and `applications`, when given, replace all of them."""

    applications: list[CreditApplicationInput] | UnsetType = UNSET
    """Where a credit is applied by itself; elsewhere a payment of nothing applies it."""
    lines: list[InvoiceLineInput] | UnsetType = UNSET
    number: str | UnsetType = UNSET
    issued_on: date | UnsetType = UNSET
    memo: str | None | UnsetType = UNSET
