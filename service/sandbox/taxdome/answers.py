"""The answers to organizers: seeded ones, and over them those that were written as a draft (assumed)."""

from service.sandbox.http import Json
from service.sandbox.table import Table
from service.sandbox.taxdome import wishes
from service.sandbox.taxdome.errors import RefusalError, invalid
from service.sandbox.taxdome.papers import QUESTIONS, Papers
from service.sandbox.taxdome.shelf import Shelf
from service.sandbox.taxdome.wishes import understood


class Answers:
    """What is answered, organizer by organizer."""

    def __init__(self, papers: Papers, organizers: Shelf, accounts: Table) -> None:
        self._papers = papers
        self._organizers = organizers
        self._accounts = accounts
        self._written: dict[int, dict[str, object]] = {}

    def reset(self) -> None:
        """Forgets what was written."""
        self._written.clear()

    def rows(self, account: int, row_id: str) -> list[Json]:
        """The answers of one organizer, in the order of its questions."""
        return self._rows(account, self._organizers.find(account, row_id))

    def change(self, account: int, row_id: str, body: Json) -> None:
        """Saves answers as a draft; the organizer is in progress from then on."""
        position = self._organizers.find(account, row_id)
        row = self._organizers.row(position)
        if row["status"] in {"submitted", "sealed"}:
            raise RefusalError("organizer_sealed", f"The organizer is {row['status']}.")
        known = {answer["question_key"]: answer["type"] for answer in self._rows(account, position)}
        wish = understood(body, wishes.AnswersWish, "answers")
        for answer in wish["answers"]:
            if known.get(answer["question_key"], "file") == "file":
                raise invalid("question_key", f"{answer['question_key']} cannot be answered in words")
        written = {answer["question_key"]: answer.get("value") for answer in wish["answers"]}
        self._written[position] = self._written.get(position, {}) | written
        self._organizers.put(position, {**row, "status": "in_progress"})

    def _rows(self, account: int, position: int) -> list[Json]:
        written = self._written.get(position, {})
        return [
            {**answer, "value": written[answer["question_key"]]} if answer["question_key"] in written else answer
            for answer in self._asked(account, position)
        ]

    def _asked(self, account: int, position: int) -> list[Json]:
        if position < self._organizers.seeded:
            return self._papers.answers(position)
        questions = QUESTIONS[self._accounts[account]["type"]]
        return [
            {"question_key": each.key, "section": each.section, "type": each.type, "value": None, "files": []}
            for each in questions
        ]
