"""The steps of a task's workflow: read as its checklist, ticked off one by one.

Sources, read 2026-11-20: https://sodiumhq.com/docs/api/schemas/workflowstepprogressdto.html,
https://sodiumhq.com/docs/api/operations/task-workflows/updateworkflowstep.html,
https://sodiumhq.com/docs/api/operations/tasks-projected.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.references import invalid
from service.connectors.sodium import calls
from service.connectors.sodium.notes import WireNote
from service.connectors.sodium.wire import RefId, instant, reference
from service.ids import Book
from service.resources.task import ChecklistItem, ChecklistItemInput


class WireStep(Struct, frozen=True, gc=False):
    """A projected task's steps may still be templates, which are named `name` and have no status (assumed)."""

    stepNumber: int
    stepName: str | None = None
    name: str | None = None
    status: str | None = None
    stepType: str | None = None
    assignedUser: RefId | None = None
    completedByUser: RefId | None = None
    completedDate: datetime | None = None
    notes: list[WireNote] | None = None


class WireGroup(Struct, frozen=True, gc=False):
    """`name` is what templates call it."""

    steps: list[WireStep] | None = None
    groupNumber: int | None = None
    groupName: str | None = None
    name: str | None = None


class WireProgress(Struct, frozen=True, gc=False):
    groups: list[WireGroup] | None


def read_progress(path: str) -> Request:
    """The call for the groups and steps of the task at `path`: where a real task has them is assumed."""
    where = "workflow/groups" if path.startswith("/projected-tasks/") else "workflow"
    return Request(method="GET", path=f"{path}/{where}", lane="read", aside=True)


def progress_in(response: Response) -> WireProgress:
    """The groups, which may come with the task's own figures around them or bare: nobody says which."""
    if response.body.lstrip()[:1] == b"[":
        return WireProgress(_read_groups(response))
    return _read_whole(response)


_read_groups = json_reader(list[WireGroup])
_read_whole = json_reader(WireProgress)
_DONE: Final = ("Completed", "Skipped")


def to_checklist(wire: WireProgress, book: Book) -> list[ChecklistItem]:
    """The steps of all groups in their order; a step that is skipped is done with as much as one completed."""
    return [
        ChecklistItem(
            id=str(step.stepNumber),
            text=_step_name(step),
            done=step.status in _DONE,
            completed_at=instant(step.completedDate),
            completed_by=reference("usr_", step.completedByUser, book),
            assignee=reference("usr_", step.assignedUser, book),
            group=group.groupName or group.name,
            kind_native=step.stepType,
            status_native=step.status,
        )
        for group in wire.groups or ()
        for step in group.steps or ()
    ]


def _step_name(wire: WireStep) -> str:
    name = wire.stepName or wire.name
    if name is None:
        raise SchemaDrift("$.groups[].steps[].stepName", "Object missing required field `stepName`")
    return name


def noted_at_steps(progress: WireProgress, known: Sequence[WireNote]) -> list[WireNote]:
    """Notes that stand at the steps and not among those that are known already."""
    codes = {note.code for note in known}
    return [
        note if note.stepNumber is not None else replace(note, stepNumber=step.stepNumber)
        for group in progress.groups or ()
        for step in group.steps or ()
        for note in step.notes or ()
        if note.code not in codes
    ]


def tick(path: str, wanted: Sequence[ChecklistItemInput]) -> Flow[None]:
    """Finishes steps and takes finished ones up again. Raises Invalid for a step that is not there, or said anew."""
    progress = progress_in((yield read_progress(path)))
    steps = {
        str(step.stepNumber): (group.groupNumber if group.groupNumber is not None else number, step)
        for number, group in enumerate(progress.groups or (), 1)
        for step in group.steps or ()
    }
    for at, item in enumerate(wanted):
        pointer = f"/checklist/{at}"
        if isinstance(item.id, UnsetType) or item.id not in steps:
            raise invalid(f"{pointer}/id", "not_found", "A workflow's steps are set: name one of them.")
        if item.text != _step_name(steps[item.id][1]):
            raise invalid(f"{pointer}/text", "unsupported", "What a step says is set by its workflow.")
    for item in wanted:
        assert item.id is not UNSET
        group, step = steps[item.id]
        if (step.status in _DONE) != item.done:
            one = f"{path}/workflow/groups/{group}/steps/{step.stepNumber}"
            yield calls.write("PUT", one, {"status": "Completed" if item.done else "NotStarted"})
