"""The firm's books in Canopy's words (assumed contract): integer cents, RFC 3339 UTC times, prefixed ids."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from service.sandbox import people
from service.sandbox.books import AS_OF, CLASSES, LOCATIONS, SERVICES, Books, Invoice, Line
from service.sandbox.canopy.ids import OWNERS, instant, make_id, position_of
from service.sandbox.canopy.practice import Practice
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.shapes import Kind, Shape, counts
from service.sandbox.table import Table

Build: TypeAlias = Callable[[int], Json]
UpdatedS: TypeAlias = Callable[[int], int]

TASK_STATUSES = ("Ready", "In progress", "Waiting on client", "Needs review", "Completed")
"""Firm-defined at Canopy; these are this firm's."""

_TASK = 12
_TASK_KINDS = ("task", "subtask", "subtask", "client_request", "task")
_TASK_NAMES = (
    "Prepare return",
    "Collect documents",
    "Reconcile accounts",
    "Send last year's statement",
    "Plan next year",
)
_CHECKS = ("Engagement letter signed", "Trial balance tied out", "Partner review")


def invoice_status(kind: Kind, paid: int, total: int) -> str:
    """Canopy's status of an invoice of the books."""
    match kind:
        case Kind.DRAFT:
            return "draft"
        case Kind.SCHEDULED:
            return "scheduled"
        case Kind.VOID:
            return "archived"
        case _:
            return "paid" if paid >= total else "partially_paid" if paid else "unpaid"


class Records:
    """Builds Canopy's rows from the books, and tells cheaply what a filter needs to know of a row."""

    def __init__(self, books: Books) -> None:
        self._books = books
        clients = books.clients
        self._contacts = Layout(counts(lambda shape: shape.contacts), clients)
        self._invoices = Layout(counts(lambda shape: _money(shape, len(shape.invoices))), clients)
        self._payments = Layout(counts(lambda shape: _money(shape, len(shape.payments))), clients)
        self._credits = Layout(counts(lambda shape: _money(shape, len(shape.credits))), clients)
        self._tasks = Layout(counts(lambda shape: shape.tasks), clients)
        self._practice = Practice(books, self._contacts, self._invoices, self._tasks)

    def tables(self) -> dict[str, Table]:
        """The tables of all entities, over the books as seeded."""
        return {
            "clients": self._table(
                "clients", self._books.clients, self.client, lambda row: self._books.client_times(row)[1]
            ),
            "contacts": self._table("contacts", self._contacts.size, self.contact, self._contact_updated_s),
            "invoices": self._table(
                "invoices",
                self._invoices.size,
                self.invoice,
                lambda row: self._books.invoice_times(*self._invoices.locate(row))[1],
            ),
            "payments": self._table(
                "payments",
                self._payments.size,
                self.payment,
                lambda row: self._books.payment_time(*self._payments.locate(row)),
            ),
            "credits": self._table(
                "credits",
                self._credits.size,
                self.credit,
                lambda row: self._books.credit_time(*self._credits.locate(row)),
            ),
            "tasks": self._table("tasks", self._tasks.size, self.task, self._task_updated_s),
            **self._practice_tables(),
        }

    def _practice_tables(self) -> dict[str, Table]:
        practice = self._practice
        rows: dict[str, tuple[Layout, Build]] = {
            "documents": (practice.documents, practice.document),
            "folders": (practice.folders, practice.folder),
            "engagements": (practice.engagements, practice.engagement),
            "questionnaires": (practice.questionnaires, practice.questionnaire),
            "time_entries": (practice.time_entries, practice.time_entry),
        }
        tables = {
            entity: self._table(entity, layout.size, build, practice.updated_s(layout))
            for entity, (layout, build) in rows.items()
        }
        return tables | {"users": self._table("users", len(OWNERS), practice.user, lambda _: int(AS_OF.timestamp()))}

    def status(self, entity: str, row: int) -> str:
        """The status of a seeded row, without building the row where that can be avoided."""
        if entity == "clients":
            return self._books.shape(row).status
        if entity == "invoices":
            client, place = self._invoices.locate(row)
            shape = self._books.shape(client)
            return invoice_status(shape.invoices[place], shape.covered(place), 4)
        if entity == "engagements":
            return str(self._practice.engagement(row)["status"])
        if entity == "questionnaires":
            return str(self._practice.questionnaire(row)["status"])
        return str(self.task(row)["status"])

    def history(self, file: Json) -> list[Json]:
        """What became of a file, oldest first."""
        position = position_of("documents", file["file_id"])
        events: list[Json] = [
            {"action": "added" if at == 0 else "replaced", "by": version["added_by"], "at": version["added_at"]}
            for at, version in enumerate(file["versions"])
        ]
        seen = self._practice.history(position) if position < self._practice.documents.size else []
        return sorted([*events, *seen], key=lambda event: str(event["at"]))

    def client(self, row: int) -> Json:
        """A client."""
        client = self._books.client(row)
        street, city, state, postal_code = client.address
        is_business = client.shape.filing_type == "Business"
        kind = "work" if is_business else "home"
        parent = client.parent
        return {
            "client_id": make_id("clients", row),
            "display_name": client.name,
            "client_facing_name": client.name,
            "filing_type": client.shape.filing_type,
            "status": client.shape.status,
            "owner_id": OWNERS[row % len(OWNERS)],
            "external_id": f"C-{row + 1:06d}" if row % 3 else None,
            "ein_masked": f"**-***{1000 + row % 9000}" if is_business else None,
            "emails": [{"type": kind, "value": client.email}] if client.email else [],
            "phones": [{"type": kind, "value": client.phone}],
            "addresses": [
                {
                    "type": kind,
                    "line1": street,
                    "city": city,
                    "state": state,
                    "postal_code": postal_code,
                    "country": "US",
                }
            ],
            "tags": ["vip", "monthly"][: row % 3],
            "custom_fields": {"tier": ("Gold", "Silver", "Bronze")[row % 3]} if row % 4 else {},
            "group_id": None if parent is None else f"grp_{parent:x}",
            "linked": [] if parent is None else [{"client_id": make_id("clients", parent), "kind": "important"}],
            "updated_at": instant(client.updated_s),
        }

    def contact(self, row: int) -> Json:
        """A contact."""
        number, place = self._contacts.locate(row)
        person = people.person(self._books, number, place)
        return {
            "contact_id": make_id("contacts", row),
            "client_ids": [make_id("clients", number)],
            "kind": person.kind,
            "first_name": person.given,
            "last_name": person.family,
            "emails": [{"type": "home", "value": person.email}] if person.email else [],
            "phones": [{"type": "mobile", "value": person.phone}],
            "birthday": person.born,
            "tin_masked": f"***-**-{person.taxpayer_last4}" if person.taxpayer_last4 else None,
        }

    def invoice(self, row: int) -> Json:
        """An invoice with its lines."""
        number, place = self._invoices.locate(row)
        shape = self._books.shape(number)
        invoice = self._books.ledger(number).invoices[place]
        document = self._books.document_number(number, place)
        return {
            "invoice_id": make_id("invoices", row),
            "number": document,
            "client_id": make_id("clients", number),
            "status": invoice_status(invoice.kind, invoice.paid_minor, invoice.total_minor),
            "issue_date": invoice.issued.isoformat(),
            "due_date": invoice.due.isoformat(),
            "terms": "Net 30",
            "currency": shape.currency,
            "lines": [
                _line(row, at, line, self._practice.entries_of_line(number, place, at))
                for at, line in enumerate(invoice.lines)
            ],
            "total_cents": invoice.total_minor,
            "paid_cents": invoice.paid_minor,
            "balance_cents": invoice.total_minor - invoice.paid_minor,
            "class": CLASSES[number % len(CLASSES)],
            "location": LOCATIONS[number % len(LOCATIONS)],
            "category": None,
            "qbo_sync": _sync(shape, invoice, document),
        }

    def payment(self, row: int) -> Json:
        """A payment with what it covers."""
        number, place = self._payments.locate(row)
        payment = self._books.ledger(number).payments[place]
        return {
            "payment_id": make_id("payments", row),
            "client_id": make_id("clients", number),
            "method": payment.method,
            "amount_cents": payment.amount_minor,
            "received_at": instant(payment.updated_s),
            "allocations": self._covers(number, payment.covers),
            "unapplied_cents": payment.left_minor,
            "refunds": [],
            "reference": f"REF-{row + 5001}" if payment.method in {"check", "ach"} else None,
        }

    def credit(self, row: int) -> Json:
        """A credit with what it was applied to."""
        number, place = self._credits.locate(row)
        credit = self._books.ledger(number).credits[place]
        return {
            "credit_id": make_id("credits", row),
            "client_id": make_id("clients", number),
            "amount_cents": credit.amount_minor,
            "remaining_cents": credit.left_minor,
            "applications": self._covers(number, credit.covers),
        }

    def task(self, row: int) -> Json:
        """A task, subtask or client request."""
        number, place = self._tasks.locate(row)
        first = self._tasks.rows_of(number)[0]
        dice = Dice(self._books.seed, _TASK, number, place)
        kind = _TASK_KINDS[place]
        due = AS_OF + timedelta(days=dice.between(-90, 120))
        status = self._task_status(number, place)
        has_checklist = kind == "task"
        return {
            "task_id": make_id("tasks", row),
            "parent_id": None if kind == "task" else make_id("tasks", first),
            "kind": kind,
            "name": _TASK_NAMES[place],
            "status": status,
            "client_id": make_id("clients", number),
            "engagement_id": None,
            "assignee_ids": [] if kind == "client_request" else [dice.pick(OWNERS)],
            "priority": dice.pick(("low", "medium", "high")),
            "start_date": (due - timedelta(days=30)).date().isoformat(),
            "due_date": due.date().isoformat(),
            "budget_minutes": None if kind == "client_request" else dice.between(1, 16) * 30,
            "tax_year": 2025,
            "checklist": [_check(row, at, status, due) for at in range(len(_CHECKS))] if has_checklist else [],
        }

    def _task_status(self, number: int, place: int) -> str:
        """A parent is completed exactly when all that hangs on it is, as Canopy itself would have it."""
        size = self._books.shape(number).tasks
        all_done = Dice(self._books.seed, _TASK, number, 99).roll(3) == 0
        family = range(min(size, 4))
        if place not in family:
            return TASK_STATUSES[Dice(self._books.seed, _TASK, number, place, 1).roll(len(TASK_STATUSES))]
        if all_done:
            return "Completed"
        if place in {0, family[-1]}:
            return TASK_STATUSES[Dice(self._books.seed, _TASK, number, place, 1).roll(len(TASK_STATUSES) - 1)]
        return TASK_STATUSES[Dice(self._books.seed, _TASK, number, place, 1).roll(len(TASK_STATUSES))]

    def _covers(self, client: int, covers: tuple[tuple[int, int], ...]) -> list[Json]:
        rows = self._invoices.rows_of(client)
        return [{"invoice_id": make_id("invoices", rows[place]), "amount_cents": amount} for place, amount in covers]

    def _contact_updated_s(self, row: int) -> int:
        return self._books.client_times(self._contacts.locate(row)[0])[1]

    def _task_updated_s(self, row: int) -> int:
        dice = Dice(self._books.seed, _TASK, *self._tasks.locate(row), 2)
        return int(AS_OF.timestamp()) - dice.roll(200 * 86_400)

    def _table(self, entity: str, size: int, build: Build, updated_s: UpdatedS) -> Table:
        return Table(
            seeded=size,
            row=build,
            updated_s=updated_s,
            id_of=lambda position: make_id(entity, position),
            position_of=lambda row_id: position_of(entity, row_id),
        )


def _money(shape: Shape, rows: int) -> int:
    return rows if shape.canopy_knows_money else 0


def _line(row: int, at: int, line: Line, time_entries: list[str]) -> Json:
    service = SERVICES[line.service]
    return {
        "line_id": f"lin_{row:x}_{at + 1}",
        "service_item_id": f"svc_{line.service + 1}",
        "sku": service.sku,
        "description": service.name,
        "quantity": line.quantity,
        "rate_cents": line.rate_minor,
        "amount_cents": line.amount_minor - line.write_down_minor,
        "wuwd_cents": -line.write_down_minor,
        "time_entry_ids": time_entries,
    }


def _sync(shape: Shape, invoice: Invoice, document: str) -> Json:
    if shape.in_quickbooks(invoice.kind):
        return {"document_number": document, "sync_status": "OK"}
    return {"document_number": None, "sync_status": "ERROR" if invoice.kind is Kind.SYNC_ERROR else "NOT_SYNCED"}


def _check(row: int, at: int, status: str, due: datetime) -> Json:
    done = status == "Completed" or at == 0
    completed_at = instant(min(due, AS_OF).timestamp() - (20 - at) * 86_400) if done else None
    return {"id": f"chk_{row:x}_{at + 1}", "text": _CHECKS[at], "done": done, "completed_at": completed_at}
