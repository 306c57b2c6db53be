"""Operations on tasks: listed by date window, projected from what recurs, and worked through step by step."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Path
from service.sandbox.sodium.errors import invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.recurrence import Recurrence
from service.sandbox.sodium.rows import Rows
from service.sandbox.sodium.steps import Steps
from service.sandbox.sodium.work import TASK_STATUSES, TaskBody

_PRESETS = ("Today", "Tomorrow", "ThisWeek", "NextWeek", "ThisMonth", "NextMonth", "CustomDateRange")
_OPEN = frozenset(TASK_STATUSES) - {"Completed", "Skipped"}
_BASES = {"StartDate": "startDate", "DueDate": "dueDate"}


class BulkBody(wire.Body, frozen=True):
    """What to change on many tasks at once; what is left out stays."""

    task_codes: list[str]
    status: str | None = None
    assigned_user_code: str | None = None


_STEP_NOTES = "/tasks/{task}/groups/{group}/steps/{step}/workflowstepnote"


class NoteBody(wire.Body, frozen=True):
    """A note on a task or a step."""

    text: str
    date: datetime | None = None
    pinned_level: int = 0


class Planning:
    """Tasks, their notes, and what hangs on them."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        self._tasks = Collection(firm.tasks, "/tasks", TaskBody, self._make_task, firm.now_s, firm.clients)
        self._steps = Steps(firm, self._tasks, router)
        self._recurrence = Recurrence(firm, self._tasks, router)
        router.add("GET", "/tasks", self._list)
        router.add("PUT", "/tasks/bulk", self._bulk)
        self._tasks.add_routes(router, ("create", "get", "replace", "delete"))
        self._add_notes(router)

    def _make_task(self, body: TaskBody, old: Json | None, _: int | None) -> Json:
        firm = self._firm
        if not body.name.strip():
            raise invalid("name", "The field name is required.")
        if body.status not in TASK_STATUSES:
            raise invalid("status", f"The value '{body.status}' is not valid.")
        if body.start_date and body.due_date and body.start_date > body.due_date:
            raise invalid("dueDate", "The field dueDate must not lie before startDate.")
        made = wire.fields(body)
        clients = [firm.client(code, "clientCodes")[1] for code in made.pop("clientCodes")]
        workflow = firm.named(firm.workflows, made.pop("workflowCode"), "workflowCode")
        user = firm.user(made.pop("assignedUserCode"), "assignedUserCode")
        category = firm.named(firm.task_categories, made.pop("categoryCode"), "categoryCode")
        steps = len(firm.workflows.get(workflow["code"])["steps"]) if workflow else 0
        keeps_steps = old is not None and workflow == old["workflow"]
        return {
            **made,
            "startDate": made["startDate"] or made["dueDate"] or wire.instant(firm.now_s())[:10],
            "isProjected": False,
            "clients": clients,
            "primaryClient": clients[0] if clients else None,
            "assignedUser": user,
            "recurringTask": old["recurringTask"] if old else None,
            "workflow": workflow,
            "category": category,
            "workflowSteps": steps,
            "workflowStepsComplete": old["workflowStepsComplete"] if old and keeps_steps else 0,
            "workflowStepDetails": None,
        }

    def _list(self, request: Request, _: Path) -> Response:
        today = datetime.fromtimestamp(self._firm.now_s(), UTC).date()
        statuses = wire.choices(request, "status", TASK_STATUSES)
        overdue = wire.flag(request, "isOverdue")
        basis = wire.choice(request, "dateBasis", _BASES) or "StartDate"
        asked = wire.window(request, ("StartDate", "DueDate", "Name"))
        span = _span(request, today)
        if span is None and not overdue and (not statuses or "NotStarted" in statuses):
            raise invalid("dateRange", "A date range is required unless the status filter excludes NotStarted.")
        if overdue and not statuses:
            statuses = _OPEN
        found: Sequence[int | Json] = self._selected(request, statuses, overdue, basis, asked, span, today)
        if wire.flag(request, "includeProjected") and span is not None and (not statuses or "NotStarted" in statuses):
            found = [*found, *self._recurrence.between(request, span, _BASES[basis])]
        if wire.flag(request, "includeWorkflowSteps"):
            found = self._steps.mixed_in(found)
        table = self._firm.tasks.table
        return wire.page(found, asked, lambda task: table[task] if isinstance(task, int) else task)

    def _selected(
        self,
        request: Request,
        statuses: frozenset[str],
        overdue: bool,
        basis: str,
        asked: wire.Window,
        span: tuple[date, date] | None,
        today: date,
    ) -> Sequence[int]:
        wanted = {name: code for name in ("client", "user", "recurringTask", "category")
                  if (code := request.query.get(name))}  # fmt: skip
        table = self._firm.tasks.table

        def matches(position: int) -> bool:
            if statuses and self._status(position) not in statuses:
                return False
            if span is not None and not _inside(self._day(position, basis), span):
                return False
            if overdue and not _inside(self._day(position, "DueDate"), (date.min, today - timedelta(days=1))):
                return False
            return not wanted or self._is_about(table[position], wanted)

        def key(position: int) -> object:
            if asked.sort_by == "Name":
                return table[position]["name"]
            return self._day(position, asked.sort_by or basis) or date.max

        name = (tuple(sorted(statuses)), overdue, basis, span, today if overdue else None, asked.sort_by,
                asked.descending, tuple(sorted(wanted.items())))  # fmt: skip
        return table.select(name, matches, key if asked.sort_by else None, reverse=asked.descending)

    def _status(self, position: int) -> str:
        table = self._firm.tasks.table
        return str(table[position]["status"]) if table.is_written(position) else self._firm.work.status(position)

    def _day(self, position: int, basis: str) -> date | None:
        table = self._firm.tasks.table
        if not table.is_written(position):
            return self._firm.work.due(position) if basis == "DueDate" else self._firm.work.start(position)
        text: str | None = table[position][_BASES[basis]]
        return date.fromisoformat(text) if text else None

    @staticmethod
    def _is_about(task: Json, wanted: dict[str, str]) -> bool:
        clients = {client["code"] for client in task["clients"]}
        return all(
            code in clients if name == "client" else code == wire.code_of(task[_FIELDS[name]])
            for name, code in wanted.items()
        )

    def _bulk(self, request: Request, _: Path) -> Response:
        body = wire.read(request, BulkBody)
        if body.status is not None and body.status not in TASK_STATUSES:
            raise invalid("status", f"The value '{body.status}' is not valid.")
        user = self._firm.user(body.assigned_user_code, "assignedUserCode")
        changes: Json = {}
        if body.status is not None:
            changes["status"] = body.status
        if user is not None:
            changes["assignedUser"] = user
        positions = [self._firm.tasks.table.find(code) for code in body.task_codes]
        if None in positions:
            raise invalid("taskCodes", "One of the tasks does not exist.")
        for position in positions:
            assert position is not None
            self._tasks.amend(position, changes)
        return json_response(200, {"updatedCount": len(positions)})

    def _add_notes(self, router: Router) -> None:
        for pattern, rows in (("/tasks/{task}/taskitemnote", self._firm.task_notes),
                              (_STEP_NOTES, self._firm.step_notes)):  # fmt: skip
            notes = Notes(self._firm, rows)
            router.add("GET", pattern, notes.list)
            router.add("POST", pattern, notes.create)
            router.add("GET", f"{pattern}/{{code}}", notes.get)
            router.add("PUT", f"{pattern}/{{code}}", notes.replace)
            router.add("DELETE", f"{pattern}/{{code}}", notes.delete)


class Notes:
    """Notes on tasks, or on the steps of tasks."""

    def __init__(self, firm: Firm, rows: Rows) -> None:
        self._firm = firm
        self._rows = rows

    def list(self, request: Request, path: Path) -> Response:
        """`GET`: pinned ones first."""
        table = self._rows.table
        self._firm.tasks.position(path["task"])
        found = [at for at in self._rows.all() if table[at]["about"] == _about(path)]
        found.sort(key=lambda at: -table[at]["pinnedLevel"])
        return wire.page(found, wire.window(request), lambda at: _shown(table[at]))

    def create(self, request: Request, path: Path) -> Response:
        """`POST`: a note by whoever calls."""
        self._firm.tasks.position(path["task"])
        now_s = self._firm.now_s()
        now = wire.instant(now_s)
        said = wire.fields(wire.read(request, NoteBody))
        said["date"] = said["date"] or now
        step = {"stepNumber": int(path["step"]), "groupNumber": int(path["group"])} if "step" in path else {}
        row = self._rows.add({**said, **step, "about": _about(path), "noteFromUser": self._firm.me,
                              "createdDate": now, "updatedDate": now}, now_s)  # fmt: skip
        return json_response(201, _shown(row))

    def get(self, request: Request, path: Path) -> Response:
        """`GET` of one."""
        return json_response(200, _shown(self._rows.table[self._find(path)]))

    def replace(self, request: Request, path: Path) -> Response:
        """`PUT`."""
        position = self._find(path)
        now_s = self._firm.now_s()
        old = self._rows.table[position]
        said = wire.fields(wire.read(request, NoteBody))
        row = {**old, **said, "date": said["date"] or old["date"], "updatedDate": wire.instant(now_s)}
        self._rows.put(position, row, now_s)
        return json_response(200, _shown(row))

    def delete(self, request: Request, path: Path) -> Response:
        """`DELETE`: 204."""
        self._rows.put(self._find(path), None, self._firm.now_s())
        return Response(204)

    def _find(self, path: Path) -> int:
        position = self._rows.position(path["code"])
        if self._rows.table[position]["about"] != _about(path):
            raise missing("Note")
        return position


_FIELDS = {"user": "assignedUser", "recurringTask": "recurringTask", "category": "category"}


def _about(path: Path) -> list[str]:
    return [path["task"], path.get("step", "")]


def _shown(row: Json) -> Json:
    return {name: row[name] for name in row if name != "about"}


def _inside(day: date | None, span: tuple[date, date]) -> bool:
    return day is not None and span[0] <= day <= span[1]


def _span(request: Request, today: date) -> tuple[date, date] | None:
    """The days a call asks about, both included; None when it says nothing of them."""
    preset = wire.choice(request, "dateRange", _PRESETS)
    if preset is None:
        return None
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    match preset:
        case "Today" | "Tomorrow":
            day = today + timedelta(days=preset == "Tomorrow")
            return day, day
        case "ThisWeek" | "NextWeek":
            begin = monday + timedelta(days=7 * (preset == "NextWeek"))
            return begin, begin + timedelta(days=6)
        case "ThisMonth":
            return month, next_month - timedelta(days=1)
        case "NextMonth":
            return next_month, (next_month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        case _:
            return _custom(request)


def _custom(request: Request) -> tuple[date, date]:
    begin, end = wire.day(request, "startDate"), wire.day(request, "endDate")
    if begin is None or end is None:
        raise invalid("startDate" if begin is None else "endDate", "CustomDateRange needs startDate and endDate.")
    if end < begin:
        raise invalid("endDate", "The field endDate must not lie before startDate.")
    return begin, end
