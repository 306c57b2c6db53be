"""A binding: what one vendor can do with one resource. A port that is missing is a capability that is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Generic, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.flow import Flow, Request
from service.ids import Book
from service.resources.common import Deleted

M = TypeVar("M")
"""The unified record."""
C = TypeVar("C", contravariant=True)
"""What creates one."""
U = TypeVar("U", contravariant=True)
"""What changes one."""
R = TypeVar("R", covariant=True)

PORTS: Final = (
    "page", "get", "create", "update", "delete", "download", "upload", "download_version", "upload_version",
)  # fmt: skip
"""What a binding can have behind a route, in reading order."""


class Doc(Struct, frozen=True):
    """How the contract behind a binding is known."""

    url: str | None
    read_on: date
    known: Literal["documented", "third_party", "assumed"]


class Filter(Struct, frozen=True, kw_only=True):
    """One `filter[name]` that the vendor itself can apply."""

    kind: Literal["text", "choice", "reference", "date"]
    choices: tuple[str, ...] = ()
    """For `choice`: the unified values that can be asked for; several are given separated by commas."""
    prefix: str = ""
    """For `reference`: the kind of id it takes, such as `cli_`; the port is given the remote id."""
    description: str = ""


class Query(Struct, frozen=True, kw_only=True):
    """One page asked for, already checked against the binding: only what it declares is set."""

    limit: int
    position: str | None = None
    """Where the vendor's own paging stands, as the port wrote it in `RemotePage.next`; None for the first page."""
    filters: Mapping[str, tuple[str, ...]] = {}
    """By filter name; a `reference` holds remote ids, a `date` holds `YYYY-MM-DD`."""
    updated_after: datetime | None = None
    include_deleted: bool = False
    """Of the first page alone; those after it need not ask again."""
    sort: str | None = None
    """One of the binding's `sorts`, such as `updated_at` or `-updated_at`."""


class RemotePage(Struct, Generic[M], frozen=True):
    """One page as the vendor gave it; `next` is None at the end and only there."""

    records: list[M]
    next: str | None
    deleted: list[Deleted] | None = None
    """What was deleted since `updated_after`, where that was asked for: whole, on the first page."""


class Change(Struct, Generic[M], frozen=True):
    """What became of one record; `record` is None when it was deleted."""

    remote_id: str
    record: M | None
    changed_at: datetime | None


class Changes(Struct, Generic[M], frozen=True):
    """Everything that changed since an instant, in no order that can be relied on.

    `whole` is False when the vendor cut the answer off: list again by `updated_after`, and sweep for deletions.
    """

    changes: list[Change[M]]
    whole: bool


class Download(Struct, frozen=True, kw_only=True):
    """How the bytes of a document are had, and what the vendor says of them."""

    request: Request
    name: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None


class NewDocument(Struct, frozen=True, kw_only=True):
    """A document that is being uploaded; its bytes come separately."""

    name: str
    media_type: str
    client: str | None = None
    """`cli_…`."""
    folder: str | None = None
    """`fol_…`."""
    area: str | None = None
    size_bytes: int | None = None


class Wire(Struct, frozen=True):
    """Where the vendor's own record stands in its answers: for `include=raw` and `include=unmapped`.

    A name such as `Class|Department` stands for whichever of them an answer holds.
    """

    record: type[Any]
    one: tuple[str, ...] = ()
    many: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Binding(Generic[M, C, U]):
    """What one vendor can do with one resource. Coverage is computed from this, so it cannot drift from the code.

    Ports are flows (see `flow.py`) and take the `Book` that mints ids. `key` is our idempotency key for the vendor,
    `version` what the caller knows as the record's version (`If-Match`), or None.
    """

    doc: Doc
    wire: Wire
    raw: bool = True
    """A record is one of the vendor's own. Where it is made of several there is nothing raw or unmapped to show."""
    unsupported: tuple[str, ...] = ()
    """Fields of the unified record that this vendor cannot fill; the mapper leaves them UNSET."""
    record_only: tuple[str, ...] = ()
    """Fields that a list leaves out and reading the one record fills; a list's records name them as unsupported."""
    page: Callable[[Query, Book], Flow[RemotePage[M]]] | None = None
    get: Callable[[str, Book], Flow[M]] | None = None
    create: Callable[[C, str, Book], Flow[M]] | None = None
    update: Callable[[str, U, str | None, str, Book], Flow[M]] | None = None
    made: Callable[[C, datetime, Book], Flow[M]] | None = None
    """Looks for what a create may have made since an instant, known by the caller's own mark on it. NotWritten where it
    is not there, OutcomeUnknown where nothing marks it. For vendors that take no key of ours; not behind a route."""
    delete: Callable[[str, str | None, str, Book], Flow[None]] | None = None
    deletes: Literal["removes", "voids"] = "removes"
    """What `delete` comes to: `voids` keeps the record with amounts of nothing, as bookkeeping wants it."""
    changes: Callable[[datetime, Book], Flow[Changes[M]]] | None = None
    """What changed at or after an instant, deletions included; for keeping a copy, not behind a route."""
    download: Callable[[str, Book], Flow[Download]] | None = None
    upload: Callable[[NewDocument, str, Book], Flow[M]] | None = None
    """One of its requests has `upload` set: there the caller's bytes go out."""
    download_version: Callable[[str, int, Book], Flow[Download]] | None = None
    """The bytes of an older version, by its number."""
    upload_version: Callable[[str, NewDocument, str, Book], Flow[M]] | None = None
    """New bytes for a record, whose older ones are kept."""
    filters: Mapping[str, Filter] = field(default_factory=dict[str, Filter])
    updated_after: bool = False
    include_deleted: bool = False
    sorts: tuple[str, ...] = ()
    max_page: int = 200
    paging: Literal["native", "emulated"] = "native"
    versioned: bool = False
    """The vendor has a version of each record: `ETag` and `If-Match` work."""
    freshness: str = "live"
    notes: str = ""

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of the operations it has, in reading order."""
        return tuple(name for name in PORTS if getattr(self, name) is not None)


def given(value: R | None | UnsetType) -> R | None:
    """A field of a create or update as null or value, with "not said" folded into null."""
    return None if value is UNSET or isinstance(value, UnsetType) else value
