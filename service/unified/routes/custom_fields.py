"""The noun `custom_fields`."""

from typing import Final

from service.resources.service_item import CustomField
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

CUSTOM_FIELDS: Final = Noun(
    name="custom_fields",
    singular="custom_field",
    prefix="cfd_",
    model=CustomField,
    about="Custom fields are the definitions of what the firm records beside the usual.",
    example={
        "object": "custom_field",
        "id": "cfd_AZjy0VpQfSKbQ5v7tYvJ6QABdGllcg",
        "remote_id": "tier",
        **HOME,
        "name": "Tier",
        "kind": "select",
        "kind_native": "Select",
        "choices": ["Gold", "Silver"],
        "meta": {},
    },
)
