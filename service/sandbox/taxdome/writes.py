"""Writing jobs, tasks, time and organizers (assumed): what follows from what, and what is locked."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from service.sandbox.http import Json
from service.sandbox.taxdome import wishes
from service.sandbox.taxdome.errors import RefusalError, invalid
from service.sandbox.taxdome.shelf import Shelf
from service.sandbox.taxdome.wire import instant, make_id
from service.sandbox.taxdome.wishes import understood
from service.sandbox.taxdome.work import PIPELINES, TASK_STATUSES, USERS


class Writer:
    """Writes what the firm works on."""

    def __init__(self, shelves: Mapping[str, Shelf], now_s: Callable[[], float]) -> None:
        self._shelves = shelves
        self._now_s = now_s

    def create_job(self, account: int, body: Json) -> Json:
        """A new job, in the first stage unless said."""
        wish = understood(body, wishes.JobWish, "pipeline_id")
        stages = _stages(wish["pipeline_id"])
        row: Json = {
            "id": self._shelves["jobs"].next_id(),
            "account_id": make_id("accounts", account),
            "name": "Job",
            "pipeline_id": None,
            "stage": stages[0],
            "status": "active",
            "custom_status": None,
            "priority": "medium",
            "assignees": [],
            "due_date": None,
            **wish,
        }
        _check_job(row)
        self._shelves["jobs"].add(account, row)
        return row

    def change_job(self, account: int, row_id: str, body: Json) -> Json:
        """A changed job; another pipeline puts it into that one's first stage unless said."""
        position = self._shelves["jobs"].find(account, row_id)
        wish = understood(body, wishes.JobWish)
        row = {**self._shelves["jobs"].row(position), **wish}
        if "pipeline_id" in wish and "stage" not in wish:
            row["stage"] = _stages(wish["pipeline_id"])[0]
        _check_job(row)
        self._shelves["jobs"].put(position, row)
        return row

    def create_task(self, account: int, body: Json) -> Json:
        """A new task of a job."""
        wish = understood(body, wishes.TaskWish, "job_id", "name")
        row = {"id": self._shelves["tasks"].next_id(), "job_id": None, "name": "", "status": "no_status", **wish}
        self._check_task(account, row)
        self._shelves["tasks"].add(account, row)
        return row

    def change_task(self, account: int, row_id: str, body: Json) -> Json:
        """A changed task."""
        position = self._shelves["tasks"].find(account, row_id)
        row = {**self._shelves["tasks"].row(position), **understood(body, wishes.TaskWish)}
        self._check_task(account, row)
        self._shelves["tasks"].put(position, row)
        return row

    def create_time(self, account: int, body: Json) -> Json:
        """A new time entry."""
        wish = understood(body, wishes.TimeWish, "minutes")
        row: Json = {
            "id": self._shelves["time-entries"].next_id(),
            "user_id": USERS[0],
            "account_id": make_id("accounts", account),
            "job_id": None,
            "date": datetime.fromtimestamp(self._now_s(), UTC).date().isoformat(),
            "minutes": 0,
            "rate": 0.0,
            "billable": True,
            "billed": False,
            "invoice_id": None,
            **wish,
        }
        self._must_have_job(account, row["job_id"])
        self._shelves["time-entries"].add(account, row)
        return row

    def change_time(self, account: int, row_id: str, body: Json) -> Json:
        """A changed time entry; one that was billed is locked."""
        position = self._open_time(account, row_id)
        row = {**self._shelves["time-entries"].row(position), **understood(body, wishes.TimeWish)}
        self._must_have_job(account, row["job_id"])
        self._shelves["time-entries"].put(position, row)
        return row

    def delete_time(self, account: int, row_id: str) -> None:
        """Drops a time entry that was not billed."""
        self._shelves["time-entries"].put(self._open_time(account, row_id), None)

    def create_organizer(self, account: int, body: Json) -> Json:
        """An organizer sent to the client."""
        wish = understood(body, wishes.OrganizerWish, "title")
        shelf = self._shelves["organizers"]
        own = {"id": shelf.next_id(), "account_id": make_id("accounts", account)}
        row: Json = {**own, **wish, "status": "pending", "submitted_at": None}
        shelf.add(account, row)
        return row

    def submit_organizer(self, account: int, row_id: str) -> Json:
        """Hands an organizer in."""
        position = self._shelves["organizers"].find(account, row_id)
        row = self._shelves["organizers"].row(position)
        if row["status"] in {"submitted", "sealed"}:
            raise RefusalError("organizer_sealed", f"The organizer is {row['status']}.")
        row = {**row, "status": "submitted", "submitted_at": instant(self._now_s())}
        self._shelves["organizers"].put(position, row)
        return row

    def _open_time(self, account: int, row_id: str) -> int:
        position = self._shelves["time-entries"].find(account, row_id)
        if self._shelves["time-entries"].row(position)["billed"]:
            raise RefusalError("time_entry_billed", "A billed time entry cannot be changed.")
        return position

    def _check_task(self, account: int, row: Json) -> None:
        if row["status"] not in TASK_STATUSES:
            raise invalid("status", f"must be among {', '.join(TASK_STATUSES)}")
        self._must_have_job(account, row["job_id"])
        row["done"] = row["status"] == "completed"

    def _must_have_job(self, account: int, job_id: str | None) -> None:
        if job_id is None:
            return
        try:
            self._shelves["jobs"].find(account, job_id)
        except RefusalError as error:
            raise invalid("job_id", f"{job_id} is not among jobs of this account") from error


def _stages(pipeline_id: str) -> list[str]:
    for pipeline in PIPELINES:
        if pipeline["id"] == pipeline_id:
            return list(pipeline["stages"])
    raise invalid("pipeline_id", f"{pipeline_id} is not among pipelines")


def _check_job(row: Json) -> None:
    if row["stage"] not in _stages(row["pipeline_id"]):
        raise invalid("stage", "is not a stage of the pipeline")
