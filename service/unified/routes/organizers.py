"""The noun `organizers`."""

from typing import Final

from service.resources.organizer import Organizer, OrganizerCreate, OrganizerUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

ORGANIZERS: Final = Noun(
    name="organizers",
    singular="organizer",
    prefix="ogz_",
    model=Organizer,
    create=OrganizerCreate,
    update=OrganizerUpdate,
    about="Organizers are questionnaires that clients fill in, to the single answer; suggestions wait for a person.",
    references={"client": "clients"},
    example={
        "object": "organizer",
        "id": "ogz_AZjy0VpQfSKbQ5v7tYvJ6QABNTU",
        "remote_id": "55",
        **HOME,
        "client": CLIENT_ID,
        "title": "Individual organizer 2025",
        "status": "submitted",
        "status_native": "submitted",
        "answers": [{"question_key": "QN100001", "kind": "number", "kind_native": "number", "value": 2}],
        "submitted_at": "2026-02-11T17:45:00Z",
        "meta": {},
    },
    create_example={"client": CLIENT_ID, "title": "Individual organizer 2026"},
    update_example={"answers": [{"question_key": "QN100001", "review": "accepted"}]},
)
