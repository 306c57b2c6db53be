"""Usual records of the vendors that are only read, by the vendors' own names. All of it invented."""

from typing import Any

VENDORS = frozenset({"ignition", "smartvault", "xpm"})


def page(vendor: str, resource: str, count: int) -> dict[str, Any]:
    """A list as the vendor would answer it."""
    numbers = range(1, count + 1)
    match vendor:
        case "ignition":
            pagination = {"has_more": False, "next_cursor": None, "limit": 250}
            return {"data": [_IGNITION[resource](number) for number in numbers], "meta": {"pagination": pagination}}
        case "smartvault":
            children = [_vault_client(number) for number in numbers]
            return {"error": {"success": True}, "message": {"children": children, "total_children": count}}
        case _:
            name, make = _PRACTICE[resource]
            held = {name: [make(number) for number in numbers]}
            return {"Response": {"Status": "OK", f"{name}s": held, "Pagination": {"Links": {"First": "first"}}}}


def _practice_client(number: int) -> dict[str, Any]:
    return {
        "UUID": f"0b0f9a54-6a2c-4a7d-9d1e-{number:012d}",
        "Name": f"Quill Bakery {number}",
        "FirstName": None,
        "LastName": None,
        "Email": f"office{number}@quill.example",
        "Address": f"{number} Harbor Street\nLevel 2",
        "City": "Rivermouth",
        "Region": "CA",
        "PostCode": "94000",
        "Country": "United States",
        "PostalAddress": None,
        "Phone": "(555) 555-0142",
        "Fax": None,
        "Website": f"https://quill{number}.example",
        "ExportCode": f"Q-{number}",
        "IsProspect": "No",
        "IsArchived": "No",
        "IsDeleted": "No",
        "AccountManager": {"UUID": "5d8c3f1e-3c0e-4a53-8a2f-000000000007", "Name": "Ada Finch"},
        "TaxNumber": "*****678",
        "CompanyNumber": f"{8_100_000 + number}",
        "BusinessStructure": "Company",
        "BalanceMonth": "Mar",
    }


def _ignition_client(number: int) -> dict[str, Any]:
    return {
        "slug": f"cli_{number:08d}",
        "name": f"Quill Bakery {number}",
        "email": f"office{number}@quill.example",
        "phone": "(555) 555-0142",
        "state": "active",
        "group_name": None,
        "external_client_id": f"Q-{number}",
        "xero_contact_id": None,
        "qbo_customer_id": number,
        "manager": {"name": "Ada Finch", "email": "ada.finch@larkspurfinch.example"},
        "partner": None,
        "tags": ["monthly"],
        "link": f"https://app.ignition.example/clients/{number}",
        "created_at": "2026-03-04T09:12:33Z",
        "updated_at": "2026-10-14T16:40:07Z",
    }


def _vault_client(number: int) -> dict[str, Any]:
    person = {
        "names": [{"FirstName": "Una", "MiddleName": None, "LastName": "Quill"}],
        "email_addresses": [{"address": f"una{number}@quill.example"}],
        "phone_numbers": [{"Number": "(555) 555-0142"}],
        "is_primary": True,
    }
    details = {
        "type_qualifier": "Business",
        "client_id": f"Q-{number}",
        "persons": [person],
        "tags": [{"value": "monthly"}],
        "aliases": [],
    }
    return {
        "name": f"CL{number:05d}",
        "uri": f"/nodes/entity/SmartVault.Accounting.Firm/51007/SmartVault.Accounting.FirmClient/CL{number:05d}",
        "dav_uri": f"/nodes/pth/Larkspur/Quill Bakery {number}",
        "nodeType": "ContainerNodeType",
        "createdOn": "2026-02-03T04:05:06Z",
        "modifiedOn": "2026-02-03T04:05:06Z",
        "entityExProperties": {"smart_vault": {"accounting": {"client": details}}},
    }


def _ignition_contact(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "slug": f"con_{number:08d}",
        "name": f"Alma Quill {number}",
        "client": {"slug": f"cli_{number:08d}"},
        "email": f"alma{number}@quill.example",
        "phone": "(555) 555-0143",
        "mobile": None,
        "salutation": "Alma",
        "is_primary": True,
        "is_signatory": True,
        "is_invoice_recipient": False,
        "created_at": "2026-03-04T09:12:33Z",
        "updated_at": "2026-10-14T16:40:07Z",
    }


def _ignition_proposal(number: int) -> dict[str, Any]:
    value = {"amount": 420, "currency": "USD"}
    service = {
        "slug": "psd_1",
        "service_slug": "serv_bk-month",
        "name": "Monthly bookkeeping",
        "is_selected_for_acceptance": True,
        "billing": {"mode": "automatic", "schedules": [{"cadence": "monthly", "currency": "USD"}]},
        "pricing": {"price_type": "fixed", "currency": "USD", "quantity": 1, "minimum_period_value": value},
    }
    return {
        "slug": f"prop_{number:08d}",
        "name": f"Services {number}",
        "reference_number": f"PROP-{number:04d}",
        "state": "accepted",
        "client_slug": f"cli_{number:08d}",
        "minimum_contract_value": {"amount": 5040, "currency": "USD"},
        "proposal_start_date": "2026-01-01",
        "proposal_end_date": None,
        "accepted_at": "2026-03-05T10:00:00Z",
        "created_at": "2026-03-04T09:12:33Z",
        "updated_at": "2026-10-14T16:40:07Z",
        "services": [service],
    }


_IGNITION = {"clients": _ignition_client, "contacts": _ignition_contact, "engagements": _ignition_proposal}


def _practice_contact(number: int) -> dict[str, Any]:
    return {
        "UUID": f"1c0f9a54-6a2c-4a7d-9d1e-{number:012d}",
        "Name": f"Alma Quill {number}",
        "Salutation": "Alma",
        "Addressee": f"Alma Quill {number}",
        "Mobile": "(555) 555-0144",
        "Email": f"alma{number}@quill.example",
        "Phone": "(555) 555-0143",
        "IsPrimary": "Yes",
        "IsDeleted": "No",
    }


_PRACTICE = {"clients": ("Client", _practice_client), "contacts": ("Contact", _practice_contact)}
