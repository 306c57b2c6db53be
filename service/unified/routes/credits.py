"""The noun `credits`."""

from typing import Final

from service.resources.credit import Credit, CreditCreate, CreditUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

CREDITS: Final = Noun(
    name="credits",
    singular="credit",
    prefix="crd_",
    model=Credit,
    create=CreditCreate,
    update=CreditUpdate,
    about="Credits are what the firm owes its clients: credit memos and what is left of them.",
    references={"client": "clients"},
    example={
        "object": "credit",
        "id": "crd_AZjy0VpQfSKbQ5v7tYvJ6QABMTYw",
        "remote_id": "160",
        **HOME,
        "client": CLIENT_ID,
        "number": "CM-12",
        "issued_on": "2026-10-05",
        "amount": {"amount_minor": 5000, "currency": "USD"},
        "remaining": {"amount_minor": 2000, "currency": "USD"},
        "created_at": "2026-10-05T10:00:00Z",
        "updated_at": "2026-10-06T10:00:00Z",
        "version": "1",
        "meta": {"unsupported": ["applications"]},
    },
    create_example={
        "client": CLIENT_ID,
        "lines": [{"description": "Goodwill", "amount": {"amount_minor": 5000, "currency": "USD"}}],
    },
    update_example={"memo": "With our apologies."},
)
