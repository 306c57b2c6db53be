"""The practice's work: tasks, the workflows they follow, and what recurs."""

from collections.abc import Iterator
from datetime import date, timedelta

from service.sandbox.books import AS_OF, Books, day_of
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.shapes import counts
from service.sandbox.sodium.clients import People
from service.sandbox.sodium.staff import BORN_S, TASK_CATEGORIES, code, user_ref
from service.sandbox.sodium.wire import Body, Day, instant, ref

TASK_STATUSES = ("NotStarted", "InProgress", "Blocked", "Completed", "Skipped")
STEP_TYPES = ("Standard", "SendEmail", "DocumentRequest", "DocumentApproval", "ClientConfirmation", "SendDataForm",
              "SetServiceStage")  # fmt: skip
ASSIGNMENTS = ("TaskOwner", "SpecificUser", "ClientManager", "ClientServiceManager", "ClientPartner", "ClientAssociate",
               "DoNotAssign")  # fmt: skip
RECURRENCES = {"Monthly": 1, "Quarterly": 3, "Annually": 12}
AS_OF_DAY = AS_OF.date()
HORIZON_DAYS = 5 * 366
"""How far ahead a recurring task without an end is projected."""

_TASK = 12  # as elsewhere in the books: what is due when does not differ from vendor to vendor
_STATUS, _CHANGED = 61, 62
_TITLES = ("Prepare return", "Collect documents", "Reconcile accounts", "Send last year's statement", "Plan next year")
_WORKFLOWS = (
    ("Yearly return", (("Ask for papers", "DocumentRequest"), ("Draft", "Standard"), ("Approval", "DocumentApproval"),
                       ("Confirm", "ClientConfirmation"))),
    ("Month end", (("Import the bank", "Standard"), ("Reconcile", "Standard"), ("Send report", "SendEmail"))),
)  # fmt: skip
_RECURRING = (
    ("Monthly bookkeeping", "Monthly", 10, 1, (0, 10)),
    ("Payroll run", "Monthly", 25, None, (7, 14, 19)),
    ("Quarterly review", "Quarterly", 15, None, (5,)),
    ("Yearly return", "Annually", 28, 0, (1, 11, 18)),
)
_RECURRING_CLIENTS = 2000
WORKFLOWS = len(_WORKFLOWS)
RECURRING = len(_RECURRING)


class TaskBody(Body, frozen=True):
    """A task to write."""

    name: str
    description: str | None = None
    status: str = "NotStarted"
    time_estimate: float | None = None
    start_date: Day | None = None
    due_date: Day | None = None
    statutory_due_date: Day | None = None
    client_codes: tuple[str, ...] = ()
    assigned_user_code: str | None = None
    category_code: str | None = None
    workflow_code: str | None = None


class Work:
    """Builds tasks, workflows and recurring tasks."""

    def __init__(self, books: Books, people: People) -> None:
        self._books = books
        self._people = people
        self.tasks = Layout(counts(lambda shape: shape.tasks), books.clients)

    def due(self, row: int) -> date:
        """When a task is due; the fifth of a client lies years back, where only a backfill looks."""
        number, place = self.tasks.locate(row)
        if place == 4:
            return day_of(self._books.client_times(number)[0]) + timedelta(days=40)
        return AS_OF_DAY + timedelta(days=Dice(self._books.seed, _TASK, number, place).between(-90, 120))

    def start(self, row: int) -> date:
        """When a task begins."""
        return self.due(row) - timedelta(days=30)

    def status(self, row: int) -> str:
        """A task's status: what lies far back is done."""
        number, place = self.tasks.locate(row)
        rolled = Dice(self._books.seed, _STATUS, number, place).roll(len(TASK_STATUSES))
        return "Completed" if place == 4 and rolled < 4 else TASK_STATUSES[rolled]

    def task(self, row: int) -> Json:
        """A task."""
        number, place = self.tasks.locate(row)
        due = self.due(row)
        status = self.status(row)
        workflow = (0, None, 1, None, None)[place]
        steps = 0 if workflow is None else len(_WORKFLOWS[workflow][1])
        person = self._people.ref(number)
        at = instant(self.task_updated_s(row))
        return {
            "code": code("TK", row),
            "name": _TITLES[place],
            "description": None if place % 2 else f"{_TITLES[place]} for {self._books.name(number)}",
            "status": status,
            "isProjected": False,
            "timeEstimate": (8, 1.5, 4, None, 2.25)[place],
            "startDate": self.start(row).isoformat(),
            "dueDate": due.isoformat(),
            "statutoryDueDate": (due + timedelta(days=15)).isoformat() if place == 0 else None,
            "clients": [person],
            "primaryClient": person,
            "assignedUser": None if place == 3 else user_ref((number + place) % 4),
            "recurringTask": None,
            "workflow": None if workflow is None else ref(code("WF", workflow), _WORKFLOWS[workflow][0]),
            "category": ref(code("TC", place % 3), TASK_CATEGORIES[place % 3]),
            "workflowSteps": steps,
            "workflowStepsComplete": done_steps(status, steps),
            "workflowStepDetails": None,
            "createdDate": instant(min(self.task_updated_s(row), BORN_S + 30 * 86_400 + row)),
            "updatedDate": at,
        }

    def task_updated_s(self, row: int) -> int:
        """When a task last changed."""
        return int(AS_OF.timestamp()) - Dice(self._books.seed, _CHANGED, row).roll(300 * 86_400)

    def recurring_clients(self, row: int) -> list[str]:
        """The codes of the clients a seeded recurring task is done for."""
        places = _RECURRING[row][4]
        last = min(self._books.clients, _RECURRING_CLIENTS)
        return [code("CL", number) for number in range(last) if number % 20 in places]


def workflow(row: int) -> Json:
    """A workflow with the templates of its steps."""
    name, steps = _WORKFLOWS[row]
    return {
        "code": code("WF", row),
        "name": name,
        "description": f"How we do a {name.lower()}",
        "steps": [step_template(number, step, kind) for number, (step, kind) in enumerate(steps, 1)],
        "createdDate": instant(BORN_S),
        "updatedDate": instant(BORN_S),
    }


def step_template(number: int, name: str, kind: str) -> Json:
    """One step of a workflow."""
    return {
        "name": name,
        "description": None,
        "timeEstimateMinutes": 30 * number,
        "stepNumber": number,
        "stepType": kind,
        "autoExecute": kind == "SendEmail",
        "dependsOnPreviousGroup": number > 1,
        "assignmentType": "TaskOwner",
        "assignedUser": None,
        "assignedTeam": None,
        "billableService": None,
        "dependsOnStepNumbers": [number - 1] if number > 1 else [],
    }


def progress(template: Json, status: str, at: str, user: Json | None) -> Json:
    """How far one step of a task is."""
    number = template["stepNumber"]
    is_done = status == "Completed"
    return {
        "stepNumber": number,
        "stepName": template["name"],
        "stepDescription": template["description"],
        "stepTimeEstimate": template["timeEstimateMinutes"],
        "status": status,
        "blockedReason": None,
        "assignedUser": user,
        "completedByUser": user if is_done else None,
        "completedDate": at if is_done else None,
        "canStart": not is_done,
        "stepType": template["stepType"],
        "emailStepConfiguration": None,
        "emailExecutionState": None,
        "notes": [],
        "dependsOnSteps": template["dependsOnStepNumbers"],
    }


def done_steps(status: str, steps: int) -> int:
    """How many of a seeded task's steps are done."""
    return steps if status == "Completed" else 1 if status == "InProgress" and steps else 0


def recurring(row: int) -> Json:
    """A recurring task; for whom is kept apart."""
    name, frequency, day, flow, _ = _RECURRING[row]
    return {
        "code": code("RT", row),
        "name": name,
        "description": None,
        "frequency": frequency,
        "interval": 1,
        "dayOfMonth": day,
        "startDate": "2026-01-01",
        "endDate": "2028-06-30",
        "leadDays": 10,
        "timeEstimate": 2,
        "category": ref(code("TC", row % 3), TASK_CATEGORIES[row % 3]),
        "workflow": None if flow is None else ref(code("WF", flow), _WORKFLOWS[flow][0]),
        "assignmentType": "ClientManager",
        "assignedUser": None,
        "isActive": True,
        "createdDate": instant(BORN_S),
        "updatedDate": instant(BORN_S),
    }


def due_days(recurring_task: Json) -> Iterator[date]:
    """The days on which a recurring task will be due, from where the books end."""
    begin = date.fromisoformat(recurring_task["startDate"])
    end = date.fromisoformat(recurring_task["endDate"] or (AS_OF_DAY + timedelta(days=HORIZON_DAYS)).isoformat())
    step = RECURRENCES[recurring_task["frequency"]] * recurring_task["interval"]
    month = begin.year * 12 + begin.month - 1
    while True:
        day = date(month // 12, month % 12 + 1, recurring_task["dayOfMonth"])
        if day > end:
            return
        if day >= max(begin, AS_OF_DAY):
            yield day
        month += step


def projected(recurring_task: Json, client: Json, manager: Json | None, due: date) -> Json:
    """A task that will be, under the composite code it has until it is made real."""
    steps = 0
    return {
        "code": f"proj-{recurring_task['code']}-{client['code']}-{due:%Y%m%d}",
        "name": recurring_task["name"],
        "description": recurring_task["description"],
        "status": "NotStarted",
        "isProjected": True,
        "timeEstimate": recurring_task["timeEstimate"],
        "startDate": (due - timedelta(days=recurring_task["leadDays"])).isoformat(),
        "dueDate": due.isoformat(),
        "statutoryDueDate": None,
        "clients": [client],
        "primaryClient": client,
        "assignedUser": manager,
        "recurringTask": ref(recurring_task["code"], recurring_task["name"]),
        "workflow": recurring_task["workflow"],
        "category": recurring_task["category"],
        "workflowSteps": steps,
        "workflowStepsComplete": 0,
        "workflowStepDetails": None,
        "createdDate": recurring_task["createdDate"],
        "updatedDate": recurring_task["updatedDate"],
    }
