"""The rows of one noun by account, and pages of them."""

from collections.abc import Callable, Sequence

from service.sandbox.dice import Layout
from service.sandbox.http import Json, Request
from service.sandbox.table import Table
from service.sandbox.taxdome.errors import RefusalError, invalid, missing
from service.sandbox.taxdome.wire import make_id, position_of

DEFAULT_PER_PAGE = 50
MAX_PER_PAGE = 100


class Shelf:
    """Rows of one noun. An account sees its own alone: another account's row is as good as missing."""

    def __init__(self, noun: str, layout: Layout, clients: int, build: Callable[[int], Json]) -> None:
        self.noun = noun
        self._layout = layout
        self._clients = clients
        self._table = table_of(noun, layout.size, build)
        self.reset()

    def reset(self) -> None:
        """Back to the seed."""
        self._table.reset()
        self._added: dict[int, list[int]] = {}
        self._owners: dict[int, int] = {}

    @property
    def seeded(self) -> int:
        """How many rows the seed has."""
        return self._table.seeded

    def positions(self, account: int) -> list[int]:
        """Where an account's rows are, oldest first."""
        seeded: Sequence[int] = self._layout.rows_of(account) if account < self._clients else ()
        return [at for at in (*seeded, *self._added.get(account, ())) if self._table.is_live(at)]

    def find(self, account: int, row_id: str) -> int:
        """The position of a row; RefusalError when the account has none such."""
        position = self._table.find(row_id)
        if position is None or self.owner(position) != account:
            raise missing(self.noun)
        return position

    def owner(self, position: int) -> int:
        """The account a row belongs to."""
        return self._layout.locate(position)[0] if position < self.seeded else self._owners[position]

    def row(self, position: int) -> Json:
        """The row at a position."""
        return self._table[position]

    def get(self, account: int, row_id: str) -> Json:
        """A row by its id."""
        return self._table[self.find(account, row_id)]

    def anywhere(self, row_id: str) -> Json | None:
        """A row of whatever account."""
        return self._table.get(row_id)

    def next_id(self) -> str:
        """The id the next new row gets."""
        return self._table.next_id()

    def add(self, account: int, row: Json) -> int:
        """Keeps a new row."""
        position = self._table.add(row, 0)
        self._owners[position] = account
        self._added.setdefault(account, []).append(position)
        return position

    def put(self, position: int, row: Json | None) -> None:
        """Keeps a changed row; None deletes it."""
        self._table.put(position, row, 0)


def table_of(noun: str, seeded: int, build: Callable[[int], Json]) -> Table:
    """A table of one noun; TaxDome tells nobody when a row changed."""
    return Table(
        seeded=seeded,
        row=build,
        updated_s=lambda _: 0,
        id_of=lambda position: make_id(noun, position),
        position_of=lambda row_id: position_of(noun, row_id),
    )


def page(request: Request, count: int, row_at: Callable[[int], Json], known: tuple[str, ...] = ()) -> Json:
    """`{items, next_page}` of a list of `count` rows: pages are counted from 1, the last has no next."""
    for name in request.query:
        if name not in {"page", "per_page", *known}:
            raise RefusalError("bad_request", f"There is no parameter {name}.")
    number = _whole(request, "page", 1, 10**9)
    size = _whole(request, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE)
    first = (number - 1) * size
    last = min(first + size, count)
    return {"items": [row_at(at) for at in range(first, last)], "next_page": number + 1 if last < count else None}


def newest_first(rows: Sequence[int], row_at: Callable[[int], Json]) -> Callable[[int], Json]:
    """Gives rows from the end of a list of positions."""
    return lambda at: row_at(rows[len(rows) - 1 - at])


def _whole(request: Request, name: str, usual: int, most: int) -> int:
    text = request.query.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= most):
        raise invalid(name, f"must be a whole number from 1 to {most}")
    return int(text)
