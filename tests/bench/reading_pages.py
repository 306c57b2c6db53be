"""Usual records of the vendors that are only read, by the vendors' own names. All of it invented."""

from typing import Any

VENDORS = frozenset({"xpm"})


def page(vendor: str, resource: str, count: int) -> dict[str, Any]:
    """A list as the vendor would answer it."""
    del resource
    numbers = range(1, count + 1)
    match vendor:
        case _:
            held = {"Client": [_practice_client(number) for number in numbers]}
            return {"Response": {"Status": "OK", "Clients": held, "Pagination": {"Links": {"First": "first"}}}}


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
