"""What each of the twenty kinds of client has at TaxDome, so that any row can be reached without counting others."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from service.sandbox.books import AS_OF
from service.sandbox.shapes import SHAPES, Kind, Shape

T = TypeVar("T")

BLOCK = len(SHAPES)
WIDE = 10
"""The kind of client with more than a page of documents and of messages, and with four rows or more of every noun."""

HUGE_CLIENT = 10
HUGE_BYTES = 1024**3
"""One client of the firm keeps one file of a gigabyte."""

FOLDERS = ("client_uploaded", "firm_shared", "organizer", "private")
ORGANIZER_STATUSES = ("pending", "in_progress", "submitted", "sealed")
ORGANIZER_FILES = {"pending": 0, "in_progress": 1, "submitted": 2, "sealed": 2}
PROPOSAL_STATUSES = ("signed", "pending", "partially_signed")
FORM_STATUSES = ("signed", "pending", "declined")
AS_OF_S = int(AS_OF.timestamp())

_BILLED = frozenset({Kind.SYNCED, Kind.DISCOUNTED, Kind.SCHEDULED, Kind.UNSYNCED, Kind.SYNC_ERROR})


class Money(msgspec.Struct, frozen=True):
    """A row of the payment list: a payment or a credit of the books by its place, or a declined try at an invoice."""

    sort: str
    place: int


def _has_invoices(shape: Shape) -> bool:
    return shape.currency != "JPY"


def _invoices(_: int, shape: Shape) -> tuple[int, ...]:
    return tuple(at for at, kind in enumerate(shape.invoices) if kind in _BILLED and _has_invoices(shape))


def _payments(index: int, shape: Shape) -> tuple[Money, ...]:
    places = set(_invoices(index, shape))
    if not _has_invoices(shape):
        return ()
    received = ((sort, at, tender) for sort, tenders in (("payment", shape.payments), ("credit", shape.credits))
                for at, tender in enumerate(tenders))  # fmt: skip
    here = tuple(Money(sort, at) for sort, at, tender in received
                 if all(place in places for place, _ in tender.covers))  # fmt: skip
    declined = tuple(Money("declined", at) for at in range(2 if index == WIDE else index % 7 == 1 and len(places) > 0))
    return here + declined


def _organizers(index: int, shape: Shape) -> tuple[str, ...]:
    is_person = shape.filing_type == "Individual"
    usual = 2 if is_person else 1 if shape.status == "Active" and not shape.parent_offset else 0
    count = len(ORGANIZER_STATUSES) if index == WIDE else usual
    return tuple(ORGANIZER_STATUSES[(index + place) % len(ORGANIZER_STATUSES)] for place in range(count))


def _proposals(index: int, shape: Shape) -> tuple[str, ...]:
    count = 0 if shape.parent_offset else 4 if index == WIDE else 1
    return tuple(PROPOSAL_STATUSES[(index + place) % len(PROPOSAL_STATUSES)] for place in range(count))


def _form(index: int, shape: Shape) -> str | None:
    return None if shape.status == "Prospect" else FORM_STATUSES[index % len(FORM_STATUSES)]


def _documents(index: int, shape: Shape) -> tuple[tuple[str, int], ...]:
    shared = len(_proposals(index, shape)) + (_form(index, shape) is not None) + 2 * (shape.tasks > 0)
    counts = {
        "client_uploaded": 130 if index == WIDE else 1 + shape.tasks,
        "firm_shared": shared + (index == WIDE),
        "organizer": sum(ORGANIZER_FILES[status] for status in _organizers(index, shape)),
        "private": int(shape.tasks > 2),
    }
    return tuple((root, place) for root, count in counts.items() for place in range(count))


def _threads(index: int, shape: Shape) -> tuple[int, ...]:
    count = 4 if index == WIDE else 2 if shape.tasks > 2 else 1
    usual = tuple(2 + (3 * index + place) % 5 for place in range(count))
    return (125, *usual[1:]) if index == WIDE else usual


def _per_kind(of: Callable[[int, Shape], T]) -> tuple[T, ...]:
    return tuple(of(index, shape) for index, shape in enumerate(SHAPES))


INVOICES = _per_kind(_invoices)
"""Which of the books' invoices TaxDome has: no drafts, none that were voided, none in yen."""
PAYMENTS = _per_kind(_payments)
ORGANIZERS = _per_kind(_organizers)
PROPOSALS = _per_kind(_proposals)
FORMS = _per_kind(_form)
DOCUMENTS = _per_kind(_documents)
THREADS = _per_kind(_threads)
"""How many messages each thread has."""
SIGNATURES = _per_kind(lambda index, shape: len(PROPOSALS[index]) + (FORMS[index] is not None))
JOBS = _per_kind(lambda index, shape: min(shape.tasks, 1) + (shape.tasks == 5) + 2 * (index == WIDE))
TASKS = _per_kind(lambda _, shape: shape.tasks)
TIMES = _per_kind(lambda _, shape: 3 * shape.tasks)
CONTACTS = _per_kind(lambda _, shape: shape.contacts)
OFFSETS = tuple((shape.parent_offset, index) for index, shape in enumerate(SHAPES) if shape.parent_offset)


def lengths(rows: tuple[tuple[object, ...], ...]) -> tuple[int, ...]:
    """How many rows each kind of client has."""
    return tuple(len(row) for row in rows)


def subsidiaries(client: int, clients: int) -> list[int]:
    """The clients whose parent this one is."""
    found = (client + offset for offset, index in OFFSETS if (client + offset) % BLOCK == index)
    return [number for number in found if number < clients]
