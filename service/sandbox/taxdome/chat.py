"""Writing threads, messages and the client tasks inside a thread (assumed)."""

from collections.abc import Callable

from service.sandbox.http import Json
from service.sandbox.taxdome import wishes
from service.sandbox.taxdome.errors import RefusalError, invalid, missing
from service.sandbox.taxdome.shelf import Shelf
from service.sandbox.taxdome.talk import Talk
from service.sandbox.taxdome.wire import instant, make_id
from service.sandbox.taxdome.wishes import understood


class Chat:
    """The messages of all threads: seeded ones, and behind them those that were sent."""

    def __init__(self, talk: Talk, shelves: dict[str, Shelf], now_s: Callable[[], float]) -> None:
        self._talk = talk
        self._threads = shelves["threads"]
        self._jobs = shelves["jobs"]
        self._documents = shelves["documents"]
        self._now_s = now_s
        self.reset()

    def reset(self) -> None:
        """Forgets what was sent."""
        self._sent: dict[int, list[Json]] = {}

    def size(self, thread: int) -> int:
        """How many messages a thread has."""
        return self._seeded(thread) + len(self._sent.get(thread, ()))

    def message(self, thread: int, at: int) -> Json:
        """The message at a place, oldest first."""
        seeded = self._seeded(thread)
        return self._talk.message(thread, at) if at < seeded else self._sent[thread][at - seeded]

    def send(self, account: int, row_id: str, author: str, body: Json) -> Json:
        """A new message."""
        thread = self._threads.find(account, row_id)
        wish = understood(body, wishes.MessageWish, "body")
        row: Json = {
            "id": f"msg_{thread:x}_{self.size(thread) + 1}",
            "author": author,
            "body": wish["body"],
            "sent_at": instant(self._now_s()),
            "attachments": [self._attached(account, document) for document in wish.get("attachments", [])],
        }
        self._sent.setdefault(thread, []).append(row)
        return row

    def open(self, account: int, body: Json) -> Json:
        """A new thread."""
        wish = understood(body, wishes.ThreadWish)
        self._must_have_job(account, wish.get("job_id"))
        own = {"id": self._threads.next_id(), "account_id": make_id("accounts", account)}
        row: Json = {**own, "job_id": None, "archived": False, **wish, "client_tasks": []}
        self._threads.add(account, row)
        return row

    def change(self, account: int, row_id: str, body: Json) -> Json:
        """A thread archived, opened again, or linked to a job."""
        thread = self._threads.find(account, row_id)
        wish = understood(body, wishes.ThreadWish)
        self._must_have_job(account, wish.get("job_id"))
        row: Json = {**self._threads.row(thread), **wish}
        self._threads.put(thread, row)
        return row

    def add_task(self, account: int, row_id: str, body: Json) -> Json:
        """A thread's new client task."""
        thread = self._threads.find(account, row_id)
        row = self._threads.row(thread)
        wish = understood(body, wishes.ClientTaskWish, "text")
        task: Json = {"id": f"ctk_{thread:x}_{len(row['client_tasks']) + 1}", "status": "open", **wish}
        self._threads.put(thread, {**row, "client_tasks": [*row["client_tasks"], task]})
        return task

    def change_task(self, account: int, row_id: str, task_id: str, body: Json) -> Json:
        """A changed client task."""
        thread = self._threads.find(account, row_id)
        row = self._threads.row(thread)
        wish = understood(body, wishes.ClientTaskWish)
        tasks: list[Json] = [{**task, **wish} if task["id"] == task_id else task for task in row["client_tasks"]]
        changed = next((task for task in tasks if task["id"] == task_id), None)
        if changed is None:
            raise missing("client tasks")
        self._threads.put(thread, {**row, "client_tasks": tasks})
        return changed

    def _seeded(self, thread: int) -> int:
        return self._talk.size(thread) if thread < self._threads.seeded else 0

    def _attached(self, account: int, document_id: str) -> Json:
        try:
            document = self._documents.get(account, document_id)
        except RefusalError as error:
            raise invalid("attachments", f"{document_id} is not among documents of this account") from error
        return {name: document[name] for name in ("id", "name", "size")}

    def _must_have_job(self, account: int, job_id: str | None) -> None:
        if job_id is None:
            return
        try:
            self._jobs.find(account, job_id)
        except RefusalError as error:
            raise invalid("job_id", f"{job_id} is not among jobs of this account") from error
