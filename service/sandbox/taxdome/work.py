"""Pipelines, jobs, tasks and time: the tasks Canopy shows of a client hang on one or two jobs here."""

from datetime import timedelta

from service.sandbox.books import AS_OF, SERVICES, Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.wire import major, make_id

PIPELINES = (
    {"id": "pip_1", "name": "Tax returns", "stages": ["Intake", "Preparation", "Review", "E-file", "Done"]},
    {"id": "pip_2", "name": "Monthly bookkeeping", "stages": ["Documents", "Reconcile", "Report", "Done"]},
    {"id": "pip_3", "name": "Advice", "stages": ["Agreed", "Analysis", "Presented", "Done"]},
)
TASK_STATUSES = (
    "no_status",
    "planned",
    "in_progress",
    "in_review",
    "on_hold",
    "extended",
    "waiting_for_client",
    "waiting_for_signatures",
    "waiting_for_agency",
    "completed",
    "canceled",
)
PRIORITIES = ("low", "medium", "high", "urgent")
USERS = tuple(make_id("users", row) for row in range(len(STAFF)))
_TASK, _JOB, _TIME = 12, 52, 53
_JOB_NAMES = ("2025 tax return", "Bookkeeping June 2026", "Change of legal form", "Amended return 2024")
_TASK_NAMES = (
    "Prepare return",
    "Collect documents",
    "Reconcile accounts",
    "Send last year's statement",
    "Plan next year",
)


class Work:
    """Builds jobs, tasks and time entries."""

    def __init__(self, books: Books, invoices: Layout) -> None:
        self._books = books
        self._invoices = invoices
        self.jobs = Layout(plan.JOBS, books.clients)
        self.tasks = Layout(plan.TASKS, books.clients)
        self.times = Layout(plan.TIMES, books.clients)

    def job(self, row: int) -> Json:
        """A job on its way through a pipeline."""
        number, place = self.jobs.locate(row)
        dice = Dice(self._books.seed, _JOB, number, place)
        pipeline = PIPELINES[place % len(PIPELINES)]
        status = dice.pick(("active", "active", "active", "completed", "archived"))
        stages = pipeline["stages"]
        return {
            "id": make_id("jobs", row),
            "account_id": make_id("accounts", number),
            "name": _JOB_NAMES[place],
            "pipeline_id": pipeline["id"],
            "stage": stages[-1] if status == "completed" else stages[dice.roll(len(stages) - 1)],
            "status": status,
            "custom_status": dice.pick((None, None, "Waiting for K-1")),
            "priority": dice.pick(PRIORITIES),
            "assignees": [dice.pick(USERS)],
            "due_date": self._due(number, 4 * place),
        }

    def task(self, row: int) -> Json:
        """A task of a job."""
        number, place = self.tasks.locate(row)
        status = TASK_STATUSES[Dice(self._books.seed, _TASK, number, place, 3).roll(len(TASK_STATUSES))]
        return {
            "id": make_id("tasks", row),
            "job_id": make_id("jobs", self.jobs.rows_of(number)[place == 4]),
            "name": _TASK_NAMES[place],
            "status": status,
            "done": status == "completed",
        }

    def time(self, row: int) -> Json:
        """Time somebody worked."""
        number, place = self.times.locate(row)
        dice = Dice(self._books.seed, _TIME, number, place)
        jobs = self.jobs.rows_of(number)
        invoices = self._invoices.rows_of(number)
        is_billed = bool(invoices) and place % 6 == 1
        return {
            "id": make_id("time-entries", row),
            "user_id": dice.pick(USERS),
            "account_id": make_id("accounts", number),
            "job_id": make_id("jobs", dice.pick(jobs)) if place % 5 else None,
            "date": (AS_OF - timedelta(days=dice.between(1, 180))).date().isoformat(),
            "minutes": dice.between(1, 24) * 5,
            "rate": major(dice.pick(SERVICES[4:7]).rate_minor),
            "billable": place % 4 != 3,
            "billed": is_billed,
            "invoice_id": make_id("invoices", invoices[0]) if is_billed else None,
        }

    def _due(self, number: int, place: int) -> str:
        """The day the task of the same place is due, as Canopy has it."""
        days = Dice(self._books.seed, _TASK, number, place).between(-90, 120)
        return (AS_OF + timedelta(days=days)).date().isoformat()
