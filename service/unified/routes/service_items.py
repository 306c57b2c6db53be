"""The noun `service_items`."""

from typing import Final

from service.resources.service_item import ServiceItem, ServiceItemCreate, ServiceItemUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

SERVICE_ITEMS: Final = Noun(
    name="service_items",
    singular="service_item",
    prefix="itm_",
    model=ServiceItem,
    create=ServiceItemCreate,
    update=ServiceItemUpdate,
    about="Service items are what the firm sells.",
    references={"category": "tracking"},
    example={
        "object": "service_item",
        "id": "itm_AZjy0VpQfSKbQ5v7tYvJ6QABMg",
        "remote_id": "2",
        **HOME,
        "name": "Bookkeeping",
        "rate": "150",
        "currency": "USD",
        "active": True,
        "meta": {},
    },
    create_example={"name": "Payroll setup", "rate": "240", "income_account": "31"},
    update_example={"rate": "260"},
)
