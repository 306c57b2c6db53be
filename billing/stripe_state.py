"""How our invoices stand at Stripe, as it said when it was last read; and what that means for collecting them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from billing.invoices import InvoiceState, get_invoice, move_invoice
from billing.payments import record_payment
from billing.store import QUERIES, Connection
from billing.stripe_rail import StripeRail

if TYPE_CHECKING:
    import stripe


class Collection(StrEnum):
    """Where the money is. Retrying: declined, and Stripe tries again; failed: declined, and it does not."""

    NONE = "none"
    DUE = "due"
    RETRYING = "retrying"
    FAILED = "failed"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


class StripeInvoice(msgspec.Struct, frozen=True):
    """One of our invoices at Stripe. `status` is Stripe's word: draft, open, paid, uncollectible, void."""

    org_id: UUID
    invoice_id: UUID
    stripe_invoice_id: str
    status: str
    collection: Collection
    total_minor: int
    paid_minor: int
    credited_minor: int
    payment_attempts: int
    next_attempt_at: datetime | None
    hosted_url: str | None
    read_at: datetime


async def get_stripe_invoice(connection: Connection, org_id: UUID, invoice_id: UUID) -> StripeInvoice | None:
    """As it was last read; None when it is not on Stripe."""
    row = await connection.fetchrow(QUERIES["get_stripe_invoice"], org_id, invoice_id)
    return None if row is None else msgspec.convert(row, StripeInvoice)


Told = Callable[[Connection, UUID, UUID, str], Awaitable[None]]
"""Hears of a move of our invoice, in the move's own transaction: organization, invoice, `payment` or its new state."""


async def read_stripe_invoice(
    connection: Connection, rail: StripeRail, stripe_invoice_id: str, told: Told | None = None
) -> StripeInvoice:
    """Reads it at Stripe, keeps what it says and moves our invoice there: payments, past due, uncollectible, void.

    The row is locked first: an older answer never follows a newer one. LookupError for an invoice that is not ours;
    InvoiceStateError or ValueError where ours cannot follow (a payment of a void one): then nothing is kept.
    """
    async with connection.transaction():
        row = await connection.fetchrow(QUERIES["lock_stripe_invoice"], stripe_invoice_id)
        if row is None:
            raise LookupError(stripe_invoice_id)
        org_id, invoice_id = row
        found = await rail.call(lambda client: client.v1.invoices.retrieve(stripe_invoice_id))
        await connection.execute(QUERIES["mark_stripe_invoice"], org_id, invoice_id, *_figures(found))
        kept = await get_stripe_invoice(connection, org_id, invoice_id)
        assert kept is not None
        for moved in await _follow(connection, kept):
            if told is not None:
                await told(connection, org_id, invoice_id, moved)
        return kept


def collection_of(status: str, attempts: int, next_attempt_at: datetime | None) -> Collection:
    """Stripe's word and its tries as our dunning state."""
    match status:
        case "paid" | "uncollectible" | "void":
            return Collection(status)
        case "open" if attempts == 0:
            return Collection.DUE
        case "open":
            return Collection.RETRYING if next_attempt_at is not None else Collection.FAILED
        case _:
            return Collection.NONE


async def _follow(connection: Connection, there: StripeInvoice) -> list[str]:
    """What became of ours, in its order."""
    org_id, invoice_id, at = there.org_id, there.invoice_id, there.read_at
    before, moves = (await get_invoice(connection, org_id, invoice_id)).state, list[str]()
    # Stripe's figure does not go down by what it has given back.
    known_minor = await connection.fetchval(QUERIES["get_paid_on_stripe"], org_id, invoice_id, there.stripe_invoice_id)
    new_minor = there.paid_minor - known_minor
    if there.collection is Collection.PAID and new_minor > 0:
        reference = f"{there.stripe_invoice_id}:{there.paid_minor}"
        await record_payment(connection, org_id, invoice_id, new_minor, reference=reference, at=at)
        moves.append("payment")
    state = (await get_invoice(connection, org_id, invoice_id)).state
    wanted = _STATES.get(there.collection, state)
    if wanted is not state and not (wanted is InvoiceState.PAST_DUE and state is not InvoiceState.ISSUED):
        await move_invoice(connection, org_id, invoice_id, wanted, at=at, reason=f"Stripe: {there.status}")
        state = wanted
    return moves if state is before else [*moves, state.value]


_STATES: Final = {
    Collection.RETRYING: InvoiceState.PAST_DUE,
    Collection.FAILED: InvoiceState.PAST_DUE,
    Collection.UNCOLLECTIBLE: InvoiceState.UNCOLLECTIBLE,
    Collection.VOID: InvoiceState.VOID,
}
"""Where Stripe's word moves ours. Paid follows from the money, not from the word."""


def _figures(found: "stripe.Invoice") -> tuple[Any, ...]:
    status = str(found.status)
    next_at = None if found.next_payment_attempt is None else datetime.fromtimestamp(found.next_payment_attempt, UTC)
    credited = found.pre_payment_credit_notes_amount + found.post_payment_credit_notes_amount
    return (
        status,
        collection_of(status, found.attempt_count, next_at),
        found.total,
        found.amount_paid,
        credited,
        found.attempt_count,
        next_at,
        found.hosted_invoice_url,
    )
