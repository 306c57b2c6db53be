"""The noun `contacts`."""

from typing import Final

from service.resources.contact import Contact, ContactCreate, ContactUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

CONTACTS: Final = Noun(
    name="contacts",
    singular="contact",
    prefix="cnt_",
    model=Contact,
    create=ContactCreate,
    update=ContactUpdate,
    about="Contacts are the people behind the clients, and what each is at which client.",
    example={
        "object": "contact",
        "id": "cnt_AZjy0VpQfSKbQ5v7tYvJ6QABMzE",
        "remote_id": "31",
        **HOME,
        "display_name": "Dana Reyes",
        "given_name": "Dana",
        "family_name": "Reyes",
        "emails": [{"address": "dana@northwind.example", "label": "work"}],
        "phones": [{"number": "(555) 555-0142", "label": None}],
        "links": [{"client": CLIENT_ID, "roles": ["primary"], "roles_native": ["primary"]}],
        "meta": {},
    },
    create_example={"client": CLIENT_ID, "family_name": "Reyes", "given_name": "Dana", "roles": ["primary"]},
    update_example={"phones": [{"number": "(555) 555-0143"}]},
)
