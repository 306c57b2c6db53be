"""What is owed on an invoice: payments, credit notes, and where to pay it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

import billing
from billing import Balance, CreditNote, InvoiceState, InvoiceUnknown, StripeInvoice
from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.db.pool import Connection, Pool, as_organization
from service.errors import missing
from service.resources.common import Money

_PAYABLE: Final = (InvoiceState.ISSUED, InvoiceState.PAST_DUE, InvoiceState.UNCOLLECTIBLE)


class InvoiceCredit(Struct, frozen=True, kw_only=True):
    """A credit note: it takes back part of an invoice."""

    id: str
    """`crn_…`"""
    number: int
    """Counts up without a gap."""
    amount: Money
    """What it takes back."""
    reason: str
    """Why, in words."""
    issued_at: datetime
    """When."""


class InvoiceBalance(Struct, frozen=True, kw_only=True, tag_field="object", tag="invoice_balance"):
    """What is owed on one of our invoices, as it stands now."""

    invoice: str
    """`bill_…`"""
    state: InvoiceState
    """As on the invoice."""
    total: Money
    """What it comes to."""
    prepaid: Money
    """What prepaid money paid of it."""
    credited: Money
    """What credit notes took back."""
    paid: Money
    """Payments, less what went back."""
    due: Money
    """What is still to be paid."""
    credit_notes: tuple[InvoiceCredit, ...]
    """In the order of their numbers."""
    pay_url: str | None
    """A page hosted by Stripe on which it is paid; null where there is none, or nothing is due."""


class Standing(Struct, frozen=True):
    """An invoice with all that has become of it."""

    invoice: billing.Invoice
    balance: Balance
    notes: tuple[CreditNote, ...]
    on_stripe: StripeInvoice | None


async def read_standing(connection: Connection, org_id: UUID, invoice_id: UUID) -> Standing:
    """Raises InvoiceUnknown."""
    return Standing(
        await billing.get_invoice(connection, org_id, invoice_id),
        await billing.get_balance(connection, org_id, invoice_id),
        await billing.list_credit_notes(connection, org_id, invoice_id),
        await billing.get_stripe_invoice(connection, org_id, invoice_id),
    )


def to_balance(found: Standing) -> InvoiceBalance:
    """As it is shown."""
    invoice, balance = found.invoice, found.balance
    currency = invoice.currency
    due_minor = balance.due_minor if invoice.state in _PAYABLE else 0
    url = None if found.on_stripe is None else found.on_stripe.hosted_url
    return InvoiceBalance(
        invoice=ids.encode("bill", invoice.invoice_id),
        state=invoice.state,
        total=Money(balance.total_minor, currency),
        prepaid=Money(balance.prepaid_minor, currency),
        credited=Money(balance.credited_minor, currency),
        paid=Money(balance.paid_minor, currency),
        due=Money(due_minor, currency),
        credit_notes=tuple(
            InvoiceCredit(
                id=ids.encode("crn", one.note_id),
                number=one.number,
                amount=Money(one.amount_minor, currency),
                reason=one.reason,
                issued_at=one.issued_at,
            )
            for one in found.notes
        ),
        pay_url=url if due_minor and url is not None and url.startswith("https://") else None,
    )


class BalanceRoutes:
    """Says what is owed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def balance(self, call: Call) -> Answer:
        org_id = call.known_caller.org_id
        try:
            async with as_organization(self._pool, org_id) as connection:
                found = await read_standing(connection, org_id, ids.decode("bill", call.params["id"]))
        except (ids.MalformedIdError, InvoiceUnknown):
            raise missing() from None
        call.rows = 1
        return answer_of(to_balance(found))


def balance_operations(pool: Pool) -> tuple[Operation, ...]:
    """What a key can ask of an invoice's money."""
    return (
        Operation(
            id="getBillingInvoiceBalance",
            method="GET",
            path="/v1/billing/invoices/{id}/balance",
            tag="billing",
            summary="Get what is owed on an invoice",
            description="Payments, credit notes, what is still due, and where to pay it.",
            scope="billing:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=InvoiceBalance,
            parameters=(parameters.path_id("id", "The invoice's id, `bill_…`."),),
            problems=(errors.NOT_FOUND,),
            example=_EXAMPLE,
            run=BalanceRoutes(pool).balance,
        ),
    )


def _usd(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "USD"}


_EXAMPLE: Final[dict[str, Any]] = {
    "object": "invoice_balance",
    "invoice": "bill_01k8y4q2m3c5d7e9f1g3h5j7k9",
    "state": "issued",
    "total": _usd(1680),
    "prepaid": _usd(0),
    "credited": _usd(180),
    "paid": _usd(0),
    "due": _usd(1500),
    "credit_notes": [
        {
            "id": "crn_01k3sd4w6qe8trr8zp1zk0hv4n",
            "number": 1,
            "amount": _usd(180),
            "reason": "Slow answers on 3 October",
            "issued_at": "2026-11-05T09:00:00Z",
        }
    ],
    "pay_url": "https://invoice.stripe.example/i/acct_invented/live_invented",
}
