"""Records as Sodium sends them, by the fields of its published schemas. All of it invented."""

from collections.abc import Callable
from typing import Any


def _ref(code: str, name: str) -> dict[str, str]:
    return {"code": code, "name": name}


def _times(number: int) -> dict[str, str]:
    return {
        "createdDate": f"2026-03-{number % 28 + 1:02}T09:12:33.1234567Z",
        "updatedDate": f"2026-10-{number % 28 + 1:02}T16:40:07Z",
    }


def client(number: int) -> dict[str, Any]:
    return {
        "code": f"quill-{number}",
        "name": f"Quill Bakery {number} Ltd",
        "type": "PrivateLimitedCompany",
        "manager": _ref("ada-finch", "Ada Finch"),
        "partner": _ref("ben-marsh", "Ben Marsh"),
        "associate": None,
        "internalReference": f"Q{number:04}",
        "revenueRangeCode": "rr-1",
        "status": "Active",
        "accountingCustomerCode": f"xero-{number}",
        "directDebitMandateId": f"MD{number:06}",
        "email": f"office{number}@quill.example",
        "telephone": "(555) 555-0142",
        "contactPreferences": {"post": False, "telephone": True, "email": True, "sms": False},
        "pclSent": True,
        **_times(number),
    }


def contact(number: int) -> dict[str, Any]:
    return {
        "code": f"alma-{number}",
        "title": "Ms",
        "firstName": "Alma",
        "middleName": None,
        "lastName": f"Quill {number}",
        "email": f"alma{number}@quill.example",
        "phone": "(555) 555-0143",
        "mobile": None,
        "clientCount": 1,
        "client": _ref(f"quill-{number}", f"Quill Bakery {number} Ltd"),
        "individualClient": None,
    }


def invoice(number: int) -> dict[str, Any]:
    return {
        "id": f"9f2d{number:06}",
        "number": f"INV-{number:04}",
        "customerId": "xero-1",
        "customerName": "Quill Bakery 1 Ltd",
        "totalAmount": 390.9,
        "amountDue": 125.75,
        "date": "2026-10-01",
        "dueDate": "2026-10-31",
        "status": "Submitted",
        "currency": "GBP",
        "externalUrl": f"https://ledger.example/invoices/{number}",
        "isPdfAvailable": True,
        "platformData": {"branding": "standard"},
    }


def task(number: int) -> dict[str, Any]:
    client_ref = _ref(f"quill-{number}", f"Quill Bakery {number} Ltd")
    return {
        "code": f"T{number:05}",
        "name": "VAT return",
        "description": "Quarter to September",
        "status": "NotStarted",
        "isProjected": False,
        "timeEstimate": 1.5,
        "startDate": "2026-10-01T00:00:00Z",
        "dueDate": "2026-10-24T00:00:00Z",
        "statutoryDueDate": "2026-11-07T00:00:00Z",
        "clients": [client_ref],
        "primaryClient": client_ref,
        "assignedUser": _ref("ada-finch", "Ada Finch"),
        "recurringTask": _ref("vat-q", "VAT return, quarterly"),
        "workflow": _ref("wf-vat", "VAT return"),
        "category": _ref("vat", "VAT"),
        "workflowSteps": 4,
        "workflowStepsComplete": 1,
        "workflowStepDetails": None,
        **_times(number),
    }


def document(number: int) -> dict[str, Any]:
    return {
        "code": f"D{number:05}",
        "client": _ref("quill-1", "Quill Bakery 1 Ltd"),
        "category": _ref("accounts", "Accounts"),
        "title": f"Accounts {number}",
        "summary": "Draft for approval",
        "date": "2026-09-30",
        "originalFileName": f"accounts-{number}.pdf",
        "contentType": "application/pdf",
        "fileSize": 20_000 + number,
        "storageType": "AzureBlob",
        "reviewStatus": "Approved",
        "uploadedByContact": None,
        "reviewedByUser": None,
        "reviewedDate": None,
        "clientApprovalStatus": "Pending",
        "clientApprovalRequestedByUser": _ref("ada-finch", "Ada Finch"),
        "clientApprovalRequestedDate": "2026-10-02T08:00:00Z",
        "downloadUrl": f"https://blob.example/d/{number}?sig=secret",
        **_times(number),
    }


def document_request(number: int) -> dict[str, Any]:
    return {
        "code": f"DR{number:04}",
        "client": _ref("quill-1", "Quill Bakery 1 Ltd"),
        "title": "Bank statements",
        "description": "July to September",
        "status": "Open",
        "deadline": "2026-10-10T00:00:00Z",
        "documentCount": 0,
        "notifyUser": _ref("ada-finch", "Ada Finch"),
        "createdByUser": _ref("ada-finch", "Ada Finch"),
        "task": _ref("T00001", "VAT return"),
        **_times(number),
    }


def organizer(number: int) -> dict[str, Any]:
    return {
        "code": f"FR{number:04}",
        "dataForm": _ref("onboarding", "New client questionnaire"),
        "client": _ref(f"quill-{number}", f"Quill Bakery {number} Ltd"),
        "status": "ResponseReceived",
        "submittedAt": "2026-10-05T10:00:00Z",
        "submittedByEmail": f"alma{number}@quill.example",
        "notifyUser": _ref("ada-finch", "Ada Finch"),
        "autoAcceptData": False,
        "message": "Please fill this in",
        "sentToEmails": [f"alma{number}@quill.example"],
        "sentAt": "2026-10-01T08:00:00Z",
        "pendingReviewCount": 2,
        "task": None,
        **_times(number),
    }


def engagement(number: int) -> dict[str, Any]:
    return {
        "code": f"E{number:05}",
        "guid": f"00000000-0000-4000-8000-{number:012}",
        "client": _ref(f"quill-{number}", f"Quill Bakery {number} Ltd"),
        "date": "2026-04-01T00:00:00Z",
        "status": "Accepted",
        "type": "ProposalAndEngagementLetter",
        "typeName": "Proposal",
        "recipientFirstName": "Alma",
        "recipientLastName": "Quill",
        "recipientEmail": f"alma{number}@quill.example",
        "hasProposalPdf": True,
        "hasLofEPdf": True,
        "proposalTemplate": _ref("p-1", "Proposal"),
        "lofETemplate": _ref("l-1", "Letter"),
        "acceptance": {
            "acceptedDate": "2026-04-03T11:30:00Z",
            "acceptedIpAddress": "192.0.2.7",
            "acceptanceSignature": "data:image/png;base64,AAAA",
            "manuallyAccepted": False,
        },
        "lastViewed": "2026-04-03T11:28:00Z",
        "totalValue": 3909.0,
        "monthlyTotal": 325.75,
        "numberOfServices": 2,
        **_times(number),
    }


def user(number: int) -> dict[str, Any]:
    return {
        "code": f"ada-finch-{number}",
        "displayName": f"Ada Finch {number}",
        "email": f"ada{number}@finch.example",
        "firstName": "Ada",
        "lastName": f"Finch {number}",
        "isSuperAdmin": False,
        "avatar": None,
        "status": "Active",
        "systemRole": "Manager",
    }


def service_item(number: int) -> dict[str, Any]:
    return {
        "code": f"bk-{number}",
        "name": f"Bookkeeping {number}",
        "description": "Monthly bookkeeping",
        "isArchived": False,
        "accountingCode": "200",
        "category": "CoreAccounting",
        "clientTypes": ["PrivateLimitedCompany", "Partnership"],
        "pricing": [{"frequency": "Monthly", "price": 65.15, "revenueRangeOverrides": []}],
        "pricingFactors": [],
        **_times(number),
    }


def custom_field(number: int) -> dict[str, Any]:
    return {
        "code": f"cf-{number}",
        "label": f"Tier {number}",
        "entityType": "Client",
        "dataType": "Select",
        "options": ["Gold", "Silver"],
        "clientTypes": [],
        "customFieldGroupCode": "general",
        "isArchived": False,
    }


RECORDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "clients": client,
    "contacts": contact,
    "invoices": invoice,
    "tasks": task,
    "documents": document,
    "document_requests": document_request,
    "organizers": organizer,
    "engagements": engagement,
    "users": user,
    "service_items": service_item,
    "custom_fields": custom_field,
}
_ONE_CLIENT = {"data": [{"code": "quill-1", "accountingCustomerCode": "xero-1"}], "totalCount": 1, "hasMore": False}
BEFORE: dict[str, tuple[dict[str, Any], ...]] = {"invoices": (_ONE_CLIENT,), "documents": (_ONE_CLIENT,)}
"""What the vendor answers before the page itself: these are listed by client."""
