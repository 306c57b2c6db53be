"""Writing accounts and contacts (assumed after the integrations that exist), both ends of their links at once."""

from service.sandbox.http import Json
from service.sandbox.table import Table
from service.sandbox.taxdome import wishes
from service.sandbox.taxdome.errors import invalid, missing
from service.sandbox.taxdome.wishes import understood


class Enrolment:
    """Writes one of two nouns that name each other."""

    def __init__(self, noun: str, tables: dict[str, Table]) -> None:
        is_account = noun == "accounts"
        self._noun = noun
        self._other = "contacts" if is_account else "accounts"
        self._ties, self._back = ("contact_ids", "account_ids") if is_account else ("account_ids", "contact_ids")
        self._wish = wishes.AccountWish if is_account else wishes.ContactWish
        self._blank: Json = _BLANK_ACCOUNT if is_account else _BLANK_CONTACT
        self._table = tables[noun]
        self._others = tables[self._other]

    def create(self, body: Json) -> Json:
        """A new row."""
        wish = understood(body, self._wish, "name")
        row: Json = {"id": self._table.next_id(), **self._blank, **wish}
        self._tie(row, [])
        self._table.add(row, 0)
        return row

    def change(self, row_id: str, body: Json) -> Json:
        """A changed row; what the body does not name stays."""
        position = self._table.find(row_id)
        if position is None:
            raise missing(self._noun)
        old = self._table[position]
        row: Json = {**old, **understood(body, self._wish)}
        self._tie(row, old[self._ties])
        self._table.put(position, row, 0)
        return row

    def _tie(self, row: Json, before: list[str]) -> None:
        after = row[self._ties]
        for other_id in after:
            if self._others.find(other_id) is None:
                raise invalid(self._ties, f"{other_id} is not among {self._other}")
        for other_id in {*before} ^ {*after}:
            position = self._others.find(other_id)
            if position is not None:
                other = self._others[position]
                kept = [each for each in other[self._back] if each != row["id"]]
                added = [row["id"]] if other_id in after else []
                self._others.put(position, {**other, self._back: kept + added}, 0)


_BLANK_ACCOUNT: Json = {"name": None, "type": "individual", "tags": [], "contact_ids": [], "linked": True}
_BLANK_CONTACT: Json = {
    "name": None,
    "first_name": None,
    "middle_name": None,
    "last_name": None,
    "email": None,
    "phone": None,
    "account_ids": [],
    "portal_access": False,
}
