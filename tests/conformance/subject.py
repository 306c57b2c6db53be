"""What the kit has to be told of a vendor, because no binding says it. All of it is data and one-line functions."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from service.connectors.sdk.connector import Connector
from service.connectors.sdk.faults import VendorFault
from service.connectors.sdk.signatures import Signature

Row: TypeAlias = dict[str, Any]
"""A record by the vendor's names, as JSON."""


class Word(Struct, frozen=True):
    """A word of a closed set: where the vendor writes it, and where the unified record shows it."""

    field: str
    shown: Callable[[Any], object]
    native: Callable[[Any], object] | None = None


class Instant(Struct, frozen=True):
    """An instant. A `day` is made of it by UTC."""

    write: Callable[[Row, str], None]
    shown: Callable[[Any], datetime | date | None]
    day: bool = False
    assumed_utc: bool = False
    """One without an offset is taken to be in UTC."""


class Day(Struct, frozen=True):
    """A calendar day, which no time zone may move."""

    field: str
    shown: Callable[[Any], object]


class Amount(Struct, frozen=True):
    """How the vendor writes money; `write` sets every amount of the record to one number in one currency."""

    write: Callable[[Row, object, str], None]
    shown: Callable[[Any], object]
    unit: Literal["decimal", "cents", "dollars", "dollar cents"]
    """The last two: the account's own currency, which the record does not name."""
    finer_is_left_out: bool = False
    """What is finer than the currency is a price and no amount: the record leaves it out and says so."""


class Asked(Struct, frozen=True):
    """A filter: the value that some record would be asked for with, and which records it must leave."""

    of: Callable[[Any], str | None]
    keeps: Callable[[Any, str], bool]


class Facts(Struct, frozen=True, kw_only=True):
    """One resource of a vendor. What is left out is skipped with the reason in `lacks`, never silently."""

    id_field: str
    """What holds the remote id, or the last part of one that has several."""
    words: tuple[Word, ...] = ()
    instants: tuple[Instant, ...] = ()
    days: tuple[Day, ...] = ()
    amount: Amount | None = None
    filters: Mapping[str, Asked] = {}
    uniform: frozenset[str] = frozenset()
    """Filters that all the sandbox's records pass or none does."""
    creates: Callable[[list[Any], int], Any] | None = None
    """A new record, from the clients there are and a number that makes it unlike others."""
    implied: frozenset[str] = frozenset()
    """What a create may say and need not, because the vendor has nothing else."""
    changes: Any = None
    """What an update sends."""
    changed: Callable[[Any], bool] = bool
    """Whether a record shows that change."""
    changeable: Callable[[Any], bool] = lambda _: True
    """Which of the records there are can be changed so, where none can be created."""
    also_moves: frozenset[str] = frozenset()
    """Fields that follow from what is changed."""
    sometimes: frozenset[str] = frozenset()
    """Unified fields that some of the records leave out, each naming them as unsupported."""
    parts: str = ""
    """Why a list of this comes in several parts, so that no page holds all there is."""
    path: str = ""
    """A shell pattern over the path of the calls that the list's rows come from, where it makes others too."""
    before: int = 0
    """How many calls a list makes before the first of those."""
    some_id: str = "1"
    """What could be the remote id of a record."""
    only_compared: frozenset[str] = frozenset()
    """Wire fields that are read for a decision and have no place of their own, nor need one."""
    lacks: Mapping[str, str] = {}
    """By check: why this resource cannot be put to it."""


class Subject(Struct, frozen=True, kw_only=True):
    """One vendor."""

    connector: Connector
    resources: Mapping[str, Facts]
    not_yet: Mapping[str, str] = {}
    """Bindings that the kit cannot be told of yet, and why."""
    login: str | None = None
    """Who is signed in at the sandbox, where it has several logins."""
    unlimited: tuple[str, ...]
    """The sandbox's limits that are lifted."""
    beside_rows: Mapping[str, object] = {}
    """What an empty page has besides its rows."""
    cursor: str | None = None
    """The field of a page that holds the next cursor, as a dotted path."""
    fault_in_200: type[VendorFault]
    signature: Signature | None = None
    lacks: Mapping[str, str] = {}
    """By check: why this vendor cannot be put to it."""
