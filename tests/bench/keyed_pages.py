"""Pages of vendors whose lists are thin, by the fields that are known of them. All of it invented."""

from collections.abc import Callable
from typing import Any


def _karbon(resource: str, count: int) -> dict[str, Any]:
    assert resource == "clients"
    rows = [
        {
            "ContactKey": f"2LPSrkzb{number:04}",
            "FullName": f"Alma Quill {number}",
            "EmailAddress": f"alma{number}@quill.example",
            "PhoneNumber": "(555) 555-0143",
            "ContactType": "Client",
            "LastModifiedDateTime": f"2026-10-{number % 28 + 1:02}T16:40:07Z",
        }
        for number in range(1, count + 1)
    ]
    return {"@odata.context": "https://api.karbonhq.com/v3/$metadata#Contacts", "@odata.count": count, "value": rows}


def _financial_cents(resource: str, count: int) -> dict[str, Any]:
    if resource == "users":
        users = [{"id": number, "name": "Ada Finch", "email": "ada@finch.example"} for number in range(1, count + 1)]
        return {"data": users, "meta": {"current_page": 1, "last_page": 1, "per_page": 200, "total": count}}
    rows = [
        {
            "id": 41000 + number,
            "company_id": 9007,
            "name": f"Quill Bakery {number}",
            "display_name": f"Quill Bakery {number}",
            "company_name": f"Quill Bakery {number} LLC",
            "is_archived": False,
            "archived_at": None,
            "contacts": [{"id": number, "name": "Alma", "email": "alma@quill.example", "phone": "(555) 555-0143"}],
            "groups": [],
            "custom_fields": [],
            "relationships": [],
            "created_at": f"2026-03-{number % 28 + 1:02}T09:12:33.000000Z",
            "updated_at": f"2026-10-{number % 28 + 1:02}T16:40:07.000000Z",
        }
        for number in range(1, count + 1)
    ]
    return {"data": rows, "meta": {"current_page": 1, "last_page": 1, "per_page": 200, "total": count}}


def _uku_contact(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "client_id": 4001,
        "name": "Alma",
        "surname": f"Quill {number}",
        "email": f"alma{number}@quill.example",
        "job_title": None,
        "mobile_phone": None,
        "work_phone": "(555) 555-0143",
        "birthday": None,
        "is_primary": 1,
        "created_at": "2026-03-04T09:12:33Z",
        "updated_at": f"2026-10-{number % 28 + 1:02}T16:40:07Z",
    }


def _uku(resource: str, count: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "id": number,
            "account_id": 77,
            "name": f"Quill Bakery {number}",
            "client_initials": "QB",
            "address_country_code": "EE",
            "locale_code": "en",
            "status": "active",
            "type": "company",
            "default_person_id": 901,
            "groups": [],
            "fields": {"tier": "Gold"},
            "created_at": "2026-03-04T09:12:33Z",
            "updated_at": f"2026-10-{number % 28 + 1:02}T16:40:07Z",
        }
        for number in range(1, count + 1)
    ]
    if resource == "contacts":
        rows = [_uku_contact(number) for number in range(1, count + 1)]
    meta = {"total": count, "offset": 0, "limit": 200, "has_more": False, "next_cursor": None}
    return {"data": rows, "meta": meta, "warnings": None}


def _canopy_public(resource: str, count: int) -> dict[str, Any]:
    if resource == "custom_fields":
        kinds = [{"id": f"F{number:04}", "name": f"Tier {number}", "type": "text"} for number in range(1, count + 1)]
        return {"custom_fields": kinds}
    if resource == "contacts":
        people = [
            {
                "id": f"CON{number:08}",
                "external_id": f"x-{number}",
                "first_name": "Alma",
                "last_name": f"Quill {number}",
                "name": f"Alma Quill {number}",
                "type": "CONTACT",
            }
            for number in range(1, count + 1)
        ]
        return {"contacts": people, "next_cursor": None}
    rows = [
        {
            "id": f"CLI{number:08}",
            "external_id": f"x-{number}",
            "is_business": True,
            "name": f"Quill Bakery {number}",
            "type": "CLIENT",
        }
        for number in range(1, count + 1)
    ]
    return {"clients": rows, "next_cursor": None}


PAGES: dict[str, Callable[[str, int], dict[str, Any]]] = {
    "canopy_public": _canopy_public,
    "financial_cents": _financial_cents,
    "karbon": _karbon,
    "uku": _uku,
}
"""By vendor: a page of so many records of a resource."""
