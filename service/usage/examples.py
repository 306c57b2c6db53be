"""Answers to show in the contract; all data invented."""

from typing import Any, Final

CALL: Final[dict[str, Any]] = {
    "object": "call",
    "id": "req_01k3sd4w6qe8trr8zp1zk0hv4n",
    "at": "2026-11-20T09:12:44.118Z",
    "key": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "connection": "con_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "vendor": "quickbooks",
    "operation": "listClients",
    "status": 200,
    "meter": "read",
    "units": 1,
    "billable": True,
    "reason": "success",
    "rows": 50,
    "vendor_ms": 212.4,
    "platform_ms": 1.9,
}
RECEIPT: Final[dict[str, Any]] = {
    "object": "receipt",
    "call": CALL,
    "price": "0.004",
    "currency": "USD",
    "why": "The call succeeded.",
}
SUMMARY: Final[dict[str, Any]] = {
    "object": "usage_summary",
    "by": "meter",
    "since": "2026-11-01T00:00:00Z",
    "until": "2026-11-20T09:15:00Z",
    "data": [{"group": "read", "meter": "read", "calls": 1180, "units": 1180}],
}
_LINES: Final[list[dict[str, Any]]] = [
    {
        "description": "read, free units",
        "kind": "usage",
        "usage_month": "2026-10",
        "meter": "read",
        "tier": 0,
        "quantity": 1000,
        "unit_price": "0",
        "per": 1,
        "amount": {"amount_minor": 0, "currency": "USD"},
    },
    {
        "description": "read, tier 1",
        "kind": "usage",
        "usage_month": "2026-10",
        "meter": "read",
        "tier": 1,
        "quantity": 4200,
        "unit_price": "0.004",
        "per": 1,
        "amount": {"amount_minor": 1680, "currency": "USD"},
    },
]
INVOICE: Final[dict[str, Any]] = {
    "object": "billing_invoice",
    "id": "bill_01k8y4q2m3c5d7e9f1g3h5j7k9",
    "month": "2026-10",
    "state": "issued",
    "number": 3,
    "units": 5200,
    "tax": {"amount_minor": 0, "currency": "USD"},
    "total": {"amount_minor": 1680, "currency": "USD"},
    "prepaid": {"amount_minor": 0, "currency": "USD"},
    "due_on": "2026-11-16",
    "drafted_at": "2026-11-02T00:05:00Z",
    "issued_at": "2026-11-02T08:00:00Z",
    "lines": _LINES,
}
MONTH: Final[dict[str, Any]] = {
    "object": "month_to_date",
    "month": "2026-10",
    "starts_at": "2026-10-01T00:00:00Z",
    "ends_at": "2026-11-01T00:00:00Z",
    "plan": "public-1",
    "total": {"amount_minor": 1680, "currency": "USD"},
    "forecast": {"amount_minor": 2140, "currency": "USD"},
    "lines": _LINES,
}
