"""The rows of one kind of record: seeded ones computed from the books, later ones kept."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from service.sandbox.dice import Layout
from service.sandbox.http import Json
from service.sandbox.sodium.errors import missing
from service.sandbox.table import Table

Build: TypeAlias = Callable[[int], Json]
Stamp: TypeAlias = Callable[[int], int]
_FIRST = 100_001


class Rows:
    """A table with codes of its own, whose rows may each belong to a client.

    `build` gives the seeded row at a position. With a `layout` seeded rows hang on clients as it says; rows added later
    hang on the client they were added to.
    """

    def __init__(self, what: str, prefix: str, build: Build, updated_s: Stamp, *, seeded: int | Layout) -> None:
        self.what = what
        self._prefix = prefix
        self._layout = seeded if isinstance(seeded, Layout) else None
        size = seeded.size if isinstance(seeded, Layout) else seeded
        self.table = Table(
            seeded=size, row=build, updated_s=updated_s, id_of=self.code_at, position_of=self._position_of
        )
        self._owners: dict[int, int] = {}
        self._added: dict[int, list[int]] = {}

    def reset(self) -> None:
        """Back to the seed."""
        self.table.reset()
        self._owners.clear()
        self._added.clear()

    def code_at(self, position: int) -> str:
        """The code of a position."""
        return f"{self._prefix}{_FIRST + position}"

    def owner(self, position: int) -> int:
        """The position of the client a row belongs to; KeyError for a row of none."""
        if self._layout is not None and position < self.table.seeded:
            return self._layout.locate(position)[0]
        return self._owners[position]

    def place(self, position: int) -> tuple[int, int]:
        """The client a seeded row belongs to, and which of the client's rows it is."""
        assert self._layout is not None
        return self._layout.locate(position)

    def of_client(self, client: int) -> list[int]:
        """The live rows of a client, oldest first."""
        seeded = self._layout.rows_of(client) if self._layout is not None and client < self._clients else ()
        return [position for position in (*seeded, *self._added.get(client, ())) if self.table.is_live(position)]

    @property
    def _clients(self) -> int:
        """How many seeded clients the layout covers."""
        return 0 if self._layout is None else self._layout.clients

    def all(self) -> Sequence[int]:
        """All live rows."""
        return self.table.select("all", None)

    def position(self, code: str, client: int | None = None) -> int:
        """Where a live row is; RefusalError 404 also when it belongs to another client than the one named."""
        position = self.table.find(code)
        if position is None or (client is not None and self.owner(position) != client):
            raise missing(self.what)
        return position

    def get(self, code: str, client: int | None = None) -> Json:
        """A live row."""
        return self.table[self.position(code, client)]

    def add(self, row: Json, at_s: float, client: int | None = None) -> Json:
        """Keeps a new row under the next code."""
        row = {"code": self.table.next_id(), **row}
        position = self.table.add(row, int(at_s))
        if client is not None:
            self._owners[position] = client
            self._added.setdefault(client, []).append(position)
        return row

    def put(self, position: int, row: Json | None, at_s: float) -> None:
        """Keeps a changed row; None deletes it."""
        self.table.put(position, row, int(at_s))

    def _position_of(self, code: str) -> int:
        digits = code.removeprefix(self._prefix)
        if digits == code or not (digits.isascii() and digits.isdigit()) or len(digits) > 12:
            return -1
        position = int(digits) - _FIRST
        return position if self.code_at(position) == code else -1
