"""The noun `payments`."""

from typing import Final

from service.resources.payment import Payment, PaymentCreate, PaymentUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME
from service.unified.routes.invoices import INVOICE_ID

PAYMENTS: Final = Noun(
    name="payments",
    singular="payment",
    prefix="pay_",
    model=Payment,
    create=PaymentCreate,
    update=PaymentUpdate,
    about="Payments are what clients have paid the firm, and against which invoices.",
    references={"client": "clients"},
    example={
        "object": "payment",
        "id": "pay_AZjy0VpQfSKbQ5v7tYvJ6QABMTQ1",
        "remote_id": "145",
        **HOME,
        "client": CLIENT_ID,
        "amount": {"amount_minor": 25000, "currency": "USD"},
        "received_on": "2026-10-18",
        "allocations": [{"invoice": INVOICE_ID, "credit": None, "amount": {"amount_minor": 25000, "currency": "USD"}}],
        "unapplied": {"amount_minor": 0, "currency": "USD"},
        "reference": "check 1182",
        "deposit_account": None,
        "created_at": "2026-10-18T12:00:00Z",
        "updated_at": "2026-10-18T12:00:00Z",
        "version": "0",
        "meta": {},
    },
    create_example={
        "client": CLIENT_ID,
        "amount": {"amount_minor": 25000, "currency": "USD"},
        "reference": "check 1182",
    },
    update_example={"reference": "check 1183"},
)
