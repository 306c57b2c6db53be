"""Groups around tasks."""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.rules import READ, REPLACE, RUN, calls, table, told

_ALL: Final = ("page", "get", "create", "update", "delete")

WORK: Final[tuple[Group, ...]] = (
    Group(
        name="Tasks",
        operations=7,
        nouns={"tasks": _ALL},
        rules=calls("/tasks/bulk", "Changes status or person of many tasks.", REPLACE),
    ),
    Group(
        name="Tasks - Projected",
        operations=3,
        nouns={"tasks": ("page", "get")},
        rules=told(("POST", "/projected-tasks", "Makes a projected task a real one.")),
    ),
    Group(
        name="Tasks - Recurring",
        operations=10,
        nouns={"tasks": ("page", "get")},
        rules=calls("/recurring-tasks", "A new recurring task.", RUN)
        + calls("/recurring-tasks/{}", "A recurring task, changed or ended.", REPLACE, "DELETE")
        + calls("/recurring-tasks/{}/clients", "For which clients it recurs.", READ, REPLACE)
        + calls("/recurring-tasks/{}/services", "Which services bring it along.", READ, REPLACE),
    ),
    Group(
        name="Task - Workflows",
        operations=8,
        nouns={"tasks": ("get", "update")},
        rules=told(("POST", "/tasks/{}/workflow", "Sets a task's workflow, from its beginning."))
        + calls("/tasks/{}/workflow", "Takes the workflow off a task.", "DELETE"),
    ),
    Group(name="Task - Notes", operations=6, nouns={"tasks": ("get", "update")}),
    Group(
        name="Task - Workflow Notes",
        operations=6,
        nouns={"tasks": ("get",)},
        rules=table("/tasks/{}/groups/{}/steps/{}/workflowstepnote", "Notes at a step of a workflow."),
    ),
    Group(name="Task - Emails", operations=1, rules=calls("/tasks/{}/emails", "Mail that belongs to a task.", READ)),
    Group(name="Tasks - Categories", operations=5, rules=table("/task-categories", "Categories of tasks.")),
    Group(
        name="Tasks - Focus Config",
        operations=2,
        rules=calls("/task-focus-config", "What a person's focus panel shows.", READ, REPLACE),
    ),
    Group(
        name="Tasks - Saved Filters",
        operations=5,
        rules=table("/saved-task-filters", "Filters of tasks that a person saved."),
    ),
    Group(
        name="Workflows",
        operations=10,
        rules=table("/workflows", "Workflows.") + calls("/workflows/{}/{*}", "The library of workflows.", READ, RUN),
    ),
    Group(name="Holidays", operations=5, rules=table("/holidays", "The practice's own holidays.")),
    Group(
        name="Working Days",
        operations=3,
        rules=calls("/working-days", "Working days and what falls on others.", READ, REPLACE)
        + calls("/working-days/bank-holidays", "Bank holidays.", READ),
    ),
)
