"""Everything behind the session: the firm's rows and what can be done with them, for one account at a time."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

import msgspec

from service.sandbox.books import Books
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.people import STAFF
from service.sandbox.taxdome import staff
from service.sandbox.taxdome.answers import Answers
from service.sandbox.taxdome.billing import Billing
from service.sandbox.taxdome.chat import Chat
from service.sandbox.taxdome.enrol import Enrolment
from service.sandbox.taxdome.errors import missing
from service.sandbox.taxdome.filing import Filing
from service.sandbox.taxdome.logins import Login
from service.sandbox.taxdome.money import Money
from service.sandbox.taxdome.papers import Papers
from service.sandbox.taxdome.roster import Roster
from service.sandbox.taxdome.shelf import Shelf, newest_first, page, table_of
from service.sandbox.taxdome.talk import Talk
from service.sandbox.taxdome.wire import position_of, read_object
from service.sandbox.taxdome.work import PIPELINES, Work
from service.sandbox.taxdome.writes import Writer

Path: TypeAlias = Mapping[str, str]
LISTS = ("organizers", "proposals", "signatures", "invoices", "payments", "jobs", "tasks", "threads", "time-entries")
FIRM_ONLY = frozenset({"jobs", "tasks", "time-entries"})


class Caller(msgspec.Struct, frozen=True):
    """Who calls: the login, and the account the call is scoped to (-1 where there is none)."""

    login: Login
    account: int


Act: TypeAlias = Callable[[Request, Path, Caller], Response]


class Office:
    """The rows of one firm."""

    def __init__(self, books: Books, now_s: Callable[[], float]) -> None:
        self._roster, self._money, self._papers = Roster(books), Money(books), Papers(books)
        self._work = Work(books, self._money.invoices)
        self._talk = Talk(books, self._work.jobs)
        self.tables = {
            "accounts": table_of("accounts", books.clients, self._roster.account),
            "contacts": table_of("contacts", self._roster.contacts.size, self._roster.contact),
        }
        self.shelves = {
            noun: Shelf(noun, layout, books.clients, build)
            for noun, layout, build in (
                ("organizers", self._papers.organizers, self._papers.organizer),
                ("documents", self._papers.documents, self._papers.document),
                ("proposals", self._papers.proposals, self._papers.proposal),
                ("signatures", self._papers.signatures, self._papers.signature),
                ("invoices", self._money.invoices, self._money.invoice),
                ("payments", self._money.payments, self._money.payment),
                ("jobs", self._work.jobs, self._work.job),
                ("tasks", self._work.tasks, self._work.task),
                ("threads", self._talk.threads, self._talk.thread),
                ("time-entries", self._work.times, self._work.time),
            )
        }
        self._writer = Writer(self.shelves, now_s)
        self._enrolments = {noun: Enrolment(noun, self.tables) for noun in self.tables}
        self._billing = Billing(self.shelves, self._money, now_s)
        self._filing = Filing(books.seed, self._papers, self._talk, self.shelves["documents"], now_s)
        self._chat = Chat(self._talk, self.shelves, now_s)
        self._answers = Answers(self._papers, self.shelves["organizers"], self.tables["accounts"])
        self._create: Mapping[str, Callable[[int, Json], Json]] = {
            "invoices": self._billing.create_invoice,
            "payments": self._billing.record_payment,
            "jobs": self._writer.create_job,
            "tasks": self._writer.create_task,
            "time-entries": self._writer.create_time,
            "organizers": self._writer.create_organizer,
            "threads": self._chat.open,
        }
        self._change: Mapping[str, Callable[[int, str, Json], Json]] = {
            "invoices": self._billing.change_invoice,
            "jobs": self._writer.change_job,
            "tasks": self._writer.change_task,
            "time-entries": self._writer.change_time,
            "documents": self._filing.change,
            "threads": self._chat.change,
        }
        self._delete: Mapping[str, Callable[[int, str], None]] = {
            "invoices": self._billing.delete_invoice,
            "payments": self._billing.delete_payment,
            "time-entries": self._writer.delete_time,
            "documents": self._filing.delete,
        }

    def reset(self) -> None:
        """Back to the seed."""
        for table in self.tables.values():
            table.reset()
        for shelf in self.shelves.values():
            shelf.reset()
        self._billing.reset()
        self._filing.reset()
        self._chat.reset()
        self._answers.reset()

    def account_number(self, login: Login, account_id: str) -> int | None:
        """The number of an account the login may switch to."""
        number = self.tables["accounts"].find(account_id)
        return number if number is not None and (login.accounts is None or number in login.accounts) else None

    def roster(self, noun: str, login: Login) -> "range | list[int]":
        """The accounts or contacts a login sees, oldest first."""
        table = self.tables[noun]
        if login.accounts is None:
            return range(table.size)
        if noun == "accounts":
            return list(login.accounts)
        ids: list[str] = [each for number in login.accounts for each in self.tables["accounts"][number]["contact_ids"]]
        return sorted({position_of("contacts", each) for each in ids})

    def routes(self) -> "list[tuple[str, str, Act]]":
        """What answers which call."""
        found: list[tuple[str, str, Act]] = [
            ("GET", "/api/pipelines", self.list_pipelines),
            ("GET", "/api/users", self.list_users),
            ("GET", "/api/users/{id}", self.get_user),
            ("GET", "/api/me", self.get_me),
            ("GET", "/api/documents", self.list_documents),
            ("POST", "/api/documents", self.upload),
            ("GET", "/api/documents/{id}", self.get_document),
            ("GET", "/api/documents/{id}/download", self.link_document),
            ("GET", "/api/organizers/{id}/answers", self.list_answers),
            ("PATCH", "/api/organizers/{id}/answers", self.change_answers),
            ("POST", "/api/organizers/{id}/submit", self.submit),
            ("POST", "/api/payments/{id}/refunds", self.refund),
            ("GET", "/api/threads/{id}/messages", self.list_messages),
            ("POST", "/api/threads/{id}/messages", self.send_message),
            ("POST", "/api/threads/{id}/client-tasks", self.write_client_task),
            ("PATCH", "/api/threads/{id}/client-tasks/{task}", self.write_client_task),
        ]
        for noun in self.tables:
            found += [
                ("GET", f"/api/{noun}", partial(self.list_roster, noun)),
                ("GET", f"/api/{noun}/{{id}}", partial(self.get_roster, noun)),
                ("POST", f"/api/{noun}", partial(self.write_roster, noun)),
                ("PATCH", f"/api/{noun}/{{id}}", partial(self.write_roster, noun)),
            ]
        for noun in LISTS:
            found += [
                ("GET", f"/api/{noun}", partial(self.list_rows, noun)),
                ("GET", f"/api/{noun}/{{id}}", partial(self.get_row, noun)),
            ]
        found += [("POST", f"/api/{noun}", partial(self.write, noun)) for noun in self._create]
        found += [("PATCH", f"/api/{noun}/{{id}}", partial(self.write, noun)) for noun in self._change]
        found += [("DELETE", f"/api/{noun}/{{id}}", partial(self.write, noun)) for noun in self._delete]
        return found

    def fetch(self, request: Request, row_id: str) -> Response:
        """The bytes behind a signed link."""
        return self._filing.fetch(request, row_id)

    def list_roster(self, noun: str, request: Request, path: Path, caller: Caller) -> Response:
        """A page of accounts or contacts."""
        rows = self.roster(noun, caller.login)
        return json_response(200, page(request, len(rows), newest_first(rows, self.tables[noun].__getitem__)))

    def get_roster(self, noun: str, request: Request, path: Path, caller: Caller) -> Response:
        """One account or contact."""
        position = self.tables[noun].find(path["id"])
        if position is None or position not in self.roster(noun, caller.login):
            raise missing(noun)
        return json_response(200, self.tables[noun][position])

    def write_roster(self, noun: str, request: Request, path: Path, caller: Caller) -> Response:
        """An account or contact created or changed."""
        enrolment, body = self._enrolments[noun], read_object(request)
        if request.method == "POST":
            return json_response(201, enrolment.create(body))
        return json_response(200, enrolment.change(path["id"], body))

    def list_pipelines(self, request: Request, path: Path, caller: Caller) -> Response:
        """The firm's pipelines with their stages in order."""
        return json_response(200, page(request, len(PIPELINES), lambda at: dict(PIPELINES[at])))

    def list_users(self, request: Request, path: Path, caller: Caller) -> Response:
        """A page of the firm's people."""
        return json_response(200, page(request, len(STAFF), staff.user))

    def get_user(self, request: Request, path: Path, caller: Caller) -> Response:
        """One of them."""
        row = position_of("users", path["id"])
        if not 0 <= row < len(STAFF):
            raise missing("users")
        return json_response(200, staff.user(row))

    def get_me(self, request: Request, path: Path, caller: Caller) -> Response:
        """How the caller is signed in."""
        return json_response(200, staff.me(caller.login, self._contact_id(caller.login)))

    def list_rows(self, noun: str, request: Request, path: Path, caller: Caller) -> Response:
        """A page of one noun of the account."""
        shelf = self.shelves[noun]
        rows = shelf.positions(caller.account)
        return json_response(200, page(request, len(rows), newest_first(rows, shelf.row)))

    def get_row(self, noun: str, request: Request, path: Path, caller: Caller) -> Response:
        """One row of the account."""
        return json_response(200, self.shelves[noun].get(caller.account, path["id"]))

    def list_documents(self, request: Request, path: Path, caller: Caller) -> Response:
        """A page of one root."""
        rows = self._filing.rows(caller.account, request.query.get("folder"), caller.login.is_firm)
        return json_response(200, page(request, len(rows), rows.__getitem__, ("folder",)))

    def get_document(self, request: Request, path: Path, caller: Caller) -> Response:
        """One document."""
        return json_response(200, self._filing.get(caller.account, path["id"], caller.login.is_firm))

    def link_document(self, request: Request, path: Path, caller: Caller) -> Response:
        """Where its bytes are for the next minutes."""
        return json_response(200, self._filing.link(request, caller.account, path["id"], caller.login.is_firm))

    def list_messages(self, request: Request, path: Path, caller: Caller) -> Response:
        """A page of a thread, the newest message first."""
        thread = self.shelves["threads"].find(caller.account, path["id"])
        count = self._chat.size(thread)
        return json_response(200, page(request, count, lambda at: self._chat.message(thread, count - 1 - at)))

    def list_answers(self, request: Request, path: Path, caller: Caller) -> Response:
        """A page of an organizer's answers, in the order of its questions."""
        answers = self._answers.rows(caller.account, path["id"])
        return json_response(200, page(request, len(answers), answers.__getitem__))

    def change_answers(self, request: Request, path: Path, caller: Caller) -> Response:
        """Answers saved as a draft."""
        self._answers.change(caller.account, path["id"], read_object(request))
        return self.list_answers(request, path, caller)

    def write(self, noun: str, request: Request, path: Path, caller: Caller) -> Response:
        """A row of the account created, changed or deleted."""
        match request.method:
            case "POST":
                return json_response(201, self._create[noun](caller.account, read_object(request)))
            case "DELETE":
                self._delete[noun](caller.account, path["id"])
                return Response(204)
            case _:
                return json_response(200, self._change[noun](caller.account, path["id"], read_object(request)))

    def upload(self, request: Request, path: Path, caller: Caller) -> Response:
        """The document that was uploaded."""
        row = self._filing.upload(caller.account, request, self._author(caller), caller.login.is_firm)
        return json_response(201, row)

    def refund(self, request: Request, path: Path, caller: Caller) -> Response:
        """The payment with one more refund."""
        return json_response(201, self._billing.refund(caller.account, path["id"], read_object(request)))

    def submit(self, request: Request, path: Path, caller: Caller) -> Response:
        """The organizer, handed in."""
        return json_response(200, self._writer.submit_organizer(caller.account, path["id"]))

    def send_message(self, request: Request, path: Path, caller: Caller) -> Response:
        """The message that was sent."""
        message = self._chat.send(caller.account, path["id"], self._author(caller), read_object(request))
        return json_response(201, message)

    def write_client_task(self, request: Request, path: Path, caller: Caller) -> Response:
        """A client task added or changed."""
        body = read_object(request)
        if "task" not in path:
            return json_response(201, self._chat.add_task(caller.account, path["id"], body))
        return json_response(200, self._chat.change_task(caller.account, path["id"], path["task"], body))

    def _author(self, caller: Caller) -> str:
        contact_id = self._contact_id(caller.login)
        if contact_id is None:
            return str(staff.user(caller.login.user or 0)["name"])
        return str(self.tables["contacts"][position_of("contacts", contact_id)]["name"])

    def _contact_id(self, login: Login) -> str | None:
        """The contact that a client's login belongs to."""
        ids: list[str] = [] if login.is_firm else self.tables["accounts"][login.first]["contact_ids"]
        return ids[0] if ids else None
