"""`POST /batch` as it is: what its items ask for, and what became of them.

QuickBooks carries items out in their order, none sees what another did, and each may carry a Fault of its own under
HTTP 200. A name list is never deleted and a file never comes by batch, as everywhere here.

Sources, read 2026-11-20: https://developer.intuit.com/hub/blog/2017/07/27/batch-operations-important,
https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles (30 items, 40 calls a minute),
https://blogs.intuit.com/2015/04/06/15346/ (`requestid` and `bId`).
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from service.connectors.quickbooks.calls import batch_requestid
from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.passthrough import Bundle, Done, Part, PartPort
from service.connectors.sdk.references import invalid

T = TypeVar("T")

MOST_ITEMS: Final = 30
_LONGEST_BID: Final = 10
_ITEMS: Final = "/BatchItemRequest"

_NOUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "Customer": ("clients",),
    "Invoice": ("invoices",),
    "Payment": ("payments",),
    "CreditMemo": ("credits",),
    "Item": ("service_items", "tracking"),  # a category is an item too, and an update need not say which it is
    "Class": ("tracking",),
    "Department": ("tracking",),
    "Employee": ("users",),
    "TimeActivity": ("time_entries",),
    "Attachable": ("documents",),
}
"""What can be written, and the unified resources that it would be written by alone."""
_OPERATIONS: Final[Mapping[str, PartPort]] = {"create": "create", "update": "update", "delete": "delete"}
_OPTIONS: Final = ("allowduplicatedocnum", "void")
"""The `include` of a single write, assumed to be the same in an item."""
_DIMENSIONS: Final = {"Class": "class", "Department": "location", "Item": "category"}
"""Of the ids of tracking values."""


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch, its items' values not looked into."""

    BatchItemRequest: list[dict[str, Raw]]


class _Row(Struct, frozen=True):
    """Of a record, what it is and which."""

    Id: str | UnsetType = UNSET
    Type: str | None = None


class _Answer(Struct, frozen=True):
    BatchItemResponse: tuple[dict[str, Raw], ...] = ()


def bundle(readable: frozenset[str]) -> Bundle:
    """How a batch is taken apart. `readable` are the entities, besides the nouns', that may be asked for."""
    entities = readable | _NOUNS.keys()

    def parts(batch: Batch) -> tuple[Part, ...]:
        items = batch.BatchItemRequest
        if not 1 <= len(items) <= MOST_ITEMS:
            raise invalid(_ITEMS, "length", f"1 to {MOST_ITEMS} items.")
        taken: set[str] = set()
        for place, item in enumerate(items):
            _name(item, f"{_ITEMS}/{place}", taken)
        return tuple(_part(item, f"{_ITEMS}/{place}", entities) for place, item in enumerate(items))

    return Bundle(body=Batch, parts=parts, once=batch_requestid, done=_done, counts_as="batch")


def _name(item: Mapping[str, Raw], at: str, taken: set[str]) -> None:
    """Refuses a `bId` that answers and repeats could not be told apart by."""
    name = _read(item["bId"], str, f"{at}/bId") if "bId" in item else ""
    if not 1 <= len(name) <= _LONGEST_BID:
        raise invalid(f"{at}/bId", "length", f"Each item has a `bId` of 1 to {_LONGEST_BID} characters.")
    if name in taken:
        raise invalid(f"{at}/bId", "repeated", "Each item has a `bId` of its own.")
    taken.add(name)


def _part(item: Mapping[str, Raw], at: str, readable: frozenset[str]) -> Part:
    """What an item asks for: a statement to read by, or one record to write. Anything else in it is refused."""
    said = set(item) - {"bId"}
    if "Query" in said:
        _refuse_others(said - {"Query"}, at)
        _refuse_unreadable(_read(item["Query"], str, f"{at}/Query"), f"{at}/Query", readable)
        return Part(at=at, port="read")
    written = said & _NOUNS.keys()
    _refuse_others(said - written - {"operation", "optionsData"}, at)
    if len(written) != 1:
        raise invalid(at, "choice", f"One `Query`, or one of {', '.join(_NOUNS)}.")
    entity = written.pop()
    port = _OPERATIONS.get(_read(item["operation"], str, f"{at}/operation") if "operation" in item else "")
    if port is None:
        raise invalid(f"{at}/operation", "choice", f"One of {', '.join(_OPERATIONS)}.")
    if "optionsData" in item and _read(item["optionsData"], str, f"{at}/optionsData") not in _OPTIONS:
        raise invalid(f"{at}/optionsData", "choice", f"One of {', '.join(_OPTIONS)}.")
    row = _read(item[entity], _Row, f"{at}/{entity}")
    if (row.Id is UNSET) is not (port == "create"):
        raise invalid(f"{at}/{entity}/Id", "mismatch", "A new record has no `Id`; any other is named by it.")
    return Part(at=at, port=port, nouns=_NOUNS[entity])


def _refuse_others(others: set[str], at: str) -> None:
    for name in sorted(others):
        where = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        raise invalid(where, "unsupported", "Nothing by this name can stand in an item here.")


_PIECE: Final = re.compile(r"'|\\.|\\|[^'\\]+", re.DOTALL)
_BLANKS: Final = re.compile(r"\s+", re.ASCII)
_COLUMNS: Final = re.compile(r"[\w.,()*]+", re.ASCII)
_ENTITY: Final = re.compile(r"\w+", re.ASCII)


def _entity_of(statement: str) -> str | None:
    """The entity that a single statement reads; None of anything else. A semicolon stands within a text only."""
    words = [word for word in _BLANKS.split(_without_texts(statement) or ";") if word]
    heads = [word.lower() for word in words]
    if heads[:1] != ["select"] or "from" not in heads or any(";" in word for word in words):
        return None
    at = heads.index("from")
    columns, entity = words[1:at], words[at + 1 : at + 2]
    if not columns or not all(map(_COLUMNS.fullmatch, columns)) or not all(map(_ENTITY.fullmatch, entity)):
        return None
    return next(iter(entity), None)


def _without_texts(statement: str) -> str | None:
    """The statement, its texts taken out of their quotes. None where one has no end, or an escape stands outside."""
    left: list[str] = []
    inside = False
    for piece in _PIECE.findall(statement):
        if piece == "'":
            inside = not inside
            left.append(piece)
        elif not inside:
            if "\\" in piece:
                return None
            left.append(piece)
    return None if inside else "".join(left)


def _refuse_unreadable(statement: str, at: str, readable: frozenset[str]) -> None:
    entity = _entity_of(statement)
    if entity is None:
        raise invalid(at, "statement", "One `SELECT … FROM …`: a statement reads.")
    if entity not in readable:
        raise invalid(at, "entity", f"Entities that can be read here: {', '.join(sorted(readable))}.")


def _read(value: Raw, type_: type[T], at: str) -> T:
    try:
        return msgspec.json.decode(value, type=type_)
    except msgspec.DecodeError:
        raise invalid(at, "invalid", "Missing, or of another type.") from None


_read_answer: Final = lenient_reader(_Answer, _Answer())
_read_row: Final = lenient_reader(_Row, _Row())


def _done(body: bytes) -> tuple[Done, ...]:
    return tuple(map(_outcome, _read_answer(body).BatchItemResponse))


def _outcome(item: Mapping[str, Raw]) -> Done:
    entity = next((name for name in _NOUNS if name in item), None)
    if "Fault" in item or entity is None:
        return Done(failed="Fault" in item)
    row = _read_row(bytes(item[entity]))
    noun = _NOUNS[entity][-1 if row.Type == "Category" else 0]
    if row.Id is UNSET:
        return Done(failed=False)
    remote_id = f"{_DIMENSIONS[entity]}:{row.Id}" if noun == "tracking" else row.Id
    return Done(failed=False, noun=noun, remote_id=remote_id)
