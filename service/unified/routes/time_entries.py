"""The noun `time_entries`."""

from typing import Final

from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

TIME_ENTRIES: Final = Noun(
    name="time_entries",
    singular="time_entry",
    prefix="tim_",
    model=TimeEntry,
    create=TimeEntryCreate,
    update=TimeEntryUpdate,
    about="Time entries are what people at the firm have worked for clients.",
    references={"client": "clients", "user": "users", "task": "tasks", "invoice": "invoices"},
    example={
        "object": "time_entry",
        "id": "tim_AZjy0VpQfSKbQ5v7tYvJ6QABMzAx",
        "remote_id": "301",
        **HOME,
        "user": "usr_AZjy0VpQfSKbQ5v7tYvJ6QABdXNyXzk5",
        "client": CLIENT_ID,
        "worked_on": "2026-10-02",
        "minutes": 90,
        "rate": {"amount_minor": 15000, "currency": "USD"},
        "billable": True,
        "state": "open",
        "state_native": "saved",
        "meta": {},
    },
    create_example={
        "user": "usr_AZjy0VpQfSKbQ5v7tYvJ6QABdXNyXzk5",
        "client": CLIENT_ID,
        "worked_on": "2026-11-20",
        "minutes": 45,
    },
    update_example={"minutes": 60},
)
