"""Documents in their four roots, organizers with their answers, proposals, and signatures with their audit trail."""

from typing import NamedTuple

from service.sandbox.books import Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF, person
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.wire import instant, make_id

DAY_S = 86_400
ACCESS = {"client_uploaded": "edit", "firm_shared": "view", "organizer": "view", "private": "private"}
_DOCUMENT, _ORGANIZER, _ANSWER, _SIGNATURE = 54, 55, 56, 58
_UPLOADED = ("W-2.pdf", "1099-INT.pdf", "Bank statement.pdf", "Mileage.csv", "Receipts.zip", "K-1.pdf", "Photo ID.png")
_UPLOAD_PATHS = ("/2025", "/2025/Income", "/2025/Bank/Q4", "/2024")
_FORM_STATUS = {"signed": "signed", "pending": "pending_e_signature", "declined": "declined_signature"}
_PROPOSAL_STATUS = {"signed": "signed", "pending": "pending_e_signature", "partially_signed": "pending_e_signature"}
_SHARED_STATUSES = ("approved", "pending_approval", "disapproved", "pending_payment", "sealed", None)


class Question(NamedTuple):
    """One question of an organizer, and what may be answered."""

    key: str
    section: str
    type: str
    answers: tuple[object, ...]


QUESTIONS = {
    "individual": (
        Question("legal_name_changed", "About you", "choice", ("Yes", "No")),
        Question("occupation", "About you", "free_entry", ("Carpenter", "Nurse", "Écrivaine", "Self-employed")),
        Question("moved_on", "About you", "date", ("2025-03-14", "2025-09-01", "2025-12-31")),
        Question("wages", "Income", "number", (58_250, 91_400.5, 0)),
        Question(
            "income_sources", "Income", "checkbox", (["W-2"], ["W-2", "Interest"], ["Rental", "Dividends", "K-1"])
        ),
        Question("w2_upload", "Income", "file", ()),
        Question("donations", "Deductions", "number", (250, 1_200, 40.25)),
        Question("receipts_upload", "Deductions", "file", ()),
        Question("anything_else", "Deductions", "free_entry", ("", "Please call me about the house sale.")),
    ),
    "business": (
        Question("entity_type", "Company", "choice", ("LLC", "S corporation", "C corporation", "Partnership")),
        Question("fiscal_year_end", "Company", "date", ("2025-12-31", "2026-06-30")),
        Question("employees", "Company", "number", (1, 12, 240)),
        Question("states", "Company", "checkbox", (["NY"], ["NY", "NJ"], ["OH", "OR", "OK"])),
        Question("ledger_upload", "Books", "file", ()),
        Question("bank_upload", "Books", "file", ()),
        Question("questions", "Books", "free_entry", ("None.", "When is the next estimate due?")),
    ),
}
_FILE_NAMES = ("Answer scan.pdf", "Answer receipts.zip")


class Papers:
    """Builds documents, organizers, proposals and signatures."""

    def __init__(self, books: Books) -> None:
        self._books = books
        clients = books.clients
        self.documents = Layout(plan.lengths(plan.DOCUMENTS), clients)
        self.organizers = Layout(plan.lengths(plan.ORGANIZERS), clients)
        self.proposals = Layout(plan.lengths(plan.PROPOSALS), clients)
        self.signatures = Layout(plan.SIGNATURES, clients)

    def document(self, row: int) -> Json:
        """A file as it stands in a list."""
        number, at = self.documents.locate(row)
        root, place = plan.DOCUMENTS[number % plan.BLOCK][at]
        dice = Dice(self._books.seed, _DOCUMENT, number, at)
        path, name, status = self._labels(number, root, place, dice)
        is_huge = number == plan.HUGE_CLIENT and name == "Ledger archive 2025.zip"
        by_client = root in {"client_uploaded", "organizer"}
        return {
            "id": make_id("documents", row),
            "account_id": make_id("accounts", number),
            "root": root,
            "path": path,
            "name": name,
            "size": plan.HUGE_BYTES if is_huge else dice.between(6_000, 240_000),
            "uploaded_at": instant(plan.AS_OF_S - dice.between(1, 400 * DAY_S)),
            "uploaded_by": self._client_name(number) if by_client else _staff_name(number),
            "access": ACCESS[root],
            "status": status,
        }

    def organizer(self, row: int) -> Json:
        """An organizer without its answers."""
        number, place = self.organizers.locate(row)
        status = plan.ORGANIZERS[number % plan.BLOCK][place]
        is_done = status in {"submitted", "sealed"}
        submitted_s = plan.AS_OF_S - Dice(self._books.seed, _ORGANIZER, number, place).between(5, 150) * DAY_S
        return {
            "id": make_id("organizers", row),
            "account_id": make_id("accounts", number),
            "title": f"{self._books.shape(number).filing_type} tax organizer {2025 - place}",
            "status": status,
            "submitted_at": instant(submitted_s) if is_done else None,
        }

    def answers(self, row: int) -> list[Json]:
        """The answers of a seeded organizer, question by question."""
        number, place = self.organizers.locate(row)
        status = plan.ORGANIZERS[number % plan.BLOCK][place]
        files = self._organizer_files(number, place)
        dice = Dice(self._books.seed, _ANSWER, number, place)
        answers: list[Json] = []
        for at, question in enumerate(QUESTIONS[self._books.shape(number).filing_type.lower()]):
            is_answered = status in {"submitted", "sealed"} or (status == "in_progress" and at < 6)
            is_file = question.type == "file"
            answers.append({
                "question_key": question.key,
                "section": question.section,
                "type": question.type,
                "value": dice.pick(question.answers) if is_answered and not is_file else None,
                "files": [files.pop(0)] if is_answered and is_file and files else [],
            })  # fmt: skip
        return answers

    def proposal(self, row: int) -> Json:
        """A proposal or engagement letter."""
        number, place = self.proposals.locate(row)
        status = plan.PROPOSALS[number % plan.BLOCK][place]
        asked_s, signers = self._signers(number, place, status)
        return {
            "id": make_id("proposals", row),
            "account_id": make_id("accounts", number),
            "status": status,
            "accepted_at": instant(asked_s + 3 * DAY_S) if status == "signed" else None,
            "signers": [{name: signer[name] for name in ("name", "signed_at", "ip")} for signer in signers],
            "document_id": self._shared_id(number, place),
        }

    def signature(self, row: int) -> Json:
        """A request to sign a document, with all that happened to it, oldest first."""
        number, place = self.signatures.locate(row)
        letters = plan.PROPOSALS[number % plan.BLOCK]
        is_letter = place < len(letters)
        status = letters[place] if is_letter else str(plan.FORMS[number % plan.BLOCK])
        asked_s, signers = self._signers(number, place, status)
        is_signed = status == "signed"
        return {
            "id": make_id("signatures", row),
            "account_id": make_id("accounts", number),
            "document_id": self._shared_id(number, place),
            "proposal_id": make_id("proposals", self.proposals.rows_of(number)[place]) if is_letter else None,
            "status": status,
            "requested_at": instant(asked_s),
            "completed_at": instant(asked_s + 3 * DAY_S) if is_signed else None,
            "signers": signers,
            "audit_trail": _trail(asked_s, signers, status, _staff_name(0)),
        }

    def _labels(self, number: int, root: str, place: int, dice: Dice) -> tuple[str, str, str | None]:
        """Folder path, name and status of a document."""
        kind = number % plan.BLOCK
        if root == "client_uploaded":
            name = dice.pick(_UPLOADED)
            stem, _, ending = name.rpartition(".")
            status = dice.pick((None, None, "pending_approval", "approved"))
            return dice.pick(_UPLOAD_PATHS), f"{stem} {place + 1}.{ending}", status
        if root == "organizer":
            return "/Organizer attachments", f"{place + 1} {_FILE_NAMES[place % 2]}", None
        if root == "private":
            return "/Workpapers", "Review notes.pdf", None
        letters = plan.PROPOSALS[kind]
        if place < len(letters):
            return "/Engagement", f"Engagement letter {2026 - place}.pdf", _PROPOSAL_STATUS[letters[place]]
        form = plan.FORMS[kind]
        if form is not None and place == len(letters):
            return "/2025/To sign", "Form 8879.pdf", _FORM_STATUS[form]
        if kind == plan.WIDE and place == len(letters) + 3:
            return "/Archive", "Ledger archive 2025.zip", None
        return "/2025/Returns", f"Tax return 2025 part {place}.pdf", dice.pick(_SHARED_STATUSES)

    def _organizer_files(self, number: int, place: int) -> list[Json]:
        kind = number % plan.BLOCK
        before = sum(plan.ORGANIZER_FILES[status] for status in plan.ORGANIZERS[kind][:place])
        count = plan.ORGANIZER_FILES[plan.ORGANIZERS[kind][place]]
        first = plan.DOCUMENTS[kind].index(("organizer", before)) if count else 0
        rows = self.documents.rows_of(number)[first : first + count]
        return [{name: document[name] for name in ("id", "name", "size")} for document in map(self.document, rows)]

    def _shared_id(self, number: int, place: int) -> str:
        at = plan.DOCUMENTS[number % plan.BLOCK].index(("firm_shared", place))
        return make_id("documents", self.documents.rows_of(number)[at])

    def _signers(self, number: int, place: int, status: str) -> tuple[int, list[Json]]:
        """When signatures were asked for, and who signed: of a partially signed one the client alone."""
        dice = Dice(self._books.seed, _SIGNATURE, number, place)
        asked_s = plan.AS_OF_S - dice.between(10, 300) * DAY_S
        names = [self._client_name(number), _staff_name(number)]
        signed = {"signed": 2, "partially_signed": 1}.get(status, 0)
        return asked_s, [
            {
                "name": name,
                "signed_at": instant(asked_s + (1 + 2 * at) * DAY_S) if at < signed else None,
                "ip": f"203.0.113.{dice.between(1, 254)}" if at < signed else None,
            }
            for at, name in enumerate(names)
        ]

    def _client_name(self, number: int) -> str:
        parent = self._books.parent(number)
        somebody = person(self._books, number if parent is None else parent, 0)
        return f"{somebody.given} {somebody.family}"


def _staff_name(number: int) -> str:
    staff = STAFF[number % len(STAFF)]
    return f"{staff.given} {staff.family}"


def _trail(asked_s: int, signers: list[Json], status: str, requester: str) -> list[Json]:
    trail = [_event("requested", asked_s, requester, None)]
    for signer in signers:
        if signer["signed_at"] is not None:
            trail += [
                {**_event("viewed", asked_s, signer["name"], signer["ip"]), "at": signer["signed_at"]},
                {**_event("signed", asked_s, signer["name"], signer["ip"]), "at": signer["signed_at"]},
            ]
    if status == "signed":
        trail.append(_event("completed", asked_s + 3 * DAY_S, "TaxDome", None))
    if status == "declined":
        trail += [
            _event("viewed", asked_s + DAY_S, signers[0]["name"], "203.0.113.7"),
            _event("declined", asked_s + DAY_S + 60, signers[0]["name"], "203.0.113.7"),
        ]
    return trail


def _event(event: str, at_s: int, actor: str, ip: str | None) -> Json:
    return {"event": event, "at": instant(at_s), "actor": actor, "ip": ip}
