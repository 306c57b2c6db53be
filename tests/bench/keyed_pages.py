"""Pages of the vendors that are connected by key, by the fields that are known of them. All of it invented."""

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


PAGES: dict[str, Callable[[str, int], dict[str, Any]]] = {"karbon": _karbon}
"""By vendor: a page of so many records of a resource."""
