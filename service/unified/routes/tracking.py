"""The noun `tracking`."""

from typing import Final

from service.resources.service_item import TrackingValue, TrackingValueCreate, TrackingValueUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

TRACKING: Final = Noun(
    name="tracking",
    singular="tracking_value",
    prefix="trk_",
    model=TrackingValue,
    create=TrackingValueCreate,
    update=TrackingValueUpdate,
    about="Tracking values are the classes, locations and categories that the firm books by.",
    references={"parent": "tracking"},
    example={
        "object": "tracking_value",
        "id": "trk_AZjy0VpQfSKbQ5v7tYvJ6QABY2xhc3MtNA",
        "remote_id": "class-4",
        **HOME,
        "dimension": "class",
        "name": "Advisory",
        "active": True,
        "meta": {},
    },
    create_example={"dimension": "class", "name": "Succession"},
    update_example={"name": "Succession planning"},
)
