"""The noun `invoices`."""

from typing import Final

from service.resources.invoice import Invoice, InvoiceCreate, InvoiceUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

INVOICE_ID: Final = "inv_AZjy0VpQfSKbQ5v7tYvJ6QABMTMw"

INVOICES: Final = Noun(
    name="invoices",
    singular="invoice",
    prefix="inv_",
    model=Invoice,
    create=InvoiceCreate,
    update=InvoiceUpdate,
    about="Invoices are what the firm bills its clients.",
    references={"client": "clients"},
    example={
        "object": "invoice",
        "id": INVOICE_ID,
        "remote_id": "130",
        **HOME,
        "number": "10432",
        "client": CLIENT_ID,
        "client_name": "Northwind LLC",
        "status": "partially_paid",
        "status_native": None,
        "issued_on": "2026-10-01",
        "due_on": "2026-10-31",
        "terms": "Net 30",
        "currency": "USD",
        "lines": [
            {
                "id": "1",
                "kind": "item",
                "description": "Bookkeeping, September",
                "service_item": "itm_AZjy0VpQfSKbQ5v7tYvJ6QABMTI",
                "quantity": "2.5",
                "unit_price": "150",
                "amount": {"amount_minor": 37500, "currency": "USD"},
            }
        ],
        "total": {"amount_minor": 37500, "currency": "USD"},
        "balance": {"amount_minor": 12500, "currency": "USD"},
        "created_at": "2026-10-01T15:20:00Z",
        "updated_at": "2026-10-20T08:01:44Z",
        "version": "2",
        "meta": {},
    },
    create_example={
        "client": CLIENT_ID,
        "issued_on": "2026-11-20",
        "due_on": "2026-12-20",
        "lines": [{"description": "Tax return 2025", "amount": {"amount_minor": 85000, "currency": "USD"}}],
    },
    update_example={"due_on": "2026-12-31", "memo": "Thank you."},
)
