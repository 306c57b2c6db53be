"""Threads with the messages and client tasks inside them; a message's files belong to no folder."""

from service.sandbox.books import Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF, person
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.wire import instant, make_id

_THREAD, _MESSAGE = 60, 61
_FROM_FIRM = ("Your return is ready to review.", "Could you send us the missing statement?", "Thank you, all received.")
_FROM_CLIENT = ("Here it is.", "When is this due?", "Gerne — ich schicke es morgen. 👍", "See attached <scan> & notes.")
_CHECKS = ("Upload W-2", "Approve the draft return", "Pay the estimate")
_FILES = ("Statement scan.pdf", "Notes.csv", "Photo.png")


class Talk:
    """Builds threads and messages."""

    def __init__(self, books: Books, jobs: Layout) -> None:
        self._books = books
        self._jobs = jobs
        self.threads = Layout(plan.lengths(plan.THREADS), books.clients)

    def thread(self, row: int) -> Json:
        """A thread with its client tasks."""
        number, place = self.threads.locate(row)
        jobs = self._jobs.rows_of(number)
        checks = (number + place) % (len(_CHECKS) + 1)
        return {
            "id": make_id("threads", row),
            "account_id": make_id("accounts", number),
            "job_id": make_id("jobs", jobs[0]) if place == 0 and jobs else None,
            "archived": self._books.shape(number).status == "Archived",
            "client_tasks": [
                {"id": f"ctk_{row:x}_{at + 1}", "text": _CHECKS[at], "status": ("open", "done")[(number + at) % 2]}
                for at in range(checks)
            ],
        }

    def size(self, row: int) -> int:
        """How many seeded messages a thread has."""
        number, place = self.threads.locate(row)
        return plan.THREADS[number % plan.BLOCK][place]

    def message(self, row: int, at: int) -> Json:
        """The message at a place of a thread, oldest first."""
        number, place = self.threads.locate(row)
        dice = Dice(self._books.seed, _MESSAGE, row, at)
        begun_s = plan.AS_OF_S - Dice(self._books.seed, _THREAD, number, place).between(20, 200) * 86_400
        parent = self._books.parent(number)
        client, staff = person(self._books, number if parent is None else parent, 0), STAFF[number % len(STAFF)]
        is_client = bool(at % 2)
        author = client if is_client else staff
        return {
            "id": f"msg_{row:x}_{at + 1}",
            "author": f"{author.given} {author.family}",
            "body": dice.pick(_FROM_CLIENT if is_client else _FROM_FIRM),
            "sent_at": instant(begun_s + at * 3_600),
            "attachments": [self.attachment(row, at)] if at % 4 == 1 else [],
        }

    def attachment(self, row: int, at: int) -> Json:
        """The file that hangs on a message."""
        dice = Dice(self._books.seed, _MESSAGE, row, at, 1)
        return {"id": f"att_{row:x}_{at + 1}", "name": dice.pick(_FILES), "size": dice.between(4_000, 90_000)}
