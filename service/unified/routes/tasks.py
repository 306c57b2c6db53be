"""The noun `tasks`."""

from typing import Final

from service.resources.task import Task, TaskCreate, TaskUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import HOME

TASKS: Final = Noun(
    name="tasks",
    singular="task",
    prefix="tsk_",
    model=Task,
    create=TaskCreate,
    update=TaskUpdate,
    about="Tasks are the work of the practice: tasks, subtasks, and requests that a client sees.",
    references={"client": "clients", "parent": "tasks"},
    example={
        "object": "task",
        "id": "tsk_AZjy0VpQfSKbQ5v7tYvJ6QABdHNrXzdm",
        "remote_id": "tsk_7f",
        **HOME,
        "name": "Prepare Form 1120-S",
        "kind": "task",
        "kind_native": "task",
        "status": "doing",
        "status_native": "in progress",
        "parent": None,
        "client": "cli_AZjy0VpQfSKbQ5v7tYvJ6QABY255XzE5ZmEy",
        "engagement": None,
        "assignees": ["usr_AZjy0VpQfSKbQ5v7tYvJ6QABdXNyXzk5"],
        "priority": "high",
        "start_on": "2026-02-01",
        "due_on": "2026-03-15",
        "budget_minutes": 240,
        "tax_year": 2025,
        "checklist": [{"id": "1", "text": "W-2s", "done": True, "completed_at": "2026-02-10T11:00:00Z"}],
        "meta": {"unsupported": ["created_at", "updated_at", "version"]},
    },
    create_example={"name": "Prepare Form 1120-S", "due_on": "2027-03-15"},
    update_example={"status": "done"},
)
