"""Which names and document numbers are taken, without a list of all of them."""

from array import array
from bisect import bisect_left
from zlib import crc32

from service.sandbox.books import Books
from service.sandbox.http import Json
from service.sandbox.people import STAFF
from service.sandbox.quickbooks.records import Records

_EMPLOYEES = frozenset(f"{person.given} {person.family}".casefold() for person in STAFF)


class Names:
    """Display names and document numbers. Seeded names are kept as sorted checksums, made when first asked for."""

    def __init__(self, books: Books, records: Records) -> None:
        self._books = books
        self._records = records
        self._seeded: array[int] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the seed."""
        self._written: dict[str, int] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._next = 900_001

    def is_taken(self, name: str) -> bool:
        """Whether a customer or an employee has the display name; upper and lower case are one."""
        folded = name.casefold()
        count = self._written.get(folded, 0)
        return count > 0 or (count == 0 and (folded in _EMPLOYEES or self._is_seeded(folded)))

    def is_number_taken(self, entity: str, number: str) -> bool:
        """Whether a document of this sort carries the number."""
        if self._numbers.get((entity, number)):
            return True
        return entity == "Invoice" and self._records.position_of_document(number) is not None

    def next_number(self, entity: str) -> str:
        """A number nobody has."""
        while self.is_number_taken(entity, str(self._next)):
            self._next += 1
        self._next += 1
        return str(self._next - 1)

    def keep(self, entity: str, row: Json, old: Json | None) -> None:
        """Notes the names of a row that was written."""
        if entity in {"Customer", "Employee"}:
            if old is not None and old["DisplayName"] != row["DisplayName"]:
                self._written[old["DisplayName"].casefold()] = -1
            self._written[row["DisplayName"].casefold()] = 1
        elif "DocNumber" in row:
            self._numbers[entity, row["DocNumber"]] = 1

    def _is_seeded(self, folded: str) -> bool:
        if self._seeded is None:
            books = self._books
            self._seeded = array("I", sorted(_sum(books.name(row).casefold()) for row in range(books.clients)))
        wanted = _sum(folded)
        at = bisect_left(self._seeded, wanted)
        if at == len(self._seeded) or self._seeded[at] != wanted:
            return False
        # Checksums may collide: a hit is looked at properly.
        return any(self._books.name(row).casefold() == folded for row in range(self._books.clients))


def _sum(text: str) -> int:
    return crc32(text.encode())
