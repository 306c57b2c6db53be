"""The rows of one entity at one vendor: computed ones, and over them the ones that calls have written."""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache

from service.sandbox.http import Json

_KEPT_SELECTIONS = 16
_KEPT_ROWS = 256


class Table:
    """Rows by position: first the seeded ones, then created ones in the order they were created.

    A deleted row keeps its position and is None. Selections (which positions a filter leaves, in which order) are kept
    until the next write, four bytes a row, so paging through a filtered list looks at every row once, not once a page.
    """

    def __init__(
        self,
        *,
        seeded: int,
        row: Callable[[int], Json],
        updated_s: Callable[[int], int],
        id_of: Callable[[int], str],
        position_of: Callable[[str], int],
    ) -> None:
        self.seeded = seeded
        self._row = lru_cache(_KEPT_ROWS)(row)  # the rows of one usual page; nobody may change a row in place
        self._updated_s = updated_s
        self._id_of = id_of
        self._position_of = position_of
        self.reset()

    def reset(self) -> None:
        """Back to the seed."""
        self._written: dict[int, Json | None] = {}
        self._stamps: dict[int, int] = {}
        self._positions: dict[str, int] = {}
        self._selections: OrderedDict[object, Sequence[int]] = OrderedDict()
        self.size = self.seeded

    def __getitem__(self, position: int) -> Json:
        """The row at a position; KeyError when it was deleted."""
        if position in self._written:
            row = self._written[position]
            if row is None:
                raise KeyError(position)
            return row
        return self._row(position)

    def id_at(self, position: int) -> str:
        """The id of a position, also of a deleted one."""
        return self._id_of(position)

    def updated_s(self, position: int) -> int:
        """When a row last changed, in seconds since 1970, without building the row."""
        stamp = self._stamps.get(position)
        return self._updated_s(position) if stamp is None else stamp

    def is_written(self, position: int) -> bool:
        """Whether a call has created, changed or deleted the row."""
        return position in self._written

    def is_live(self, position: int) -> bool:
        """Whether the row still exists."""
        return self._written.get(position, True) is not None

    def find(self, row_id: str) -> int | None:
        """The position of a live row."""
        position = self._position_of(row_id)
        return position if 0 <= position < self.size and self.is_live(position) else None

    def get(self, row_id: str) -> Json | None:
        """A live row by its id."""
        position = self.find(row_id)
        return None if position is None else self[position]

    def add(self, row: Json, at_s: int) -> int:
        """Keeps a new row; its id must be `next_id()`."""
        position = self.size
        self.size += 1
        self.put(position, row, at_s)
        return position

    def next_id(self) -> str:
        """The id the next new row gets."""
        return self._id_of(self.size)

    def put(self, position: int, row: Json | None, at_s: int) -> None:
        """Keeps a changed row; None deletes it."""
        self._written[position] = row
        self._stamps[position] = at_s
        self._selections.clear()

    def amend(self, position: int, row: Json) -> None:
        """Keeps a row in which only a derived value moved, such as a balance: it does not count as changed."""
        self.put(position, row, self.updated_s(position))

    def changed_since(self, at_s: float) -> list[int]:
        """The positions changed at or after an instant, oldest change first; deleted rows among them."""
        changed = (position for position in range(self.size) if self.updated_s(position) >= at_s)
        return sorted(changed, key=self.updated_s)

    def select(self, name: object, matches: Callable[[int], bool] | None, key: Callable[[int], object] | None = None,
               reverse: bool = False) -> Sequence[int]:  # fmt: skip
        """The live positions that match, in order; `name` identifies filter and order together."""
        if matches is None and key is None and not self._written:
            return range(self.size)
        found = self._selections.get(name)
        if found is None:
            found = self._scan(matches, key, reverse)
            self._selections[name] = found
            if len(self._selections) > _KEPT_SELECTIONS:
                self._selections.popitem(last=False)
        self._selections.move_to_end(name)
        return found

    def _scan(
        self, matches: Callable[[int], bool] | None, key: Callable[[int], object] | None, reverse: bool
    ) -> Sequence[int]:
        live = (position for position in range(self.size) if self.is_live(position))
        chosen = live if matches is None else (position for position in live if matches(position))
        if key is None:
            return array("I", chosen)
        return array("I", sorted(chosen, key=key, reverse=reverse))  # type: ignore[arg-type]


def after(selection: Sequence[int], position: int) -> int:
    """Where in an ascending selection the rows behind a position begin."""
    return bisect_right(selection, position)
