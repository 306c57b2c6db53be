"""Records as we assume that TaxDome sends them. All of it invented."""

from collections.abc import Callable
from typing import Any


def _account(number: int) -> dict[str, Any]:
    return {
        "id": f"acc_{number}",
        "name": f"Quill Bakery {number} LLC",
        "type": "business",
        "tags": ["monthly", "1120-S"],
        "contact_ids": [f"con_{number}"],
        "linked": True,
    }


def _contact(number: int) -> dict[str, Any]:
    return {
        "id": f"con_{number}",
        "name": f"Alma Quill {number}",
        "first_name": "Alma",
        "middle_name": None,
        "last_name": f"Quill {number}",
        "email": f"alma{number}@quill.example",
        "phone": "(555) 555-0142",
        "account_ids": [f"acc_{number}"],
        "portal_access": True,
    }


def _invoice(number: int) -> dict[str, Any]:
    return {
        "id": f"inv_{number}",
        "number": str(10_000 + number),
        "account_id": "acc_1",
        "status": "unpaid",
        "posted_at": f"2026-03-{number % 28 + 1:02}T09:12:33Z",
        "due_date": "2026-10-31",
        "amount": 325.75,
        "currency": "USD",
        "lines": [{"description": "Bookkeeping, September", "quantity": 5, "rate": 65.15, "amount": 325.75}],
        "qbo_status": "synced",
    }


def _payment(number: int) -> dict[str, Any]:
    return {
        "id": f"pay_{number}",
        "account_id": "acc_1",
        "provider": "stripe",
        "source": "card",
        "transaction_id": f"txn_{number}",
        "amount": 200.5,
        "paid_at": f"2026-10-{number % 28 + 1:02}T16:40:07Z",
        "invoice_ids": [f"inv_{number}"],
        "refunds": [],
        "status": "succeeded",
    }


def _job(number: int) -> dict[str, Any]:
    return {
        "id": f"job_{number}",
        "account_id": "acc_1",
        "name": "2025 tax return",
        "pipeline_id": "pip_1",
        "stage": "Review",
        "status": "active",
        "custom_status": None,
        "priority": "medium",
        "assignees": ["usr_1"],
        "due_date": "2026-10-15",
    }


def _document(number: int) -> dict[str, Any]:
    return {
        "id": f"doc_{number}",
        "account_id": "acc_1",
        "root": "client_uploaded",
        "path": "/2025/Income",
        "name": f"1099-INT {number}.pdf",
        "size": 222_728,
        "uploaded_at": f"2026-03-{number % 28 + 1:02}T09:12:33Z",
        "uploaded_by": "Alma Quill",
        "access": "edit",
        "status": "pending_approval",
    }


def _organizer(number: int) -> dict[str, Any]:
    return {
        "id": f"org_{number}",
        "account_id": "acc_1",
        "title": "Individual tax organizer 2025",
        "status": "submitted",
        "submitted_at": f"2026-02-{number % 28 + 1:02}T10:00:00Z",
    }


def _signers(number: int) -> list[dict[str, Any]]:
    return [{"name": "Alma Quill", "signed_at": f"2026-02-{number % 28 + 1:02}T10:00:00Z", "ip": "203.0.113.7"}]


def _proposal(number: int) -> dict[str, Any]:
    return {
        "id": f"prp_{number}",
        "account_id": "acc_1",
        "status": "signed",
        "accepted_at": f"2026-02-{number % 28 + 1:02}T10:00:00Z",
        "signers": _signers(number),
        "document_id": f"doc_{number}",
    }


def _signature(number: int) -> dict[str, Any]:
    at = f"2026-02-{number % 28 + 1:02}T10:00:00Z"
    return {
        "id": f"sig_{number}",
        "account_id": "acc_1",
        "document_id": f"doc_{number}",
        "status": "signed",
        "requested_at": at,
        "signers": _signers(number),
        "audit_trail": [
            {"event": event, "at": at, "actor": "Alma Quill", "ip": "203.0.113.7"}
            for event in ("requested", "viewed", "signed")
        ],
    }


def _time_entry(number: int) -> dict[str, Any]:
    return {
        "id": f"tme_{number}",
        "user_id": "usr_1",
        "account_id": "acc_1",
        "job_id": f"job_{number}",
        "date": f"2026-10-{number % 28 + 1:02}",
        "minutes": 75,
        "rate": 95.0,
        "billable": True,
        "billed": False,
        "invoice_id": None,
    }


def _thread(number: int) -> dict[str, Any]:
    return {
        "id": f"thr_{number}",
        "account_id": "acc_1",
        "job_id": f"job_{number}",
        "archived": False,
        "client_tasks": [{"id": f"ctk_{number}", "text": "Upload W-2", "status": "open"}],
    }


def _message(number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "author": "Alma Quill",
        "body": "See attached.",
        "sent_at": f"2026-02-{number % 28 + 1:02}T10:00:00Z",
        "attachments": [{"id": f"att_{number}", "name": "Scan.pdf", "size": 41_553}],
    }


def _user(number: int) -> dict[str, Any]:
    return {
        "id": f"usr_{number}",
        "name": "Ada Finch",
        "email": f"ada{number}@finch.example",
        "role": "owner",
        "status": "active",
        "mfa": "totp",
        "devices": [{"id": f"dev_{number}", "platform": "iOS", "last_seen_at": "2026-02-04T10:00:00Z"}],
    }


RECORDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "clients": _account,
    "contacts": _contact,
    "invoices": _invoice,
    "payments": _payment,
    "tasks": _job,
    "documents": _document,
    "organizers": _organizer,
    "engagements": _proposal,
    "signatures": _signature,
    "time_entries": _time_entry,
    "threads": _thread,
    "messages": _message,
    "accounts": _account,
    "users": _user,
}
BEFORE: dict[str, dict[str, Any]] = {"messages": {"items": [_thread(1)], "next_page": None}}
"""What comes before the page itself."""
