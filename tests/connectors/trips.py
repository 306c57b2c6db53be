"""What a round trip is: something is made, read, changed and read again, and all four agree, whatever was said."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import count
from typing import Any, Final, Protocol, TypeVar

from hypothesis import strategies as st
from msgspec import UNSET, Struct
from msgspec.structs import replace

from service.connectors.sdk.connector import Connector
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.common import Money

T = TypeVar("T")
Drawn = st.SearchStrategy[Any]

words: Final = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip)
days: Final = st.dates(date(2000, 1, 1), date(2090, 12, 31))
cents: Final = st.integers(1, 10**9).map(lambda minor: Money(minor, "USD"))
digits: Final = st.integers(1000, 9999).map(lambda last: f"(555) 555-{last}")
addresses: Final = st.integers(1, 9999).map(lambda number: f"una{number}@ohara.example")
_FOLLOWS: Final = frozenset({"updated_at", "version"})
_NUMBERS: Final = count(1)


class World(Protocol):
    """One account at a sandbox vendor."""

    @property
    def connector(self) -> Connector: ...
    @property
    def book(self) -> Book: ...
    def run(self, flow: Flow[T]) -> T: ...
    def every(self, resource: str) -> list[Any]: ...


_LISTED: Final[dict[tuple[str, str], list[Any]]] = {}


def listed(world: World, noun: str) -> list[Any]:
    """What there was of a noun when it was first asked for: enough to refer to."""
    key = (f"{world.connector.slug}:{world.book.account}", noun)
    if key not in _LISTED:
        _LISTED[key] = world.every(noun)
    return _LISTED[key]


class Trip(Struct, frozen=True, kw_only=True):
    """How a noun is written at one vendor: whatever these draw, the vendor can hold."""

    creates: Callable[[World], Drawn] | None = None
    """None where records are not created, but uploaded or come from elsewhere."""
    finds: Callable[[Any], bool] = lambda record: True
    """Which of those there are can be changed, where none is created."""
    updates: Callable[[World, Any], Drawn]
    """For a record that is there."""
    named: str | None = None
    """The field that no two records may have alike: it gets a number."""
    told: frozenset[str] = frozenset()
    """Fields that are said in another way than they are shown."""
    follows: frozenset[str] = frozenset()
    """Fields that move because others do."""
    holds: Callable[[Any, Any], bool] = lambda record, said: True
    """Whether a record shows what `told` fields said."""


def maybe(strategy: Drawn) -> Drawn:
    return st.just(UNSET) | strategy


def or_null(strategy: Drawn) -> Drawn:
    return st.just(UNSET) | st.none() | strategy


def said(new: Struct) -> Mapping[str, Any]:
    return {name: value for name in new.__struct_fields__ if (value := getattr(new, name)) is not UNSET}


def travel(world: World, noun: str, trip: Trip, data: st.DataObject) -> None:
    """Makes, reads, changes and reads again. Fails where any two of them disagree."""
    number = next(_NUMBERS)
    made = _made(world, noun, trip, data, number)
    change = _numbered(data.draw(trip.updates(world, made)), trip.named, number)
    update = world.connector.bindings()[noun].update
    assert update is not None
    changed = world.run(update(made.remote_id, change, None, f"u-{number}", world.book))
    _agree(world, noun, trip, changed, change)

    moved = {name for name in made.__struct_fields__ if getattr(made, name) != getattr(changed, name)}
    assert moved <= {*said(change), *trip.follows, *_FOLLOWS}


def _made(world: World, noun: str, trip: Trip, data: st.DataObject, number: int) -> Any:
    binding = world.connector.bindings()[noun]
    if trip.creates is None:
        assert binding.get is not None
        found = next(record for record in listed(world, noun) if trip.finds(record))
        return world.run(binding.get(found.remote_id, world.book))
    assert binding.create is not None
    new = _numbered(data.draw(trip.creates(world)), trip.named, number)
    made = world.run(binding.create(new, f"c-{number}", world.book))
    _agree(world, noun, trip, made, new)
    return made


def _agree(world: World, noun: str, trip: Trip, record: Any, new: Struct) -> None:
    """The record is what was said, and what the vendor shows of it."""
    for name, value in said(new).items():
        if name not in trip.told:
            assert getattr(record, name) == value, name
    assert trip.holds(record, new)
    get = world.connector.bindings()[noun].get
    assert get is not None
    assert world.run(get(record.remote_id, world.book)) == record


def _numbered(new: Any, named: str | None, number: int) -> Any:
    value = getattr(new, named, UNSET) if named is not None else UNSET
    return new if named is None or not isinstance(value, str) else replace(new, **{named: f"{value} {number}"})
