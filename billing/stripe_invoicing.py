"""Puts an issued invoice on Stripe and collects it: customer → invoice → item per line → finalize → credit → collect.

Each step is kept in the database with how it stands (`stripe_steps`), so a try that failed anywhere is taken up there.
Stripe's draft must say what ours says, line by line and in total, before it is finalized. Without a Stripe key nobody
calls this, and the issued invoice with its document is where it ends.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from billing.invoices import Invoice, InvoiceLine, InvoiceState, get_invoice
from billing.store import QUERIES, Connection
from billing.stripe_customers import ORG, StripeCustomer, ensure_customer
from billing.stripe_rail import RailFault, RailRefused, StripeRail
from billing.stripe_state import StripeInvoice, get_stripe_invoice, read_stripe_invoice
from billing.stripe_steps import StepFailed, take_step

if TYPE_CHECKING:
    import stripe

MAX_ITEMS: Final = 250
"""Items on one Stripe invoice (docs.stripe.com/invoicing/invoice-limits, read 2026-11-20: assumed to hold for all)."""
DUE_DAYS: Final = 14
INVOICE: Final = "tickmark_invoice"
"""The metadata field that holds our invoice's id."""
CREDIT_NOTE: Final = "tickmark_credit_note"


class Item(msgspec.Struct, frozen=True):
    """One line as Stripe gets it. The amount is ours, rounded once; Stripe multiplies nothing."""

    position: int
    description: str
    units: int
    amount_minor: int
    usage_period: date | None


class Uncredited(msgspec.Struct, frozen=True):
    """A credit note of ours that Stripe does not have."""

    org_id: UUID
    invoice_id: UUID
    note_id: UUID
    amount_minor: int
    refund: bool


class InvoiceNotOwed(Exception):  # noqa: N818
    """A draft or a void invoice is not put on a rail."""


async def issue(connection: Connection, rail: StripeRail, org_id: UUID, invoice_id: UUID) -> StripeInvoice:
    """Takes every step that is not done yet; how the invoice stands at Stripe then.

    A payment that is declined is no failure: Stripe tries again and tells us. Raises StepFailed, with the later steps
    untouched, and InvoiceNotOwed. Run it again at any time, in any process; one at a time for an organization.
    """
    invoice = await get_invoice(connection, org_id, invoice_id)
    if invoice.state not in (InvoiceState.ISSUED, InvoiceState.PAST_DUE):
        there = await get_stripe_invoice(connection, org_id, invoice_id)
        if there is None or there.status == "draft":
            raise InvoiceNotOwed(f"invoice {invoice_id} is {invoice.state}")
        return await read_stripe_invoice(connection, rail, there.stripe_invoice_id)
    customer = await _customer(connection, rail, invoice)
    stripe_id = await _open(connection, rail, invoice, customer)
    for item in to_items(invoice):
        await _add(connection, rail, invoice, customer, stripe_id, item)
    await _finalize(connection, rail, invoice, stripe_id)
    # What was credited in the meantime must not be collected.
    for note in await list_uncredited(connection, invoice.drafted_at, invoice_id):
        await credit(connection, rail, org_id, invoice_id, note.note_id, note.amount_minor, refund=note.refund)
    await _collect(connection, rail, invoice, stripe_id)
    return await read_stripe_invoice(connection, rail, stripe_id)


async def credit(
    connection: Connection,
    rail: StripeRail,
    org_id: UUID,
    invoice_id: UUID,
    note_id: UUID,
    amount_minor: int,
    *,
    refund: bool = False,
) -> str:
    """Our credit note at Stripe, once for each `note_id`; its id there. It lowers what is due.

    What was paid beyond that is given back by us, as prepaid money on the next invoice, or with `refund` by Stripe, to
    where it came from. Raises StepFailed, and InvoiceNotOwed where the invoice is not on Stripe.
    """
    there = await get_stripe_invoice(connection, org_id, invoice_id)
    if there is None:
        raise InvoiceNotOwed(f"invoice {invoice_id} is not on Stripe")
    stripe_id = there.stripe_invoice_id
    invoice = await get_invoice(connection, org_id, invoice_id)

    async def find() -> str | None:
        notes = await rail.call(lambda client: client.v1.credit_notes.list(params={"invoice": stripe_id, "limit": 100}))
        return _of_ours(notes.data, CREDIT_NOTE, str(note_id))

    async def make(key: str) -> str:
        found = await rail.call(lambda client: client.v1.invoices.retrieve(stripe_id))
        left = found.total - found.pre_payment_credit_notes_amount - found.post_payment_credit_notes_amount
        # What was paid in advance was never on Stripe, and comes back as prepaid money.
        amount = min(amount_minor, left) if amount_minor - left <= invoice.prepaid_minor else amount_minor
        if amount <= 0:
            return found.id
        back = max(0, amount - found.amount_remaining)
        params: stripe.params.CreditNoteCreateParams = {
            "invoice": stripe_id,
            "amount": amount,
            "metadata": {ORG: str(org_id), CREDIT_NOTE: str(note_id)},
        }
        if back:
            params["refund_amount" if refund else "out_of_band_amount"] = back
        note = await rail.call(lambda client: client.v1.credit_notes.create(params=params, options=_key(key)))
        return note.id

    made = await take_step(connection, org_id, invoice_id, f"credit:{note_id}", find=find, make=make)
    await read_stripe_invoice(connection, rail, stripe_id)
    return made


async def list_uncredited(
    connection: Connection, issued_since: datetime, invoice_id: UUID | None = None
) -> tuple[Uncredited, ...]:
    """Credit notes issued since that are not on Stripe yet, of invoices that are finalized there."""
    rows = await connection.fetch(QUERIES["list_undone_stripe_credits"], issued_since, invoice_id)
    return tuple(msgspec.convert(row, Uncredited) for row in rows)


def to_items(invoice: Invoice) -> tuple[Item, ...]:
    """Every line an item, and what was paid in advance; of more than Stripe takes, the last is the sum of the rest."""
    items = [
        Item(line.position, _in_words(line), line.quantity, line.amount_minor, line.usage_period)
        for line in invoice.lines
    ]
    if invoice.prepaid_minor:
        items.append(Item(0, "Paid in advance", 0, -invoice.prepaid_minor, None))
    if len(items) <= MAX_ITEMS:
        return tuple(items)
    kept, rest = items[: MAX_ITEMS - 1], items[MAX_ITEMS - 1 :]
    text = f"{len(rest):,} further lines, as on our invoice"
    total = Item(rest[0].position, text, sum(i.units for i in rest), sum(i.amount_minor for i in rest), None)
    return (*kept, total)


def _in_words(line: InvoiceLine) -> str:
    return line.description if line.meter is None else f"{line.quantity:,} units: {line.description}"


async def list_unfinished(connection: Connection, issued_since: datetime) -> tuple[tuple[UUID, UUID], ...]:
    """Organization and invoice of what was issued since and is not through its steps, the oldest first."""
    rows = await connection.fetch(QUERIES["list_undone_stripe_invoices"], issued_since)
    return tuple((row["org_id"], row["invoice_id"]) for row in rows)


async def _customer(connection: Connection, rail: StripeRail, invoice: Invoice) -> StripeCustomer:
    async def make(_key: str) -> str:
        return (await ensure_customer(connection, rail, invoice.org_id)).customer_id

    async def find() -> str | None:
        return None  # the key is the organization's, not this invoice's

    await take_step(connection, invoice.org_id, invoice.invoice_id, "customer", find=find, make=make)
    return await ensure_customer(connection, rail, invoice.org_id)


async def _open(connection: Connection, rail: StripeRail, invoice: Invoice, customer: StripeCustomer) -> str:
    async def find() -> str | None:
        listed = await rail.call(
            lambda client: client.v1.invoices.list(params={"customer": customer.customer_id, "limit": 100})
        )
        return _of_ours(listed.data, INVOICE, str(invoice.invoice_id))

    async def make(key: str) -> str:
        params: stripe.params.InvoiceCreateParams = {
            "customer": customer.customer_id,
            "currency": invoice.currency.lower(),
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "description": f"Invoice {invoice.number}, {invoice.period:%B %Y}",
            "metadata": {ORG: str(invoice.org_id), INVOICE: str(invoice.invoice_id)},
        }
        if customer.payment_method is None:
            params["collection_method"] = "send_invoice"
            params["days_until_due"] = DUE_DAYS
        else:
            params["collection_method"] = "charge_automatically"
        return (await rail.call(lambda client: client.v1.invoices.create(params=params, options=_key(key)))).id

    stripe_id = await take_step(connection, invoice.org_id, invoice.invoice_id, "invoice", find=find, make=make)
    await connection.execute(QUERIES["insert_stripe_invoice"], invoice.org_id, invoice.invoice_id, stripe_id)
    return stripe_id


async def _add(
    connection: Connection, rail: StripeRail, invoice: Invoice, customer: StripeCustomer, stripe_id: str, item: Item
) -> None:
    async def find() -> str | None:
        listed = await rail.call(
            lambda client: list(
                client.v1.invoice_items.list(params={"invoice": stripe_id, "limit": 100}).auto_paging_iter()
            )
        )
        return _of_ours(listed, "position", str(item.position))

    async def make(key: str) -> str:
        metadata = {INVOICE: str(invoice.invoice_id), "position": str(item.position), "units": str(item.units)}
        if item.usage_period is not None:
            metadata["usage_period"] = item.usage_period.isoformat()
        made = await rail.call(
            lambda client: client.v1.invoice_items.create(
                params={
                    "customer": customer.customer_id,
                    "invoice": stripe_id,
                    "currency": invoice.currency.lower(),
                    "amount": item.amount_minor,
                    "description": item.description,
                    "metadata": metadata,
                },
                options=_key(key),
            )
        )
        return made.id

    await take_step(connection, invoice.org_id, invoice.invoice_id, f"item:{item.position}", find=find, make=make)


async def _finalize(connection: Connection, rail: StripeRail, invoice: Invoice, stripe_id: str) -> None:
    async def find() -> str | None:
        found = await rail.call(lambda client: client.v1.invoices.retrieve(stripe_id))
        return None if found.status == "draft" else found.id

    async def make(key: str) -> str:
        draft = await rail.call(lambda client: client.v1.invoices.retrieve(stripe_id))
        owed = invoice.total_minor - invoice.prepaid_minor
        if draft.total != owed:
            raise RailRefused(f"total_differs: {draft.total} there, {owed} here")
        done = await rail.call(
            lambda client: client.v1.invoices.finalize_invoice(
                stripe_id, params={"auto_advance": True}, options=_key(key)
            )
        )
        return done.id

    await take_step(connection, invoice.org_id, invoice.invoice_id, "finalize", find=find, make=make)


async def _collect(connection: Connection, rail: StripeRail, invoice: Invoice, stripe_id: str) -> None:
    async def find() -> str | None:
        found = await rail.call(lambda client: client.v1.invoices.retrieve(stripe_id))
        tried = found.status != "open" or found.attempt_count > 0
        return found.id if tried else None

    async def make(key: str) -> str:
        found = await rail.call(lambda client: client.v1.invoices.retrieve(stripe_id))
        if found.status != "open":
            return found.id  # nothing was due, or somebody has paid
        if found.collection_method == "send_invoice":
            await rail.call(lambda client: client.v1.invoices.send_invoice(stripe_id, options=_key(key)))
            return found.id
        try:
            await rail.call(lambda client: client.v1.invoices.pay(stripe_id, options=_key(key)))
        except RailRefused as refusal:
            if not refusal.declined:
                raise
        return found.id

    await take_step(connection, invoice.org_id, invoice.invoice_id, "collect", find=find, make=make)


def _of_ours(
    objects: "Iterable[stripe.Invoice | stripe.InvoiceItem | stripe.CreditNote]", name: str, value: str
) -> str | None:
    for one in objects:
        metadata = one.metadata
        if metadata is not None and name in metadata and metadata[name] == value:
            return one.id
    return None


def _key(key: str) -> "stripe.RequestOptions":
    return {"idempotency_key": key}


__all__ = [
    "InvoiceNotOwed",
    "Item",
    "RailFault",
    "StepFailed",
    "credit",
    "issue",
    "list_uncredited",
    "list_unfinished",
    "to_items",
]
