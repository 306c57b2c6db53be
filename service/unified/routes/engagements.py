"""The noun `engagements`."""

from typing import Final

from service.resources.engagement import Engagement, EngagementCreate, EngagementUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

ENGAGEMENTS: Final = Noun(
    name="engagements",
    singular="engagement",
    prefix="eng_",
    model=Engagement,
    create=EngagementCreate,
    update=EngagementUpdate,
    about="Engagements are the letters and proposals that firm and client agree on, with their acceptance.",
    references={"client": "clients"},
    example={
        "object": "engagement",
        "id": "eng_AZjy0VpQfSKbQ5v7tYvJ6QABNDE",
        "remote_id": "41",
        **HOME,
        "client": CLIENT_ID,
        "name": "Bookkeeping 2026",
        "status": "signed",
        "status_native": "Accepted",
        "acceptance": {"at": "2026-01-08T09:12:00Z", "by": "Dana Reyes", "ip": None, "manual": False},
        "meta": {},
    },
    create_example={"client": CLIENT_ID, "dated_on": "2027-01-04"},
    update_example={"status": "sent"},
)
