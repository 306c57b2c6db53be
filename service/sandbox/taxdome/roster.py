"""Accounts and contacts: an account has no e-mail, contacts have, and one contact may stand by several accounts."""

from service.sandbox.books import Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import person
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.wire import make_id

_MIDDLE = 50
_USUAL_TAGS = ("vip", "monthly")


class Roster:
    """Builds accounts and contacts from the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.contacts = Layout(plan.CONTACTS, books.clients)

    def account(self, number: int) -> Json:
        """An account: one of the firm's clients."""
        client = self._books.client(number)
        standing = [] if client.shape.status == "Active" else [client.shape.status.lower()]
        return {
            "id": make_id("accounts", number),
            "name": client.name,
            "type": client.shape.filing_type.lower(),
            "tags": [*_USUAL_TAGS[: number % 3], *standing],
            "contact_ids": [make_id("contacts", row) for row in self.contacts_of(number)],
            "linked": True,
        }

    def contacts_of(self, number: int) -> list[int]:
        """The seeded contacts of an account; subsidiaries share the first one of their parent."""
        if number >= self._books.clients:
            return []
        parent = self._books.parent(number)
        shared = [] if parent is None else [self.contacts.rows_of(parent)[0]]
        return [*self.contacts.rows_of(number), *shared]

    def contact(self, row: int) -> Json:
        """A contact."""
        number, place = self.contacts.locate(row)
        somebody = person(self._books, number, place)
        middle = "ABCDEFGHJKLMNPRSTW"[Dice(self._books.seed, _MIDDLE, row).roll(18)] if row % 2 else None
        numbers = [number, *(plan.subsidiaries(number, self._books.clients) if place == 0 else ())]
        return {
            "id": make_id("contacts", row),
            "name": f"{somebody.given} {somebody.family}",
            "first_name": somebody.given,
            "middle_name": middle,
            "last_name": somebody.family,
            "email": somebody.email,
            "phone": somebody.phone,
            "account_ids": [make_id("accounts", number) for number in numbers],
            "portal_access": place == 0 and somebody.email is not None,
        }
