"""Operations on what recurs: templates, for whom they are done, the tasks they will bring, and making those real."""

from datetime import date

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Path
from service.sandbox.sodium.errors import invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.wire import Day
from service.sandbox.sodium.work import ASSIGNMENTS, RECURRENCES, TaskBody, due_days, projected

_ROOT = "/recurring-tasks"
_PROJECTED = "/projected-tasks"
_MOST_PERIODS = 120
_LAST_YEAR = 2100


class RecurringBody(wire.Body, frozen=True):
    """A recurring task to write; days of the month above 28 are not taken (assumed)."""

    name: str
    frequency: str
    start_date: Day
    description: str | None = None
    interval: int = 1
    day_of_month: int = 1
    end_date: Day | None = None
    lead_days: int = 0
    time_estimate: float | None = None
    category_code: str | None = None
    workflow_code: str | None = None
    assignment_type: str = "ClientManager"
    assigned_user_code: str | None = None
    is_active: bool = True


class CodeBody(wire.Body, frozen=True):
    """Which projected task is to become real."""

    code: str


class CodesBody(wire.Body, frozen=True):
    """The clients, or services, a recurring task is done for: all of them, anew."""

    codes: list[str]


class Recurrence:
    """Recurring and projected tasks."""

    def __init__(self, firm: Firm, tasks: Collection[TaskBody], router: Router) -> None:
        self._firm = firm
        self._tasks = tasks
        for method, pattern, handler in (
            ("GET", _PROJECTED, self._list),
            ("GET", f"{_PROJECTED}/{{code}}", self._get),
            ("POST", _PROJECTED, self._materialize),
            ("GET", f"{_PROJECTED}/{{code}}/workflow/groups", self._workflow),
            ("GET", f"{_ROOT}/{{code}}/clients", self._clients),
            ("PUT", f"{_ROOT}/{{code}}/clients", self._set_clients),
            ("GET", f"{_ROOT}/{{code}}/services", self._services),
            ("PUT", f"{_ROOT}/{{code}}/services", self._set_services),
        ):
            router.add(method, pattern, handler)
        Collection(
            firm.recurring, _ROOT, RecurringBody, self._make, firm.now_s, firm.clients, search=("name",)
        ).add_routes(router)

    def between(self, request: Request, span: tuple[date, date], basis: str) -> list[Json]:
        """The tasks that will be, of a span of days, without those that are real already."""
        only, client = request.query.get("recurringTask"), request.query.get("client")
        table = self._firm.recurring.table
        found: list[Json] = []
        for position in self._firm.recurring.all():
            row = table[position]
            if row["isActive"] and only in {None, "", row["code"]}:
                found += self._of(row, span, basis, client)
        return sorted(found, key=lambda task: (task[basis], task["code"]))

    def _of(self, row: Json, span: tuple[date, date], basis: str, client: str | None) -> list[Json]:
        firm = self._firm
        codes = [code for code in self._client_codes(row["code"]) if client in {None, "", code}]
        clients = [at for code in codes if (at := firm.clients.table.find(code)) is not None]
        found: list[Json] = []
        for due in due_days(row):
            for at in clients:
                task = self._projected(row, at, due)
                is_real = ("materialized", task["code"]) in firm.kept
                if not is_real and span[0].isoformat() <= task[basis] <= span[1].isoformat():
                    found.append(task)
        return found

    def _projected(self, row: Json, client: int, due: date) -> Json:
        manager = self._firm.clients.table[client]["manager"] if row["assignmentType"] == "ClientManager" else None
        task = projected(row, self._firm.client_ref(client), manager or row["assignedUser"], due)
        flow = row["workflow"]
        return {**task, "workflowSteps": len(self._firm.workflows.get(flow["code"])["steps"]) if flow else 0}

    def _list(self, request: Request, _: Path) -> Response:
        begin, end = wire.day(request, "startDate"), wire.day(request, "endDate")
        if begin is None or end is None:
            raise invalid("startDate" if begin is None else "endDate", "Both startDate and endDate are required.")
        basis = "dueDate" if wire.choice(request, "dateBasis", ("StartDate", "DueDate")) == "DueDate" else "startDate"
        return wire.page(self.between(request, (begin, end), basis), wire.window(request), lambda task: task)

    def _get(self, request: Request, path: Path) -> Response:
        return json_response(200, self._find(path["code"]))

    def _find(self, code: str) -> Json:
        """A projected task by its composite code; it is gone once it was made real."""
        parts = code.split("-")
        if len(parts) != 4 or parts[0] != "proj" or ("materialized", code) in self._firm.kept:
            raise missing("Projected task")
        row = self._firm.recurring.get(parts[1])
        client = self._firm.clients.position(parts[2])
        due = next((day for day in due_days(row) if f"{day:%Y%m%d}" == parts[3]), None)
        if due is None or parts[2] not in self._client_codes(parts[1]):
            raise missing("Projected task")
        return self._projected(row, client, due)

    def _materialize(self, request: Request, path: Path) -> Response:
        code = wire.read(request, CodeBody).code
        task = self._find(code)
        made = {name: task[name] for name in task if name not in {"code", "createdDate", "updatedDate"}}
        row = self._tasks.keep_new({**made, "isProjected": False})
        self._firm.kept["materialized", code] = row["code"]
        return json_response(201, row)

    def _workflow(self, request: Request, path: Path) -> Response:
        task = self._find(path["code"])
        flow = task["workflow"]
        steps: list[Json] = self._firm.workflows.get(flow["code"])["steps"] if flow else []
        return json_response(200, [{"groupNumber": number, "steps": [step]} for number, step in enumerate(steps, 1)])

    def _make(self, body: RecurringBody, old: Json | None, _: int | None) -> Json:
        firm = self._firm
        if body.frequency not in RECURRENCES:
            raise invalid("frequency", f"The value '{body.frequency}' is not valid.")
        if body.assignment_type not in ASSIGNMENTS:
            raise invalid("assignmentType", f"The value '{body.assignment_type}' is not valid.")
        if not 1 <= body.day_of_month <= 28:
            raise invalid("dayOfMonth", "The field dayOfMonth must be between 1 and 28.")
        if not 1 <= body.interval <= _MOST_PERIODS:
            raise invalid("interval", f"The field interval must be between 1 and {_MOST_PERIODS}.")
        if body.end_date is not None and body.end_date.year > _LAST_YEAR:
            raise invalid("endDate", f"The field endDate must not lie after {_LAST_YEAR}.")
        made = wire.fields(body)
        return {
            **made,
            "category": firm.named(firm.task_categories, made.pop("categoryCode"), "categoryCode"),
            "workflow": firm.named(firm.workflows, made.pop("workflowCode"), "workflowCode"),
            "assignedUser": firm.user(made.pop("assignedUserCode"), "assignedUserCode"),
        }

    def _client_codes(self, recurring: str) -> list[str]:
        kept: list[str] | None = self._firm.kept.get(("recurring clients", recurring))
        if kept is not None:
            return kept
        position = self._firm.recurring.position(recurring)
        return self._firm.work.recurring_clients(position) if position < self._firm.recurring.table.seeded else []

    def _clients(self, request: Request, path: Path) -> Response:
        codes = self._client_codes(path["code"])
        table = self._firm.clients.table
        found = [at for code in codes if (at := table.find(code)) is not None]
        return wire.page(found, wire.window(request), self._firm.client_ref)

    def _set_clients(self, request: Request, path: Path) -> Response:
        self._firm.recurring.position(path["code"])
        codes = wire.read(request, CodesBody).codes
        for code in codes:
            self._firm.client(code, "codes")
        self._firm.kept["recurring clients", path["code"]] = codes
        return self._clients(request, path)

    def _services(self, request: Request, path: Path) -> Response:
        self._firm.recurring.position(path["code"])
        codes: list[str] = self._firm.kept.get(("recurring services", path["code"]), [])
        rows = [self._firm.named(self._firm.services, code, "codes") for code in codes]
        return wire.page(rows, wire.window(request), lambda row: row or {})

    def _set_services(self, request: Request, path: Path) -> Response:
        self._firm.recurring.position(path["code"])
        codes = wire.read(request, CodesBody).codes
        for code in codes:
            self._firm.must_find(self._firm.services, code, "codes")
        self._firm.kept["recurring services", path["code"]] = codes
        return self._services(request, path)
