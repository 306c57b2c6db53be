"""Pages as the vendors send them, with the fields that a usual record has. All of it invented."""

import json
from typing import Any

from tests.bench import keyed_pages, reading_pages, sodium_pages, taxdome_pages


def bodies_before(vendor: str, resource: str) -> tuple[bytes, ...]:
    """What a vendor answers before the page itself, where it lists a resource by client only."""
    if vendor == "taxdome":
        return (_json(taxdome_pages.BEFORE[resource]),) if resource in taxdome_pages.BEFORE else ()
    return tuple(_json(body) for body in sodium_pages.BEFORE.get(resource, ())) if vendor == "sodium" else ()


def page_body(vendor: str, resource: str, count: int) -> bytes:
    """`count` records of a resource in the vendor's own list envelope, compact as servers write it."""
    if vendor == "taxdome":
        records = [taxdome_pages.RECORDS[resource](number) for number in range(1, count + 1)]
        return _json({"items": records, "next_page": None})
    if vendor in reading_pages.VENDORS:
        return _json(reading_pages.page(vendor, resource, count))
    if vendor in keyed_pages.PAGES:
        return _json(keyed_pages.PAGES[vendor](resource, count))
    make = sodium_pages.RECORDS[resource] if vendor == "sodium" else _RECORDS[vendor, resource]
    rows = [make(number) for number in range(1, count + 1)]
    if vendor == "sodium":
        return _json({"data": rows, "totalCount": count, "offset": 0, "limit": 50, "hasMore": False})
    if vendor == "canopy":
        name = "questionnaires" if resource == "organizers" else resource
        return _json({name: rows, "next_cursor": "b3BhcXVl"})
    answer = {_ENTITIES[resource]: rows, "startPosition": 1, "maxResults": count}
    return _json({"QueryResponse": answer, "time": "2026-11-20T08:00:00.000-08:00"})


_ENTITIES = {
    "clients": "Customer",
    "invoices": "Invoice",
    "payments": "Payment",
    "credits": "CreditMemo",
    "documents": "Attachable",
    "time_entries": "TimeActivity",
    "users": "Employee",
    "service_items": "Item",
    "tracking": "Class",
}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _times(number: int) -> dict[str, str]:
    return {
        "CreateTime": f"2026-03-{number % 28 + 1:02}T09:12:33-08:00",
        "LastUpdatedTime": f"2026-10-{number % 28 + 1:02}T16:40:07-07:00",
    }


def _customer(number: int) -> dict[str, Any]:
    return {
        "Taxable": False,
        "BillAddr": {
            "Id": str(number * 2),
            "Line1": f"{number} Harbor Street",
            "City": "Rivermouth",
            "CountrySubDivisionCode": "CA",
            "PostalCode": "94000",
            "Lat": "INVALID",
            "Long": "INVALID",
        },
        "Job": False,
        "BillWithParent": False,
        "Balance": 239.5,
        "BalanceWithJobs": 239.5,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print",
        "domain": "QBO",
        "sparse": False,
        "Id": str(number),
        "SyncToken": "3",
        "MetaData": _times(number),
        "GivenName": "Alma",
        "FamilyName": "Quill",
        "FullyQualifiedName": f"Quill Bakery {number}",
        "CompanyName": f"Quill Bakery {number} LLC",
        "DisplayName": f"Quill Bakery {number}",
        "PrintOnCheckName": f"Quill Bakery {number}",
        "Active": True,
        "PrimaryPhone": {"FreeFormNumber": "(555) 555-0142"},
        "PrimaryEmailAddr": {"Address": f"office{number}@quill.example"},
    }


def _qbo_invoice(number: int) -> dict[str, Any]:
    return {
        "AllowOnlinePayment": False,
        "domain": "QBO",
        "sparse": False,
        "Id": str(number),
        "SyncToken": "1",
        "MetaData": _times(number),
        "CustomField": [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
        "DocNumber": str(1000 + number),
        "TxnDate": "2026-10-01",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "LinkedTxn": [],
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Description": "Bookkeeping, September",
                "Amount": 325.75,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "11", "name": "Bookkeeping"},
                    "UnitPrice": 65.15,
                    "Qty": 5,
                    "TaxCodeRef": {"value": "NON"},
                },
            },
            {"Amount": 325.75, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": {"value": str(number), "name": f"Quill Bakery {number}"},
        "CustomerMemo": {"value": "Thank you."},
        "SalesTermRef": {"value": "3", "name": "Net 30"},
        "DueDate": "2026-10-31",
        "TotalAmt": 325.75,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": 125.75,
    }


def _qbo_payment(number: int) -> dict[str, Any]:
    noise = {"name": "{http://schema.intuit.com/finance/v3}NameValue", "declaredType": "com.intuit.NameValue"}
    return {
        "CustomerRef": {"value": str(number), "name": f"Quill Bakery {number}"},
        "DepositToAccountRef": {"value": "4"},
        "PaymentMethodRef": {"value": "2", "name": "Check"},
        "PaymentRefNum": "1042",
        "TotalAmt": 200.0,
        "UnappliedAmt": 0,
        "ProcessPayment": False,
        "domain": "QBO",
        "sparse": False,
        "Id": str(number),
        "SyncToken": "0",
        "MetaData": _times(number),
        "TxnDate": "2026-10-14",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "Line": [
            {
                "Amount": 200.0,
                "LinkedTxn": [{"TxnId": str(number), "TxnType": "Invoice"}],
                "LineEx": {"any": [noise | {"value": {"Name": "txnId", "Value": str(number)}}]},
            }
        ],
    }


def _credit_memo(number: int) -> dict[str, Any]:
    return {
        "RemainingCredit": 40.25,
        "domain": "QBO",
        "sparse": False,
        "Id": str(number),
        "SyncToken": "0",
        "MetaData": _times(number),
        "DocNumber": str(2000 + number),
        "TxnDate": "2026-10-20",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "Line": [{"Id": "1", "Amount": 40.25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}],
        "CustomerRef": {"value": str(number), "name": f"Quill Bakery {number}"},
        "TotalAmt": 40.25,
        "Balance": 40.25,
    }


def _common(number: int) -> dict[str, Any]:
    return {"domain": "QBO", "sparse": False, "Id": str(number), "SyncToken": "0", "MetaData": _times(number)}


def _attachable(number: int) -> dict[str, Any]:
    return _common(number) | {
        "FileName": f"{number}-statement.pdf",
        "FileAccessUri": f"/v3/company/9130/download/{number}",
        "Note": "As sent by the bank",
        "Size": 20_000 + number,
        "ContentType": "application/pdf",
        "Category": "Document",
        "AttachableRef": [{"EntityRef": {"type": "Customer", "value": str(number)}, "IncludeOnSend": False}],
    }


def _time_activity(number: int) -> dict[str, Any]:
    return _common(number) | {
        "TxnDate": "2026-10-05",
        "NameOf": "Employee",
        "EmployeeRef": {"value": "55", "name": "Ada Finch"},
        "CustomerRef": {"value": str(number), "name": f"Quill Bakery {number}"},
        "ItemRef": {"value": "11", "name": "Bookkeeping"},
        "BillableStatus": "Billable",
        "Taxable": False,
        "HourlyRate": 65.15,
        "Hours": 1,
        "Minutes": 45,
        "Description": "Bank reconciliation",
    }


def _employee(number: int) -> dict[str, Any]:
    return _common(number) | {
        "BillableTime": False,
        "GivenName": "Ada",
        "FamilyName": f"Finch {number}",
        "DisplayName": f"Ada Finch {number}",
        "PrintOnCheckName": f"Ada Finch {number}",
        "Active": True,
        "PrimaryEmailAddr": {"Address": f"ada{number}@finch.example"},
    }


def _item(number: int) -> dict[str, Any]:
    return _common(number) | {
        "Name": f"Bookkeeping {number}",
        "Description": "Bookkeeping, by the hour",
        "Active": True,
        "FullyQualifiedName": f"Bookkeeping {number}",
        "Taxable": False,
        "UnitPrice": 65.15,
        "Type": "Service",
        "Sku": f"BK-{number}",
        "ParentRef": {"value": "900", "name": "Bookkeeping"},
        "IncomeAccountRef": {"value": "31", "name": "Sales"},
    }


def _class(number: int) -> dict[str, Any]:
    name = f"Advisory {number}"
    return _common(number) | {"Name": name, "SubClass": False, "FullyQualifiedName": name, "Active": True}


def _canopy_client(number: int) -> dict[str, Any]:
    return {
        "client_id": f"cny_{number:06}",
        "display_name": f"Quill Bakery {number}",
        "client_facing_name": f"Quill Bakery {number} LLC",
        "filing_type": "Business",
        "status": "Active",
        "owner_id": "usr_7",
        "external_id": f"Q-{number}",
        "ein_masked": "**-***6789",
        "emails": [{"type": "work", "value": f"office{number}@quill.example"}],
        "phones": [{"type": "work", "value": "(555) 555-0142"}],
        "addresses": [
            {
                "type": "mailing",
                "line1": f"{number} Harbor Street",
                "line2": None,
                "city": "Rivermouth",
                "state": "CA",
                "postal_code": "94000",
                "country": "US",
            }
        ],
        "tags": ["bookkeeping"],
        "custom_fields": {"tier": "Gold"},
        "group_id": None,
        "linked": [],
        "updated_at": "2026-10-14T16:40:07Z",
    }


def _canopy_invoice(number: int) -> dict[str, Any]:
    return {
        "invoice_id": f"inv_{number:06}",
        "number": f"INV-{number:05}",
        "client_id": f"cny_{number:06}",
        "status": "partially_paid",
        "issue_date": "2026-10-01",
        "due_date": "2026-10-31",
        "terms": "Net 30",
        "currency": "USD",
        "lines": [
            {
                "line_id": f"lin_{number:06}",
                "service_item_id": "itm_11",
                "sku": "BK-1",
                "description": "Bookkeeping, September",
                "quantity": 5,
                "rate_cents": 6515,
                "amount_cents": 32575,
                "wuwd_cents": 0,
                "time_entry_ids": [],
            }
        ],
        "total_cents": 32575,
        "paid_cents": 20000,
        "balance_cents": 12575,
        "class": None,
        "location": "Harbor office",
        "category": None,
        "qbo_sync": {"document_number": str(1000 + number), "sync_status": "OK"},
    }


def _canopy_payment(number: int) -> dict[str, Any]:
    return {
        "payment_id": f"pay_{number:06}",
        "client_id": f"cny_{number:06}",
        "method": "check",
        "amount_cents": 20000,
        "received_at": "2026-10-14T16:40:07Z",
        "allocations": [{"invoice_id": f"inv_{number:06}", "amount_cents": 20000}],
        "unapplied_cents": 0,
        "refunds": [],
        "reference": "1042",
    }


def _canopy_credit(number: int) -> dict[str, Any]:
    return {
        "credit_id": f"crd_{number:06}",
        "client_id": f"cny_{number:06}",
        "amount_cents": 4025,
        "remaining_cents": 4025,
        "applications": [],
    }


def _canopy_task(number: int) -> dict[str, Any]:
    return {
        "task_id": f"tsk_{number:06}",
        "parent_id": None,
        "kind": "task",
        "name": "Prepare Form 1120-S",
        "status": "in progress",
        "client_id": f"cny_{number:06}",
        "engagement_id": None,
        "assignee_ids": ["usr_7"],
        "priority": "medium",
        "start_date": "2026-02-01",
        "due_date": "2026-03-15",
        "budget_minutes": 240,
        "tax_year": 2025,
        "checklist": [{"id": "1", "text": "Bank statements", "done": True, "completed_at": "2026-02-03T10:00:00Z"}],
    }


def _canopy_contact(number: int) -> dict[str, Any]:
    return {
        "contact_id": f"con_{number:06}",
        "client_ids": [f"cny_{number:06}"],
        "kind": "primary",
        "first_name": "Alma",
        "last_name": "Quill",
        "emails": [{"type": "work", "value": f"alma{number}@quill.example"}],
        "phones": [{"type": "mobile", "value": "(555) 555-0142"}],
        "birthday": "1980-02-03",
        "tin_masked": "***-**-6789",
    }


def _canopy_document(number: int) -> dict[str, Any]:
    version = {
        "version": 1,
        "size": 20_000,
        "sha256": f"{number:064x}",
        "added_by": "usr_7",
        "added_at": "2026-10-14T16:40:07Z",
    }
    return {
        "file_id": f"fil_{number:06}",
        "client_id": f"cny_{number:06}",
        "folder_id": "fld_7",
        "name": "Trial balance.xlsx",
        "size": 20_000,
        "mime": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "sha256": f"{number:064x}",
        "visible_to_client": True,
        "version": 1,
        "versions": [version],
        "added_by": "usr_7",
        "added_at": "2026-10-14T16:40:07Z",
    }


def _canopy_folder(number: int) -> dict[str, Any]:
    return {
        "folder_id": f"fld_{number:06}",
        "client_id": f"cny_{number:06}",
        "parent_id": None,
        "name": "Tax",
        "file_count": 4,
    }


def _canopy_engagement(number: int) -> dict[str, Any]:
    item = {
        "service_item_id": "svc_1",
        "name": "Bookkeeping",
        "quantity": 1,
        "rate_cents": 42000,
        "rate_type": "fixed",
    }
    return {
        "engagement_id": f"eng_{number:06}",
        "client_id": f"cny_{number:06}",
        "name": "Bookkeeping 2026",
        "status": "active",
        "start_date": "2026-01-01",
        "end_date": "2026-12-31",
        "items": [item],
        "signers": [{"contact_id": f"con_{number:06}", "signed_at": "2026-01-02T10:00:00Z"}],
        "accepted_at": "2026-01-02T10:00:00Z",
    }


def _canopy_questionnaire(number: int) -> dict[str, Any]:
    answer = {"question_key": "moved", "type": "choice", "value": None, "suggested_value": "No", "source": "ai"}
    return {
        "questionnaire_id": f"qst_{number:06}",
        "client_id": f"cny_{number:06}",
        "name": "Year-end questions",
        "status": "sent",
        "answers": [answer],
    }


def _canopy_time_entry(number: int) -> dict[str, Any]:
    return {
        "entry_id": f"tme_{number:06}",
        "user_id": "usr_7",
        "client_id": f"cny_{number:06}",
        "task_id": f"tsk_{number:06}",
        "service_item_id": "svc_1",
        "date": "2026-10-14",
        "minutes": 45,
        "billable": True,
        "rate_cents": 20000,
        "amount_cents": 15000,
        "wuwd_cents": 0,
        "state": "saved",
        "invoice_id": None,
    }


def _canopy_user(number: int) -> dict[str, Any]:
    return {
        "user_id": f"usr_{number:06}",
        "name": "Ada Finch",
        "email": f"ada{number}@finch.example",
        "role": "Administrator",
        "mfa_level": "otp",
        "devices": [{"device_id": "dev_a", "platform": "iOS", "last_seen": "2026-10-14T16:40:07Z"}],
    }


_RECORDS = {
    ("quickbooks", "clients"): _customer,
    ("quickbooks", "invoices"): _qbo_invoice,
    ("quickbooks", "payments"): _qbo_payment,
    ("quickbooks", "credits"): _credit_memo,
    ("quickbooks", "documents"): _attachable,
    ("quickbooks", "time_entries"): _time_activity,
    ("quickbooks", "users"): _employee,
    ("quickbooks", "service_items"): _item,
    ("quickbooks", "tracking"): _class,
    ("canopy", "clients"): _canopy_client,
    ("canopy", "invoices"): _canopy_invoice,
    ("canopy", "payments"): _canopy_payment,
    ("canopy", "credits"): _canopy_credit,
    ("canopy", "tasks"): _canopy_task,
    ("canopy", "contacts"): _canopy_contact,
    ("canopy", "documents"): _canopy_document,
    ("canopy", "folders"): _canopy_folder,
    ("canopy", "engagements"): _canopy_engagement,
    ("canopy", "organizers"): _canopy_questionnaire,
    ("canopy", "time_entries"): _canopy_time_entry,
    ("canopy", "users"): _canopy_user,
}
