"""Files, engagements, questionnaires, time and staff in Canopy's words (assumed contract)."""

from datetime import datetime, timedelta

from service.sandbox.books import AS_OF, SERVICES, Books, Line
from service.sandbox.canopy.files import seeded
from service.sandbox.canopy.ids import OWNERS, instant, make_id
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF
from service.sandbox.shapes import Shape, counts
from service.sandbox.taxdome.files import sha256 as digest

_FILE, _ENGAGEMENT, _QUESTIONS, _TIME = range(31, 35)
_AS_OF_S = int(AS_OF.timestamp())
_DAY_S = 86_400
_NAMES = ("Trial balance.xlsx", "Bank statement.pdf", "Scan of receipt.jpg", "Draft return.pdf", "Letter.docx")
_MIMES = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf", "image/jpeg",
          "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")  # fmt: skip
_QUESTIONNAIRE_STATUSES = ("draft", "sent", "in_progress", "submitted")
_ENGAGEMENT_STATUSES = ("active", "sent", "draft", "active", "archived")
_MFA = ("phishing_resistant", "otp", "otp", "none")
_PLATFORMS = ("iOS", "Android", "Web")


def billed_invoice(shape: Shape) -> bool:
    """Whether the client's first piece of time stands on the first line of its first invoice."""
    return shape.tasks > 0 and shape.canopy_knows_money and len(shape.invoices) > 0


class Practice:
    """Builds the rows of what is not money, and of time, from the books."""

    def __init__(self, books: Books, contacts: Layout, invoices: Layout, tasks: Layout) -> None:
        self._books = books
        self._contacts = contacts
        self._invoices = invoices
        self._tasks = tasks
        self.documents = Layout(counts(lambda shape: shape.tasks), books.clients)
        self.folders = Layout(counts(lambda shape: 2 if shape.tasks else 0), books.clients)
        self.engagements = Layout(counts(lambda shape: min(1, shape.tasks)), books.clients)
        self.questionnaires = Layout(counts(lambda shape: min(1, shape.tasks)), books.clients)
        self.time_entries = Layout(counts(lambda shape: shape.tasks), books.clients)

    def user(self, row: int) -> Json:
        """Somebody of the firm, with the devices signed in."""
        person = STAFF[row]
        seen = instant(_AS_OF_S - row * 3_600)
        return {
            "user_id": make_id("users", row),
            "name": f"{person.given} {person.family}",
            "email": person.email,
            "role": "Administrator" if row == 0 else "Team member",
            "mfa_level": _MFA[row],
            "devices": [
                {"device_id": f"dev_{row}_{at}", "platform": _PLATFORMS[at], "last_seen": seen}
                for at in range(row % len(_PLATFORMS) + 1)
            ],
        }

    def folder(self, row: int) -> Json:
        """A folder: each client has "Tax" and in it one for the year."""
        number, place = self.folders.locate(row)
        rows = self.documents.rows_of(number)
        return {
            "folder_id": make_id("folders", row),
            "client_id": make_id("clients", number),
            "parent_id": make_id("folders", row - 1) if place else None,
            "name": "2025" if place else "Tax",
            "file_count": sum(1 for at in range(len(rows)) if at % 4 != 3 and at % 2 == place),
        }

    def document(self, row: int) -> Json:
        """A file with its versions; every fourth still lies in the inbox, in no folder."""
        number, place = self.documents.locate(row)
        dice = Dice(self._books.seed, _FILE, number, place)
        newest = dice.between(1, 3)
        versions = [self._version(row, at + 1) for at in range(newest)]
        last = versions[-1]
        return {
            "file_id": make_id("documents", row),
            "client_id": make_id("clients", number),
            "folder_id": None if place % 4 == 3 else make_id("folders", self.folders.rows_of(number)[place % 2]),
            "name": _NAMES[place],
            "size": last["size"],
            "mime": _MIMES[place],
            "sha256": last["sha256"],
            "visible_to_client": place % 2 == 0,
            "version": newest,
            "versions": versions,
            "added_by": versions[0]["added_by"],
            "added_at": versions[0]["added_at"],
        }

    def history(self, row: int) -> list[Json]:
        """What became of a seeded file since it was last replaced."""
        return [{"action": "viewed", "by": None, "at": instant(_AS_OF_S - row % 20 * 3_600)}]

    def engagement(self, row: int) -> Json:
        """An engagement with its services and signers."""
        number, _ = self.engagements.locate(row)
        dice = Dice(self._books.seed, _ENGAGEMENT, number)
        status = _ENGAGEMENT_STATUSES[row % len(_ENGAGEMENT_STATUSES)]
        signed_s = _AS_OF_S - dice.between(30, 300) * _DAY_S
        signed_at = instant(signed_s) if status in {"active", "archived"} else None
        starts = datetime.fromtimestamp(signed_s, AS_OF.tzinfo).date()
        service = dice.roll(len(SERVICES))
        return {
            "engagement_id": make_id("engagements", row),
            "client_id": make_id("clients", number),
            "name": f"{SERVICES[service].name} {starts.year}",
            "status": status,
            "start_date": starts.isoformat(),
            "end_date": (starts + timedelta(days=365)).isoformat(),
            "items": [_engaged(service), _engaged((service + 3) % len(SERVICES))],
            "signers": [
                {"contact_id": make_id("contacts", contact), "signed_at": signed_at}
                for contact in self._contacts.rows_of(number)[:1]
            ],
            "accepted_at": signed_at,
        }

    def questionnaire(self, row: int) -> Json:
        """A questionnaire; Smart Intake suggests answers, and a person has yet to accept them."""
        number, _ = self.questionnaires.locate(row)
        status = _QUESTIONNAIRE_STATUSES[row % len(_QUESTIONNAIRE_STATUSES)]
        by_client = "client" if status in {"in_progress", "submitted"} else None
        moved = "No" if by_client else None
        income = 48_000 + number if status == "submitted" else None
        return {
            "questionnaire_id": make_id("questionnaires", row),
            "client_id": make_id("clients", number),
            "name": "Year-end questions",
            "status": status,
            "answers": [
                _answer("moved", "choice", moved, None, by_client),
                _answer("other_income", "number", income, 47_500 + number, "client" if income else "ai"),
                _answer("spouse_name", "text", None, self._books.name(number), "ai"),
            ],
        }

    def time_entry(self, row: int) -> Json:
        """Time; the client's first piece is billed on its first invoice, where it has one here."""
        number, place = self.time_entries.locate(row)
        dice = Dice(self._books.seed, _TIME, number, place)
        entry: Json = {
            "entry_id": make_id("time_entries", row),
            "user_id": dice.pick(OWNERS),
            "client_id": make_id("clients", number),
            "task_id": make_id("tasks", self._tasks.rows_of(number)[place]),
            "service_item_id": f"svc_{dice.roll(len(SERVICES)) + 1}",
            "date": datetime.fromtimestamp(_AS_OF_S - dice.between(1, 200) * _DAY_S, AS_OF.tzinfo).date().isoformat(),
        }
        if place == 0 and billed_invoice(self._books.shape(number)):
            return entry | self._billed(number)
        minutes, rate = dice.between(1, 20) * 15, dice.between(30, 50) * 400
        return entry | {
            "minutes": minutes,
            "billable": place != 2,
            "rate_cents": rate,
            "amount_cents": rate * minutes // 60,
            "wuwd_cents": 0,
            "state": "archived" if place == 4 else "saved",
            "invoice_id": None,
        }

    def entries_of_line(self, number: int, place: int, at: int) -> list[str]:
        """The ids of the seeded time on a line of an invoice."""
        if place or at or not billed_invoice(self._books.shape(number)):
            return []
        return [make_id("time_entries", self.time_entries.rows_of(number)[0])]

    def updated_s(self, layout: Layout) -> "PracticeTime":
        """When rows of a sort last changed: with their client."""
        return PracticeTime(self._books, layout)

    def _billed(self, number: int) -> Json:
        line: Line = self._books.ledger(number).invoices[0].lines[0]
        return {
            "service_item_id": f"svc_{line.service + 1}",
            "minutes": line.halves * 30,
            "billable": True,
            "rate_cents": line.rate_minor,
            "amount_cents": line.amount_minor - line.write_down_minor,
            "wuwd_cents": -line.write_down_minor,
            "state": "billed",
            "invoice_id": make_id("invoices", self._invoices.rows_of(number)[0]),
        }

    def _version(self, row: int, version: int) -> Json:
        number, place = self.documents.locate(row)
        size = Dice(self._books.seed, _FILE, number, place, version).between(2_000, 40_000)
        content = seeded(self._books.seed, make_id("documents", row), version, size, _NAMES[place])
        return {
            "version": version,
            "size": size,
            "sha256": digest(content),
            "added_by": OWNERS[(number + version) % len(OWNERS)],
            "added_at": instant(_AS_OF_S - (300 - 90 * version) * _DAY_S),
        }


class PracticeTime:
    """When a row last changed: on the day its client did."""

    def __init__(self, books: Books, layout: Layout) -> None:
        self._books = books
        self._layout = layout

    def __call__(self, row: int) -> int:
        return self._books.client_times(self._layout.locate(row)[0])[1]


def _engaged(service: int) -> Json:
    item = SERVICES[service]
    return {
        "service_item_id": f"svc_{service + 1}",
        "name": item.name,
        "quantity": 1,
        "rate_cents": item.rate_minor,
        "rate_type": "hourly" if item.sku == "ADV-HOUR" else "fixed",
    }


def _answer(key: str, kind: str, value: object, suggested: object, source: str | None) -> Json:
    return {"question_key": key, "type": kind, "value": value, "suggested_value": suggested, "source": source}
