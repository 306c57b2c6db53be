"""Our invoices to an organization: drafted by closing a month, issued with a number that leaves no gap.

draft → issued → paid | past_due → uncollectible | void; what was given up as uncollectible may still be paid or voided.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

import asyncpg
import msgspec

from billing.errors import InvoiceStateError, InvoiceUnknown
from billing.invocation import Meter
from billing.store import QUERIES, Connection


class InvoiceState(StrEnum):
    """Draft: checked by us, not yet owed. Issued: numbered and owed; nothing but the state changes any more."""

    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    PAST_DUE = "past_due"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


NEXT_STATES: Final = MappingProxyType(
    {
        InvoiceState.DRAFT: frozenset({InvoiceState.ISSUED}),
        InvoiceState.ISSUED: frozenset(
            {InvoiceState.PAID, InvoiceState.PAST_DUE, InvoiceState.UNCOLLECTIBLE, InvoiceState.VOID}
        ),
        InvoiceState.PAST_DUE: frozenset({InvoiceState.PAID, InvoiceState.UNCOLLECTIBLE, InvoiceState.VOID}),
        InvoiceState.UNCOLLECTIBLE: frozenset({InvoiceState.PAID, InvoiceState.VOID}),
        InvoiceState.PAID: frozenset[InvoiceState](),
        InvoiceState.VOID: frozenset[InvoiceState](),
    }
)
"""Where an invoice can go from each state; the database holds the same list."""
PAYABLE: Final = frozenset({InvoiceState.ISSUED, InvoiceState.PAST_DUE, InvoiceState.UNCOLLECTIBLE})
DUE_AFTER: Final = timedelta(days=14)


class LineKind(StrEnum):
    """Usage of the invoice's own month; a correction of an earlier one (late units, units taken back); or what the plan
    or the tax makes of a month as a whole."""

    USAGE = "usage"
    CORRECTION = "correction"
    DISCOUNT = "discount"
    CREDIT = "credit"
    MINIMUM = "minimum"
    TAX = "tax"


class InvoiceLine(msgspec.Struct, frozen=True):
    """Units of one meter in one tier of the month `usage_period`; tier 0 is the free allowance.

    `unit_price` is for `per` units; the amount is `priced_quantity` times it. Discount, credit, minimum and tax have no
    meter and no units; a tax has its percentage as `unit_price`.
    """

    position: int
    kind: LineKind
    usage_period: date
    meter: Meter | None
    tier: int
    quantity: int
    unit_price: Decimal
    amount_minor: int
    priced_quantity: int = 0
    per: int = 1
    note: str | None = None

    @property
    def description(self) -> str:
        """The line in words: `read, free units`, `write, late from 2026-10`."""
        if self.meter is None:
            return self.note or self.kind.value
        what = describe_tier(self.meter, self.tier, self.per)
        if self.kind is LineKind.USAGE:
            return what
        return f"{what}, {'late from' if self.quantity > 0 else 'taken back from'} {self.usage_period:%Y-%m}"


def describe_tier(meter: Meter, tier: int, per: int = 1) -> str:
    """Part of a meter's month in words."""
    if tier == 0:
        return f"{meter}, free units"
    return f"{meter}, tier {tier}" if per == 1 else f"{meter}, packages of {per:,}"


class Invoice(msgspec.Struct, frozen=True):
    """One month of an organization. Amounts are minor units of `currency`; a draft has no number."""

    org_id: UUID
    invoice_id: UUID
    period: date
    state: InvoiceState
    number: int | None
    currency: str
    total_minor: int
    drafted_at: datetime
    issued_at: datetime | None
    lines: tuple[InvoiceLine, ...]
    due_on: date | None = None
    prepaid_minor: int = 0
    """What was taken from prepaid money when it was issued."""

    @property
    def tax_minor(self) -> int:
        """The tax in its total."""
        return sum(line.amount_minor for line in self.lines if line.kind is LineKind.TAX)

    @property
    def units(self) -> int:
        """Units on all its lines."""
        return sum(line.quantity for line in self.lines)


class InvoiceMove(msgspec.Struct, frozen=True):
    """An invoice came into a state."""

    state: InvoiceState
    moved_at: datetime
    reason: str


async def get_invoice(connection: Connection, org_id: UUID, invoice_id: UUID) -> Invoice:
    """Raises InvoiceUnknown, also for another organization's."""
    row = await connection.fetchrow(QUERIES["get_invoice"], org_id, invoice_id)
    if row is None:
        raise InvoiceUnknown(f"no invoice {invoice_id}")
    return (await _with_lines(connection, org_id, [row]))[0]


async def list_invoices(
    connection: Connection, org_id: UUID, *, before: date | None = None, limit: int = 50
) -> tuple[Invoice, ...]:
    """Newest month first; `before` is the month of the last invoice of the page before."""
    return await _with_lines(
        connection, org_id, await connection.fetch(QUERIES["list_invoices"], org_id, before, limit)
    )


async def issue_invoice(
    connection: Connection, org_id: UUID, invoice_id: UUID, *, at: datetime, due_after: timedelta = DUE_AFTER
) -> Invoice:
    """Numbers a draft and pays what it can from prepaid money; an invoice issued before stays as it is.

    With nothing left to pay it is paid at once.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_account"], org_id)
        invoice = await get_invoice(connection, org_id, invoice_id)
        if invoice.state is not InvoiceState.DRAFT:
            return invoice
        balance: int = await connection.fetchval(QUERIES["get_prepaid_balance"], org_id)
        used = max(0, min(balance, invoice.total_minor))
        await connection.execute(QUERIES["mark_invoice_issued"], org_id, invoice_id, at, (at + due_after).date(), used)
        await _log_move(connection, org_id, invoice_id, InvoiceState.ISSUED, at, "")
        if used:
            entry = (org_id, uuid5(invoice_id, "prepaid"), -used, invoice_id, f"invoice of {invoice.period:%Y-%m}", at)
            await connection.execute(QUERIES["insert_prepaid"], *entry)
        if invoice.total_minor <= used:
            await move_invoice(connection, org_id, invoice_id, InvoiceState.PAID, at=at, reason="nothing to pay")
        return await get_invoice(connection, org_id, invoice_id)


async def move_invoice(
    connection: Connection, org_id: UUID, invoice_id: UUID, state: InvoiceState, *, at: datetime, reason: str = ""
) -> Invoice:
    """Moves an issued invoice on; one that is in `state` already stays as it is, so a retry is safe.

    Raises InvoiceStateError where no way leads there (NEXT_STATES); a draft is issued by `issue_invoice`. Voiding gives
    prepaid money back.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_account"], org_id)
        invoice = await get_invoice(connection, org_id, invoice_id)
        if invoice.state is state:
            return invoice
        if state not in NEXT_STATES[invoice.state] or invoice.state is InvoiceState.DRAFT:
            raise InvoiceStateError(f"invoice {invoice.number or invoice_id} is {invoice.state} and cannot be {state}")
        await connection.execute(QUERIES["mark_invoice"], org_id, invoice_id, state)
        await _log_move(connection, org_id, invoice_id, state, at, reason)
        if state is InvoiceState.VOID and invoice.prepaid_minor:
            entry = (uuid5(invoice_id, "returned"), invoice.prepaid_minor, invoice_id, f"invoice {invoice.number} void")
            await connection.execute(QUERIES["insert_prepaid"], org_id, *entry, at)
        return await get_invoice(connection, org_id, invoice_id)


async def list_moves(connection: Connection, org_id: UUID, invoice_id: UUID) -> tuple[InvoiceMove, ...]:
    """When and why the invoice came into each of its states, since it was issued."""
    rows = await connection.fetch(QUERIES["list_invoice_moves"], org_id, invoice_id)
    return tuple(msgspec.convert(row, InvoiceMove) for row in rows)


async def mark_past_due(connection: Connection, org_id: UUID, today: date, *, at: datetime) -> tuple[Invoice, ...]:
    """Moves what was due before `today` and is not paid to past_due."""
    rows = await connection.fetch(QUERIES["list_overdue"], org_id, today)
    return tuple(
        [
            await move_invoice(connection, org_id, row["invoice_id"], InvoiceState.PAST_DUE, at=at, reason="due date")
            for row in rows
        ]
    )


async def _log_move(
    connection: Connection, org_id: UUID, invoice_id: UUID, state: InvoiceState, at: datetime, reason: str
) -> None:
    await connection.execute(QUERIES["insert_invoice_move"], org_id, invoice_id, state, at, reason)


async def insert_draft(connection: Connection, invoice: Invoice) -> None:
    """Writes a new draft with its lines, in the transaction of the period it closes."""
    head = (invoice.period, invoice.currency, invoice.total_minor, invoice.drafted_at)
    await connection.execute(QUERIES["insert_invoice"], invoice.org_id, invoice.invoice_id, *head)
    rows = [(invoice.org_id, invoice.invoice_id, *msgspec.structs.astuple(line)) for line in invoice.lines]
    await connection.executemany(QUERIES["insert_invoice_line"], rows)


async def _with_lines(connection: Connection, org_id: UUID, heads: Sequence[asyncpg.Record]) -> tuple[Invoice, ...]:
    lines: dict[UUID, list[InvoiceLine]] = {head["invoice_id"]: [] for head in heads}
    for row in await connection.fetch(QUERIES["list_invoice_lines"], org_id, list(lines)):
        lines[row["invoice_id"]].append(msgspec.convert(row, InvoiceLine))
    return tuple(msgspec.convert({**head, "lines": tuple(lines[head["invoice_id"]])}, Invoice) for head in heads)
