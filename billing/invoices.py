"""Our invoices to an organization: drafted by closing a month, issued with a number that leaves no gap."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from billing.errors import InvoiceUnknown
from billing.invocation import Meter
from billing.store import QUERIES, Connection


class InvoiceState(StrEnum):
    """Draft: checked by us, not yet owed. Issued: numbered and owed; nothing in it changes any more."""

    DRAFT = "draft"
    ISSUED = "issued"


class LineKind(StrEnum):
    """Usage of the invoice's own month, or a correction of an earlier one: late units, or units taken back."""

    USAGE = "usage"
    CORRECTION = "correction"


class InvoiceLine(msgspec.Struct, frozen=True):
    """Units of one meter in one tier of the month `usage_period`; tier 0 is the free allowance."""

    position: int
    kind: LineKind
    usage_period: date
    meter: Meter
    tier: int
    quantity: int
    unit_price: Decimal
    amount_minor: int

    @property
    def description(self) -> str:
        """The line in words: `read, free units`, `write, late from 2026-10`."""
        what = f"{self.meter}, free units" if self.tier == 0 else f"{self.meter}, tier {self.tier}"
        if self.kind is LineKind.USAGE:
            return what
        return f"{what}, {'late from' if self.quantity > 0 else 'taken back from'} {self.usage_period:%Y-%m}"


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

    @property
    def units(self) -> int:
        """Units on all its lines."""
        return sum(line.quantity for line in self.lines)


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


async def issue_invoice(connection: Connection, org_id: UUID, invoice_id: UUID, *, at: datetime) -> Invoice:
    """Numbers a draft; an invoice that is issued already stays as it is, so a retry is safe."""
    async with connection.transaction():
        await connection.execute(QUERIES["lock_account"], org_id)
        invoice = await get_invoice(connection, org_id, invoice_id)
        if invoice.state is InvoiceState.ISSUED:
            return invoice
        await connection.execute(QUERIES["mark_invoice_issued"], org_id, invoice_id, at)
        return await get_invoice(connection, org_id, invoice_id)


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
