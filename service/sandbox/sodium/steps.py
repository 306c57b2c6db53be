"""Operations on workflows and on how far each task is with its own; steps wait for those they depend on."""

from collections.abc import Sequence

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Path
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.work import ASSIGNMENTS, STEP_TYPES, TASK_STATUSES, TaskBody, done_steps, progress

_FLOW = "/tasks/{task}/workflow"
_DONE = frozenset({"Completed", "Skipped"})


class StepBody(wire.Body, frozen=True):
    """The template of a step to write."""

    name: str
    description: str | None = None
    time_estimate_minutes: int | None = None
    step_number: int | None = None
    step_type: str = "Standard"
    auto_execute: bool = False
    depends_on_previous_group: bool = False
    assignment_type: str = "TaskOwner"
    assigned_user_code: str | None = None
    assigned_team_code: str | None = None
    billable_service_code: str | None = None
    depends_on_step_numbers: tuple[int, ...] = ()


class WorkflowBody(wire.Body, frozen=True):
    """A workflow to write."""

    name: str
    description: str | None = None
    steps: tuple[StepBody, ...] = ()


class StartBody(wire.Body, frozen=True):
    """Which workflow a task is to follow; nothing = its own from the start."""

    workflow_code: str | None = None


class ProgressBody(wire.Body, frozen=True):
    """What is new about a step; what is left out stays."""

    status: str | None = None
    assigned_user_code: str | None = None
    blocked_reason: str | None = None


class Steps:
    """Workflows, and the steps of tasks."""

    def __init__(self, firm: Firm, tasks: Collection[TaskBody], router: Router) -> None:
        self._firm = firm
        self._tasks = tasks
        router.add("GET", "/workflows/library", self._library)
        Collection(
            firm.workflows, "/workflows", WorkflowBody, self._make_workflow, firm.now_s, firm.clients, search=("name",)
        ).add_routes(router)
        for method, pattern, handler in (
            ("GET", _FLOW, self._get),
            ("POST", _FLOW, self._start),
            ("DELETE", _FLOW, self._remove),
            ("PUT", f"{_FLOW}/groups/{{group}}/steps/{{step}}", self._update),
            ("GET", "/client-confirmations", self._confirmations),
        ):
            router.add(method, pattern, handler)

    def of(self, task: Json) -> list[Json]:
        """The steps of a task and how far each is."""
        kept: list[Json] | None = self._firm.kept.get(("steps", task["code"]))
        if kept is not None:
            return kept
        if task["workflow"] is None:
            return []
        templates: list[Json] = self._firm.workflows.get(task["workflow"]["code"])["steps"]
        done = done_steps(task["status"], len(templates)) if task["workflowStepsComplete"] else 0
        steps = [
            progress(template, "Completed" if at < done else "NotStarted", task["updatedDate"], task["assignedUser"])
            for at, template in enumerate(templates)
        ]
        return _startable(steps)

    def mixed_in(self, tasks: Sequence[int | Json]) -> list[int | Json]:
        """Tasks, each with its steps behind it in the shape of tasks."""
        mixed: list[int | Json] = []
        for found in tasks:
            mixed.append(found)
            task = self._firm.tasks.table[found] if isinstance(found, int) else found
            mixed += [_as_task(task, step) for step in self.of(task)] if not task["isProjected"] else []
        return mixed

    def _get(self, request: Request, path: Path) -> Response:
        return json_response(200, self._shown(self._firm.tasks.get(path["task"])))

    def _start(self, request: Request, path: Path) -> Response:
        firm = self._firm
        position = firm.tasks.position(path["task"])
        code = wire.read(request, StartBody).workflow_code or wire.code_of(firm.tasks.table[position]["workflow"])
        workflow = firm.named(firm.workflows, code, "workflowCode")
        if workflow is None:
            raise invalid("workflowCode", "The field workflowCode is required.")
        steps = len(firm.workflows.get(workflow["code"])["steps"])
        firm.kept.pop(("steps", path["task"]), None)
        changes: Json = {"workflow": workflow, "workflowSteps": steps, "workflowStepsComplete": 0}
        return json_response(201, self._shown(self._tasks.amend(position, changes)))

    def _remove(self, request: Request, path: Path) -> Response:
        position = self._firm.tasks.position(path["task"])
        self._firm.kept.pop(("steps", path["task"]), None)
        self._tasks.amend(position, {"workflow": None, "workflowSteps": 0, "workflowStepsComplete": 0})
        return Response(204)

    def _update(self, request: Request, path: Path) -> Response:
        firm = self._firm
        position = firm.tasks.position(path["task"])
        task = firm.tasks.table[position]
        steps = self.of(task)
        named = {path["step"], path["group"]}  # each step is a group of its own here
        old = next((step for step in steps if named == {str(step["stepNumber"])}), None)
        if old is None:
            raise missing("Step")
        new = self._changed(old, wire.read(request, ProgressBody))
        steps = _startable([new if step is old else step for step in steps])
        firm.kept["steps", path["task"]] = steps
        self._tasks.amend(position, {"workflowStepsComplete": sum(step["status"] in _DONE for step in steps)})
        return json_response(200, next(step for step in steps if step["stepNumber"] == new["stepNumber"]))

    def _changed(self, step: Json, body: ProgressBody) -> Json:
        changes: Json = {}
        if body.status is not None:
            if body.status not in TASK_STATUSES:
                raise invalid("status", f"The value '{body.status}' is not valid.")
            if body.status in {"InProgress", "Completed"} and not (step["canStart"] or step["status"] in _DONE):
                raise conflict("The step waits for another one.")
            is_done = body.status == "Completed"
            changes |= {"status": body.status, "completedByUser": self._firm.me if is_done else None,
                        "completedDate": wire.instant(self._firm.now_s()) if is_done else None,
                        "blockedReason": body.blocked_reason}  # fmt: skip
        if body.assigned_user_code is not None:
            changes["assignedUser"] = self._firm.user(body.assigned_user_code, "assignedUserCode")
        return {**step, **changes}

    def _shown(self, task: Json) -> Json:
        steps = self.of(task)
        return {
            "task": wire.ref(task["code"], task["name"]),
            "workflow": task["workflow"],
            "groups": [{"groupNumber": number, "steps": [step]} for number, step in enumerate(steps, 1)],
            "totalSteps": len(steps),
            "completedSteps": sum(step["status"] in _DONE for step in steps),
        }

    def _library(self, request: Request, _: Path) -> Response:
        rows = [wire.ref("LW100001", "Onboarding"), wire.ref("LW100002", "Payroll year end")]
        return wire.page(rows, wire.window(request), lambda row: row)

    def _make_workflow(self, body: WorkflowBody, old: Json | None, _: int | None) -> Json:
        steps = [self._template(at, step) for at, step in enumerate(body.steps, 1)]
        return {"name": body.name, "description": body.description, "steps": steps}

    def _template(self, number: int, body: StepBody) -> Json:
        """A step; numbers may be given from 0 or from 1, and are kept from 1 (assumed)."""
        firm = self._firm
        for given, options, field in ((body.step_type, STEP_TYPES, "stepType"),
                                      (body.assignment_type, ASSIGNMENTS, "assignmentType")):  # fmt: skip
            if given not in options:
                raise invalid(f"steps[{number - 1}].{field}", f"The value '{given}' is not valid.")
        made = wire.fields(body)
        return {
            **made,
            "stepNumber": number,
            "assignedUser": firm.user(made.pop("assignedUserCode"), "assignedUserCode"),
            "assignedTeam": firm.named(firm.teams, made.pop("assignedTeamCode"), "assignedTeamCode"),
            "billableService": firm.named(firm.services, made.pop("billableServiceCode"), "billableServiceCode"),
        }

    def _confirmations(self, request: Request, _: Path) -> Response:
        """The steps in which clients confirm something, over all tasks; a task has one at most."""
        wanted = wire.choices(request, "status", TASK_STATUSES)
        client = request.query.get("clientCode")
        firm = self._firm
        table = firm.tasks.table

        def matches(position: int) -> bool:
            if not table.is_written(position) and firm.tasks.place(position)[1] != 0:
                return False
            if not wanted and not client and not table.is_written(position):
                return True
            step = self._confirmation(position)
            if step is None or (client and wire.code_of(table[position]["primaryClient"]) != client):
                return False
            return not wanted or step["status"] in wanted

        def show(position: int) -> Json:
            task, step = table[position], self._confirmation(position) or {}
            return {"task": wire.ref(task["code"], task["name"]), "client": task["primaryClient"],
                    **{name: step.get(name) for name in ("stepNumber", "stepName", "status")}}  # fmt: skip

        found = table.select(("confirmations", tuple(sorted(wanted)), client), matches)
        return wire.page(found, wire.window(request), show)

    def _confirmation(self, position: int) -> Json | None:
        steps = self.of(self._firm.tasks.table[position])
        return next((step for step in steps if step["stepType"] == "ClientConfirmation"), None)


def _startable(steps: list[Json]) -> list[Json]:
    done = {step["stepNumber"] for step in steps if step["status"] in _DONE}
    return [
        {**step, "canStart": step["status"] not in _DONE and done.issuperset(step["dependsOnSteps"])} for step in steps
    ]


def _as_task(task: Json, step: Json) -> Json:
    details = {"task": wire.ref(task["code"], task["name"]), "stepNumber": step["stepNumber"],
               "stepType": step["stepType"]}  # fmt: skip
    return {**task, "code": f"{task['code']}-step-{step['stepNumber']}", "name": step["stepName"],
            "status": step["status"], "assignedUser": step["assignedUser"], "workflowStepDetails": details}  # fmt: skip
