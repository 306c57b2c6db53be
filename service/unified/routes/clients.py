"""The noun `clients`."""

from typing import Any, Final

from service.resources.client import Client, ClientCreate, ClientUpdate
from service.unified.noun import Noun

CLIENT_ID: Final = "cli_AZjy0VpQfSKbQ5v7tYvJ6QABNTg"
HOME: Final[dict[str, Any]] = {"connection": "con_01k3sd2pjhfmh9pgwzpxrqsk7k", "account": "9130347957982346"}
"""Where the records in the contract's examples live."""

CLIENTS: Final = Noun(
    name="clients",
    singular="client",
    prefix="cli_",
    model=Client,
    create=ClientCreate,
    update=ClientUpdate,
    about="Clients are the people and businesses that the firm works for.",
    references={"parent": "clients"},
    example={
        "object": "client",
        "id": CLIENT_ID,
        "remote_id": "58",
        **HOME,
        "display_name": "Northwind LLC",
        "legal_name": "Northwind LLC",
        "given_name": "Dana",
        "family_name": "Reyes",
        "status": "active",
        "status_native": "Active",
        "emails": [{"address": "ap@northwind.example", "label": None}],
        "phones": [{"number": "(555) 555-0142", "label": "primary"}],
        "addresses": [{"label": "billing", "lines": ["12 Harbor Way"], "city": "Bayshore", "region": "CA"}],
        "website": None,
        "parent": None,
        "currency": "USD",
        "notes": None,
        "created_at": "2026-01-14T09:30:00Z",
        "updated_at": "2026-11-02T16:05:11Z",
        "version": "3",
        "meta": {"unsupported": ["tags", "custom_fields", "linked"]},
    },
    create_example={
        "display_name": "Alder & Sons",
        "emails": [{"address": "office@alder.example"}],
        "phones": [{"number": "(555) 555-0117", "label": "primary"}],
    },
    update_example={"notes": "Prefers e-mail."},
)
