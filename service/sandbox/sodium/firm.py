"""One tenant: everything it holds, seeded and written."""

from typing import Any

from service.sandbox.books import SERVICES, Books
from service.sandbox.clock import NowS
from service.sandbox.http import Json
from service.sandbox.sodium import staff, work
from service.sandbox.sodium.clients import People
from service.sandbox.sodium.deals import Deals
from service.sandbox.sodium.errors import invalid
from service.sandbox.sodium.papers import FORMS, Papers
from service.sandbox.sodium.rows import Rows
from service.sandbox.sodium.wire import ref
from service.sandbox.sodium.work import Work


def _long_ago(_: int) -> int:
    return staff.BORN_S


def _named(what: str, prefix: str, names: tuple[str, ...]) -> Rows:
    return Rows(what, prefix, lambda row: staff.named(prefix, names, row), _long_ago, seeded=len(names))


class Firm:
    """The rows of one tenant, and how they refer to each other."""

    def __init__(self, books: Books, code: str, name: str, now_s: NowS) -> None:
        self.code = code
        self.name = name
        self.books = books
        self.now_s = now_s
        self.people = people = People(books)
        self.deals = deals = Deals(books, people)
        self.papers = papers = Papers(books, people)
        self.work = tasks = Work(books, people)
        self.kept: dict[tuple[str, str], Any] = {}
        """What was written of records that have no code of their own: (sort, code of what they belong to)."""
        self.users = Rows("User", "US", staff.user, _long_ago, seeded=len(staff.PEOPLE))
        self.teams = Rows("Team", "TM", staff.team, _long_ago, seeded=staff.TEAMS)
        self.services = Rows("Service", "SV", staff.service, _long_ago, seeded=len(SERVICES))
        self.custom_fields = Rows("Custom field", "CF", staff.custom_field, _long_ago, seeded=len(staff.CUSTOM_FIELDS))
        self.field_groups = _named("Custom field group", "CG", ("Getting to know them",))
        self.task_categories = _named("Task category", "TC", staff.TASK_CATEGORIES)
        self.document_categories = _named("Document category", "CA", staff.DOCUMENT_CATEGORIES)
        self.form_categories = _named("Form category", "FC", ("Yearly", "Onboarding"))
        self.revenue_ranges = _named("Revenue range", "RR", staff.REVENUE_RANGES)
        self.clients = Rows("Client", "CL", people.client, people.client_updated_s, seeded=books.clients)
        self.contacts = Rows("Contact", "CT", people.contact, people.contact_updated_s, seeded=people.contacts)
        self.ties = Rows("Client contact", "TI", people.tie, people.tie_updated_s, seeded=people.ties)
        self.notes = Rows("Note", "NT", people.note, people.note_updated_s, seeded=people.notes)
        self.links = Rows("Link", "LK", people.link, people.link_updated_s, seeded=people.links)
        self.client_services = Rows(
            "Client service", "CS", deals.service, deals.service_updated_s, seeded=deals.services
        )
        self.billing_lines = Rows("Billing line", "BL", deals.line, deals.line_updated_s, seeded=deals.lines)
        self.engagements = Rows(
            "Engagement", "EN", deals.engagement, deals.engagement_updated_s, seeded=deals.engagements
        )
        self.documents = Rows("Document", "DC", papers.document, papers.document_updated_s, seeded=papers.documents)
        self.requests = Rows("Document request", "DR", papers.request, papers.request_updated_s, seeded=papers.requests)
        self.forms = Rows("Data form", "DF", papers.form, _long_ago, seeded=len(FORMS))
        self.form_requests = Rows(
            "Form request", "FR", papers.form_request, papers.form_request_updated_s, seeded=papers.form_requests
        )
        self.conversations = Rows(
            "Conversation", "CV", papers.conversation, papers.conversation_updated_s, seeded=papers.conversations
        )
        self.tasks = Rows("Task", "TK", tasks.task, tasks.task_updated_s, seeded=tasks.tasks)
        self.workflows = Rows("Workflow", "WF", work.workflow, _long_ago, seeded=work.WORKFLOWS)
        self.recurring = Rows("Recurring task", "RT", work.recurring, _long_ago, seeded=work.RECURRING)
        self.task_notes = Rows("Note", "TN", self._nothing, _long_ago, seeded=0)
        self.step_notes = Rows("Note", "SN", self._nothing, _long_ago, seeded=0)
        self._all = [rows for rows in vars(self).values() if isinstance(rows, Rows)]

    def reset(self) -> None:
        """Back to the seed."""
        for rows in self._all:
            rows.reset()
        self.kept.clear()

    @property
    def me(self) -> Json:
        """Whose API key it is: the office manager."""
        return staff.user_ref(4)

    def user(self, code: str | None, field: str) -> Json | None:
        """A reference to a user; a validation problem over `field` when there is none."""
        row = self._row(self.users, code, field)
        return None if row is None else ref(row["code"], f"{row['firstName']} {row['lastName']}")

    def named(self, rows: Rows, code: str | None, field: str) -> Json | None:
        """A reference to a row that has a name or a title."""
        row = self._row(rows, code, field)
        return None if row is None else ref(row["code"], row.get("name") or row.get("title", ""))

    def client(self, code: str, field: str) -> tuple[int, Json]:
        """A client a body names: position and reference."""
        position = self.clients.table.find(code)
        if position is None:
            raise invalid(field, f"There is no client '{code}'.")
        return position, self.client_ref(position)

    def client_ref(self, position: int) -> Json:
        """A reference to a client as it is called now."""
        row = self.clients.table[position]
        return ref(row["code"], row["name"])

    def must_find(self, rows: Rows, code: str, field: str) -> Json:
        """A row a body names."""
        row = rows.table.get(code)
        if row is None:
            raise invalid(field, f"There is no {rows.what.lower()} '{code}'.")
        return row

    def forget_client(self, position: int) -> None:
        """A client goes, and all that hangs on it."""
        now_s = self.now_s()
        for rows in self._all:
            for row in rows.of_client(position):
                rows.put(row, None, now_s)
        self.clients.put(position, None, now_s)

    def _row(self, rows: Rows, code: str | None, field: str) -> Json | None:
        return None if not code else self.must_find(rows, code, field)

    @staticmethod
    def _nothing(row: int) -> Json:
        raise KeyError(row)
