"""Creating and changing rows: what is checked, what follows from what, and what is locked (assumed)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from service.sandbox.canopy.agreements import finish_engagement, finish_questionnaire
from service.sandbox.canopy.errors import RefusalError, invalid
from service.sandbox.canopy.files import Sent
from service.sandbox.canopy.hours import Hours
from service.sandbox.canopy.ids import OWNERS, PREFIXES, instant
from service.sandbox.canopy.wishes import MADE_OTHERWISE, REQUIRED, WISHES
from service.sandbox.http import Json
from service.sandbox.table import Table
from service.sandbox.taxdome.files import sha256

_LOCKED = frozenset({"paid", "partially_paid", "archived"})
_BLANK: dict[str, Json] = {
    "clients": {
        "client_facing_name": None, "status": "Active", "owner_id": None, "external_id": None, "ein_masked": None,
        "emails": [], "phones": [], "addresses": [], "tags": [], "custom_fields": {}, "group_id": None, "linked": [],
    },
    "contacts": {"kind": "other", "emails": [], "phones": [], "birthday": None, "tin_masked": None},
    "invoices": {
        "number": None, "status": "unpaid", "issue_date": None, "due_date": None, "terms": "Net 30", "currency": "USD",
        "total_cents": 0, "paid_cents": 0, "balance_cents": 0, "class": None, "location": None, "category": None,
        "qbo_sync": {"document_number": None, "sync_status": "NOT_SYNCED"},
    },
    "payments": {"received_at": None, "allocations": [], "unapplied_cents": 0, "refunds": [], "reference": None},
    "credits": {"remaining_cents": 0, "applications": []},
    "time_entries": {
        "client_id": None, "task_id": None, "service_item_id": None, "billable": True, "rate_cents": 0,
        "amount_cents": 0, "wuwd_cents": 0, "state": "saved", "invoice_id": None,
    },
    "tasks": {
        "parent_id": None, "kind": "task", "status": "Ready", "client_id": None, "engagement_id": None,
        "assignee_ids": [], "priority": "medium", "start_date": None, "due_date": None, "budget_minutes": None,
        "tax_year": None, "checklist": [],
    },
    "questionnaires": {"status": "draft", "answers": []},
    "engagements": {
        "status": "draft", "start_date": None, "end_date": None, "items": [], "signers": [], "accepted_at": None,
    },
}  # fmt: skip


class Writer:
    """Writes rows of every entity over the tables."""

    def __init__(self, tables: Mapping[str, Table], now_s: Callable[[], float]) -> None:
        self._tables = tables
        self._now_s = now_s
        self._finish: dict[str, Callable[[Json, Json | None], None]] = {
            "clients": self._finish_client,
            "contacts": self._finish_contact,
            "invoices": self._finish_invoice,
            "payments": self._finish_payment,
            "credits": self._finish_credit,
            "tasks": self._finish_task,
            "time_entries": self._finish_time,
            "documents": self._finish_file,
            "engagements": self._finish_engagement,
            "questionnaires": self._finish_questionnaire,
        }

    def create(self, entity: str, body: Json) -> Json:
        """A new row; RefusalError when it may not be."""
        if entity not in WISHES or entity in MADE_OTHERWISE:
            raise RefusalError("not_found", f"Rows of {entity} are not written here.")
        wish = _understood(entity, body)
        for name in REQUIRED[entity]:
            if name not in wish:
                raise invalid(name, "is required")
        table = self._tables[entity]
        row: Json = {PREFIXES[entity][0]: table.next_id(), **_BLANK[entity], **wish}
        self._finish[entity](row, None)
        table.add(row, int(self._now_s()))
        self._complete_parent(entity, row)
        return row

    def new_file(self, sent: Sent) -> Json:
        """A file that was sent, as its first version; RefusalError when it may not be."""
        said = _understood("documents", sent.metadata)
        if "client_id" not in said:
            raise invalid("client_id", "is required")
        row: Json = {"folder_id": None, "visible_to_client": False, "name": sent.name, "versions": [], **said}
        self.check_file(row)
        table = self._tables["documents"]
        row = self._versioned({"file_id": table.next_id(), **row}, sent)
        table.add(row, int(self._now_s()))
        return row

    def new_version(self, old: Json, sent: Sent) -> Json:
        """The file with what was sent as its newest version."""
        table = self._tables["documents"]
        position = table.find(old["file_id"])
        assert position is not None
        row = self._versioned({**old, **_understood("documents", sent.metadata)}, sent)
        table.put(position, row, int(self._now_s()))
        return row

    def _versioned(self, row: Json, sent: Sent) -> Json:
        version = {
            "version": len(row["versions"]) + 1,
            "size": sent.content.size_bytes,
            "sha256": sha256(sent.content),
            "added_by": OWNERS[0],
            "added_at": instant(self._now_s()),
        }
        versions = [*row["versions"], version]
        return {
            **row,
            "size": version["size"],
            "mime": sent.media_type,
            "sha256": version["sha256"],
            "version": version["version"],
            "versions": versions,
            "added_by": versions[0]["added_by"],
            "added_at": versions[0]["added_at"],
        }

    def change(self, entity: str, row_id: str, body: Json) -> Json:
        """A changed row; what the body does not name stays."""
        if entity not in WISHES:
            raise RefusalError("not_found", f"Rows of {entity} are not written here.")
        table = self._tables[entity]
        position = table.find(row_id)
        if position is None:
            raise RefusalError("not_found", f"No such row in {entity}.")
        old = table[position]
        row = {**old, **_understood(entity, body)}
        self._finish[entity](row, old)
        table.put(position, row, int(self._now_s()))
        self._complete_parent(entity, row)
        return row

    def _finish_client(self, row: Json, old: Json | None) -> None:
        if old is not None and row["filing_type"] != old["filing_type"]:
            raise RefusalError(
                "type_immutable", "The filing type of a client cannot change.", ("filing_type", "immutable")
            )
        for link in row["linked"]:
            self._must_exist("clients", link["client_id"], "linked")
        row["client_facing_name"] = row["client_facing_name"] or row["display_name"]
        row["updated_at"] = instant(self._now_s())

    def _finish_contact(self, row: Json, old: Json | None) -> None:
        if not row["client_ids"]:
            raise invalid("client_ids", "must name at least one client")
        for client_id in row["client_ids"]:
            self._must_exist("clients", client_id, "client_ids")

    def _finish_invoice(self, row: Json, old: Json | None) -> None:
        if old is not None and old["status"] in _LOCKED:
            raise RefusalError("invoice_locked", f"An invoice that is {old['status']} cannot be changed.")
        if old is None and row["status"] == "archived":
            raise invalid("status", "must be draft, scheduled or unpaid")
        self._must_exist("clients", row["client_id"], "client_id")
        today = datetime.fromtimestamp(self._now_s(), UTC).date()
        row["issue_date"] = row["issue_date"] or today.isoformat()
        row["due_date"] = row["due_date"] or (today + timedelta(days=30)).isoformat()
        row["number"] = row["number"] or f"C{row['invoice_id'].removeprefix('inv_').upper()}"
        hours = Hours(self._tables["time_entries"], row)
        hours.release([] if old is None else old["lines"])
        row["lines"] = [_finished_line(row["invoice_id"], at, hours.bill(line)) for at, line in enumerate(row["lines"])]
        hours.keep(int(self._now_s()))
        row["total_cents"] = sum(line["amount_cents"] for line in row["lines"])
        row["balance_cents"] = row["total_cents"] - row["paid_cents"]

    def _finish_payment(self, row: Json, old: Json | None) -> None:
        if old is not None and any(row[name] != old[name] for name in ("client_id", "amount_cents")):
            raise invalid("amount_cents", "client and amount of a recorded payment cannot change")
        self._must_exist("clients", row["client_id"], "client_id")
        row["received_at"] = row["received_at"] or instant(self._now_s())
        self._cover(row, old, "allocations", "unapplied_cents")

    def _finish_credit(self, row: Json, old: Json | None) -> None:
        if old is not None and any(row[name] != old[name] for name in ("client_id", "amount_cents")):
            raise invalid("amount_cents", "client and amount of a credit cannot change")
        self._must_exist("clients", row["client_id"], "client_id")
        self._cover(row, old, "applications", "remaining_cents")

    def _finish_task(self, row: Json, old: Json | None) -> None:
        if row["client_id"] is not None:
            self._must_exist("clients", row["client_id"], "client_id")
        if row["parent_id"] is not None:
            self._must_exist("tasks", row["parent_id"], "parent_id")
        number = row["task_id"].removeprefix("tsk_")
        row["checklist"] = [
            {
                "id": check.get("id") or f"chk_{number}_{at + 1}",
                "text": check["text"],
                "done": check.get("done", False),
                "completed_at": (check.get("completed_at") or instant(self._now_s())) if check.get("done") else None,
            }
            for at, check in enumerate(row["checklist"])
        ]

    def _finish_time(self, row: Json, old: Json | None) -> None:
        if old is not None and old["invoice_id"] is not None:
            raise RefusalError("invoice_locked", "Time that stands on an invoice cannot be changed.")
        self._must_exist("users", row["user_id"], "user_id")
        for entity, name in (("clients", "client_id"), ("tasks", "task_id")):
            if row[name] is not None:
                self._must_exist(entity, row[name], name)
        row["amount_cents"] = _whole(Decimal(row["rate_cents"]) * row["minutes"] / 60)

    def _finish_file(self, row: Json, old: Json | None) -> None:
        self.check_file(row)

    def check_file(self, row: Json) -> None:
        """A file's client and folder exist."""
        for entity, name in (("clients", "client_id"), ("folders", "folder_id")):
            if row[name] is not None:
                self._must_exist(entity, row[name], name)

    def _finish_engagement(self, row: Json, old: Json | None) -> None:
        self._must_exist("clients", row["client_id"], "client_id")
        for signer in row["signers"]:
            self._must_exist("contacts", signer["contact_id"], "signers")
        finish_engagement(row, old, instant(self._now_s()))

    def _finish_questionnaire(self, row: Json, old: Json | None) -> None:
        """A new one asks what the firm's first one does: nothing is known of templates but that there are some."""
        self._must_exist("clients", row["client_id"], "client_id")
        if old is None:
            row.pop("template_id", None)
            seeded: list[Json] = self._tables["questionnaires"][0]["answers"]
            row["answers"] = [
                {"question_key": each["question_key"], "type": each["type"], "value": None} for each in seeded
            ]
            return
        finish_questionnaire(row, old)

    def _cover(self, row: Json, old: Json | None, covers: str, left: str) -> None:
        """Puts a payment or credit on its invoices, taking back first what an earlier version had put there."""
        balances = _Balances(self._tables["invoices"])
        before: list[Json] = [] if old is None else old[covers]
        for cover in before:
            balances.put(cover["invoice_id"], -cover["amount_cents"], covers)
        for cover in row[covers]:
            balances.put(cover["invoice_id"], cover["amount_cents"], covers)
        covered = sum(cover["amount_cents"] for cover in row[covers])
        if covered > row["amount_cents"]:
            raise invalid(covers, "cover more than the amount")
        row[left] = row["amount_cents"] - covered
        balances.keep(int(self._now_s()))

    def _complete_parent(self, entity: str, row: Json) -> None:
        """A parent completes by itself when the last of its subtasks does."""
        if entity != "tasks" or row["parent_id"] is None or row["status"] != "Completed":
            return
        table = self._tables["tasks"]
        position = table.find(row["parent_id"])
        if position is None:
            return
        siblings = [table[at] for at in self._family(position) if table[at]["parent_id"] == row["parent_id"]]
        if all(sibling["status"] == "Completed" for sibling in siblings):
            table.put(position, {**table[position], "status": "Completed"}, int(self._now_s()))

    def _family(self, parent: int) -> list[int]:
        """Where a task's subtasks can be: seeded ones directly behind it, later ones at the end."""
        table = self._tables["tasks"]
        return [*range(parent, min(parent + 5, table.seeded)), *range(max(parent, table.seeded), table.size)]

    def _must_exist(self, entity: str, row_id: str, field: str) -> None:
        if self._tables[entity].find(row_id) is None:
            raise invalid(field, f"{row_id} is not among {entity}")


class _Balances:
    """Invoices whose balance is about to change; nothing is kept before everything was checked."""

    def __init__(self, invoices: Table) -> None:
        self._invoices = invoices
        self._changed: dict[int, Json] = {}

    def put(self, invoice_id: str, amount_cents: int, field: str) -> None:
        position = self._invoices.find(invoice_id)
        if position is None:
            raise invalid(field, f"{invoice_id} is not among invoices")
        invoice = self._changed.get(position) or self._invoices[position]
        if amount_cents > invoice["balance_cents"] or invoice["status"] in {"draft", "scheduled", "archived"}:
            raise invalid(field, f"{invoice_id} does not owe that much")
        paid = invoice["paid_cents"] + amount_cents
        total = invoice["total_cents"]
        status = "paid" if paid >= total else "partially_paid" if paid else "unpaid"
        balance = {"paid_cents": paid, "balance_cents": total - paid, "status": status}
        self._changed[position] = {**invoice, **balance}

    def keep(self, at_s: int) -> None:
        for position, invoice in self._changed.items():
            self._invoices.put(position, invoice, at_s)


def _understood(entity: str, body: Json) -> Json:
    try:
        wish = msgspec.convert(body, WISHES[entity])
    except msgspec.ValidationError as error:
        issue, _, path = str(error).partition(" - at `$")
        raise invalid(path.strip("`.") or "body", issue) from error
    understood: Json = msgspec.to_builtins(wish)
    return {name: understood[name] for name in understood if name in body}


def _finished_line(invoice_id: str, at: int, line: Json) -> Json:
    """A line as read; amounts are rounded once, half to even."""
    amount = Decimal(str(line["quantity"])) * line["rate_cents"]
    return {
        "line_id": line.get("line_id") or f"lin_{invoice_id.removeprefix('inv_')}_{at + 1}",
        "service_item_id": line.get("service_item_id"),
        "sku": line.get("sku"),
        "description": line["description"],
        "quantity": line["quantity"],
        "rate_cents": line["rate_cents"],
        "amount_cents": _whole(amount) + line.get("wuwd_cents", 0),
        "wuwd_cents": line.get("wuwd_cents", 0),
        "time_entry_ids": line.get("time_entry_ids", []),
    }


def _whole(cents: Decimal) -> int:
    return int(cents.quantize(Decimal(1), ROUND_HALF_EVEN))
