"""Canopy's round trips: work, papers and time."""

from typing import Any, Final

from hypothesis import strategies as st
from msgspec import UNSET

from service.resources.client import ClientStatus
from service.resources.document import DocumentUpdate
from service.resources.engagement import EngagementCreate, EngagementUpdate
from service.resources.organizer import AnswerInput, OrganizerCreate, OrganizerUpdate
from service.resources.task import ChecklistItemInput, TaskCreate, TaskPriority, TaskStatus, TaskUpdate
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from tests.connectors.trips import Drawn, Trip, World, cents, days, listed, maybe, or_null, words

_TASK: Final[dict[str, Drawn]] = {
    "status": maybe(st.sampled_from([TaskStatus.TODO, TaskStatus.DOING, TaskStatus.DONE])),
    "priority": maybe(st.sampled_from([TaskPriority.LOW, TaskPriority.MEDIUM, TaskPriority.HIGH])),
    "checklist": maybe(st.lists(st.builds(ChecklistItemInput, text=words, done=st.booleans()), max_size=3)),
}


def client_of(world: World) -> Drawn:
    return st.sampled_from([one.id for one in listed(world, "clients") if one.status == ClientStatus.ACTIVE][:5])


def _checked(record: Any, new: Any) -> bool:
    shown = [(one.text, one.done) for one in record.checklist]
    return new.checklist is UNSET or shown == [(one.text, one.done) for one in new.checklist]


def _answered(record: Any, new: Any) -> bool:
    shown = {one.question_key: one.value for one in record.answers}
    values = getattr(new, "values", UNSET)
    return values is UNSET or all(shown[one.question_key] == one.value for one in values)


WORK: Final = {
    "tasks": Trip(
        creates=lambda world: st.builds(
            TaskCreate,
            name=words,
            client=maybe(client_of(world)),
            start_on=maybe(days),
            due_on=maybe(days),
            budget_minutes=maybe(st.integers(1, 10_000)),
            tax_year=maybe(st.integers(2000, 2090)),
            **_TASK,
        ),
        updates=lambda world, made: st.builds(
            TaskUpdate,
            name=maybe(words),
            start_on=or_null(days),
            due_on=or_null(days),
            budget_minutes=or_null(st.integers(1, 10_000)),
            tax_year=or_null(st.integers(2000, 2090)),
            **_TASK,
        ),
        told=frozenset({"checklist"}),
        follows=frozenset({"status_native", "priority_native"}),
        holds=_checked,
    ),
    "documents": Trip(
        finds=lambda record: record.folder is not None,
        updates=lambda world, made: st.builds(
            DocumentUpdate,
            name=maybe(words),
            visible_to_client=maybe(st.booleans()),
            folder=maybe(st.sampled_from([None, *(one.id for one in listed(world, "folders")[:3])])),
        ),
        told=frozenset({"visible_to_client"}),
        follows=frozenset({"area", "history"}),
        holds=lambda record, new: (
            new.visible_to_client is UNSET or new.visible_to_client == (record.area == "firm_shared")
        ),
    ),
    "organizers": Trip(
        creates=lambda world: st.builds(OrganizerCreate, client=client_of(world), title=words),
        updates=lambda world, made: st.builds(
            OrganizerUpdate,
            values=maybe(
                st.lists(
                    st.builds(
                        AnswerInput,
                        question_key=st.sampled_from(
                            [one.question_key for one in made.answers if one.kind == "text"] or ["none"]
                        ),
                        value=words,
                    ),
                    max_size=2,
                    unique_by=lambda one: one.question_key,
                )
            ),
        ),
        told=frozenset({"values"}),
        follows=frozenset({"answers", "status", "status_native"}),
        holds=_answered,
    ),
    "engagements": Trip(
        creates=lambda world: st.builds(
            EngagementCreate, client=client_of(world), name=words, starts_on=maybe(days), ends_on=maybe(days)
        ),
        updates=lambda world, made: st.builds(
            EngagementUpdate, name=maybe(words), starts_on=maybe(days), ends_on=maybe(days)
        ),
    ),
    "time_entries": Trip(
        creates=lambda world: st.builds(
            TimeEntryCreate,
            user=st.sampled_from([one.id for one in listed(world, "users")]),
            client=client_of(world),
            worked_on=days,
            minutes=st.integers(1, 1440),
            billable=st.booleans(),
        ),
        updates=lambda world, made: st.builds(
            TimeEntryUpdate,
            worked_on=maybe(days),
            minutes=maybe(st.integers(1, 1440)),
            rate=maybe(cents),
            billable=maybe(st.booleans()),
        ),
        follows=frozenset({"amount"}),
    ),
}
