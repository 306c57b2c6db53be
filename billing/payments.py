"""Money that comes in: payments and refunds, credit notes, and what is paid in advance."""

from datetime import datetime
from uuid import UUID

import msgspec

from billing.errors import CreditRefused, InvoiceStateError, InvoiceUnknown, PaymentRefused
from billing.invoices import PAYABLE, InvoiceState, get_invoice, move_invoice
from billing.store import QUERIES, Connection


class Balance(msgspec.Struct, frozen=True):
    """An invoice's money, in minor units. `paid_minor` is payments less refunds."""

    total_minor: int
    prepaid_minor: int
    credited_minor: int
    paid_minor: int

    @property
    def due_minor(self) -> int:
        """What is still to be paid; never negative."""
        return max(0, self.total_minor - self.prepaid_minor - self.credited_minor - self.paid_minor)


class CreditNote(msgspec.Struct, frozen=True):
    """Takes back part of an issued invoice. Numbers count up without a gap for each organization."""

    org_id: UUID
    note_id: UUID
    invoice_id: UUID
    number: int
    amount_minor: int
    reason: str
    issued_at: datetime
    refund: bool = False
    """What was paid too much by it goes back to where it came from; otherwise it is kept as prepaid money."""


async def get_balance(connection: Connection, org_id: UUID, invoice_id: UUID) -> Balance:
    """Raises InvoiceUnknown."""
    row = await connection.fetchrow(QUERIES["get_balance"], org_id, invoice_id)
    if row is None:
        raise InvoiceUnknown(f"no invoice {invoice_id}")
    return Balance(**row)


async def record_payment(
    connection: Connection, org_id: UUID, invoice_id: UUID, amount_minor: int, *, reference: str, at: datetime
) -> Balance:
    """Keeps a payment (or, negative, a refund) once for each `reference`; an invoice with nothing left due is paid.

    Raises InvoiceStateError for a draft or void invoice and for a second payment of a paid one, PaymentRefused for
    nothing, for more than is due, for a refund of more than was paid, and for a reference that stands for another
    payment. Nothing is written then.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_account"], org_id)
        invoice = await get_invoice(connection, org_id, invoice_id)
        known = await connection.fetchrow(QUERIES["get_payment"], org_id, reference)
        if known is not None:
            if (known["invoice_id"], known["amount_minor"]) != (invoice_id, amount_minor):
                raise PaymentRefused(f"payment {reference!r} is another one")
            return await get_balance(connection, org_id, invoice_id)
        if invoice.state not in PAYABLE and not (invoice.state is InvoiceState.PAID and amount_minor < 0):
            raise InvoiceStateError(f"invoice {invoice.number or invoice_id} is {invoice.state} and takes no payment")
        before = await get_balance(connection, org_id, invoice_id)
        if amount_minor == 0 or amount_minor > before.due_minor or -amount_minor > before.paid_minor:
            raise PaymentRefused(f"{before.due_minor} are due and {before.paid_minor} were paid, not {amount_minor}")
        await connection.fetchval(QUERIES["insert_payment"], org_id, reference, invoice_id, amount_minor, at)
        await _mark_if_paid(connection, org_id, invoice_id, at)
        return await get_balance(connection, org_id, invoice_id)


async def credit_invoice(
    connection: Connection,
    org_id: UUID,
    invoice_id: UUID,
    amount_minor: int,
    *,
    note_id: UUID,
    reason: str,
    at: datetime,
    refund: bool = False,
) -> CreditNote:
    """Credits part of an invoice, once for each `note_id`. What was paid too much by that becomes prepaid money.

    With `refund` it counts as given back, as far as it was paid: by Stripe where the invoice is there, else by hand.
    Raises CreditRefused where the credit notes would exceed the invoice, InvoiceStateError for a draft or void one.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_account"], org_id)
        known = await connection.fetchrow(QUERIES["get_credit_note"], org_id, note_id)
        if known is not None:
            return CreditNote(**known)
        invoice = await get_invoice(connection, org_id, invoice_id)
        if invoice.state in (InvoiceState.DRAFT, InvoiceState.VOID):
            raise InvoiceStateError(
                f"invoice {invoice.number or invoice_id} is {invoice.state} and takes no credit note"
            )
        before = await get_balance(connection, org_id, invoice_id)
        left = before.total_minor - before.credited_minor
        if not 0 < amount_minor <= left:
            raise CreditRefused(f"{left} of invoice {invoice.number} can be credited, not {amount_minor}")
        facts = (amount_minor, reason, at, refund)
        await connection.execute(QUERIES["insert_credit_note"], org_id, note_id, invoice_id, *facts)
        back = amount_minor - min(amount_minor, before.due_minor)
        refunded = min(back, before.paid_minor) if refund else 0
        if refunded:
            reference = f"refund:{note_id}"
            await connection.fetchval(QUERIES["insert_payment"], org_id, reference, invoice_id, -refunded, at)
        back -= refunded
        if back:
            await add_prepaid(connection, org_id, back, entry_id=note_id, note=reason, at=at, invoice_id=invoice_id)
        await _mark_if_paid(connection, org_id, invoice_id, at)
        (note,) = [one for one in await list_credit_notes(connection, org_id, invoice_id) if one.note_id == note_id]
        return note


async def list_credit_notes(connection: Connection, org_id: UUID, invoice_id: UUID) -> tuple[CreditNote, ...]:
    """Those of one invoice, the oldest first."""
    rows = await connection.fetch(QUERIES["list_credit_notes"], org_id, invoice_id)
    return tuple(CreditNote(**row) for row in rows)


async def add_prepaid(
    connection: Connection,
    org_id: UUID,
    amount_minor: int,
    *,
    entry_id: UUID,
    note: str,
    at: datetime,
    invoice_id: UUID | None = None,
) -> int:
    """Money paid in advance, once for each `entry_id`; the balance after it. Invoices use it when they are issued."""
    if amount_minor <= 0:
        raise PaymentRefused("prepaid money is more than nothing")
    await connection.execute(QUERIES["insert_prepaid"], org_id, entry_id, amount_minor, invoice_id, note, at)
    return await get_prepaid(connection, org_id)


async def get_prepaid(connection: Connection, org_id: UUID) -> int:
    """What is left of the prepaid money, in minor units."""
    balance: int = await connection.fetchval(QUERIES["get_prepaid_balance"], org_id)
    return balance


async def _mark_if_paid(connection: Connection, org_id: UUID, invoice_id: UUID, at: datetime) -> None:
    invoice = await get_invoice(connection, org_id, invoice_id)
    balance = await get_balance(connection, org_id, invoice_id)
    if invoice.state in PAYABLE and balance.due_minor == 0:
        await move_invoice(connection, org_id, invoice_id, InvoiceState.PAID, at=at, reason="nothing left to pay")
