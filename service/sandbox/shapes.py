"""The twenty kinds of client the firm has, repeated for as many clients as are asked for.

What a client *has* (how many invoices, which are paid, whose subsidiary it is) depends on its place in the block of
twenty alone; what it *is called and owes* depends on the seed. So any row can be reached without counting those
before it.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

FULL = 4
HALF = 2


class Kind(StrEnum):
    """An invoice's life, in the firm's words rather than a vendor's."""

    SYNCED = "synced"  # written in Canopy, copied to QuickBooks
    DISCOUNTED = "discounted"  # the same, with a write-down
    VOID = "void"  # the same, later archived in Canopy and voided in QuickBooks
    DRAFT = "draft"  # Canopy alone, as are the next three
    SCHEDULED = "scheduled"
    UNSYNCED = "unsynced"
    SYNC_ERROR = "sync_error"
    BOOKS_ONLY = "books_only"  # written in QuickBooks, which never copies an invoice to Canopy


SHARED_KINDS = frozenset({Kind.SYNCED, Kind.DISCOUNTED, Kind.VOID})


class Tender(msgspec.Struct, frozen=True):
    """A payment or a credit: which of the client's invoices it covers, in quarters of their total.

    `leftover` adds an amount that covers nothing yet; a `second` half is what the first, rounded down, left to pay.
    """

    covers: tuple[tuple[int, int], ...] = ()
    leftover: bool = False
    second: bool = False


class Shape(msgspec.Struct, frozen=True):
    """One kind of client."""

    filing_type: str = "Business"
    status: str = "Active"
    currency: str = "USD"
    parent_offset: int = 0
    email: bool = True
    invoices: tuple[Kind, ...] = ()
    payments: tuple[Tender, ...] = ()
    credits: tuple[Tender, ...] = ()
    contacts: int = 1
    tasks: int = 0

    def covered(self, invoice: int) -> int:
        """The quarters of an invoice that payments and credits cover."""
        tenders = self.payments + self.credits
        return sum(quarters for tender in tenders for covered, quarters in tender.covers if covered == invoice)

    def in_quickbooks(self, kind: Kind) -> bool:
        """Whether QuickBooks has the invoice."""
        return kind is Kind.BOOKS_ONLY or kind in SHARED_KINDS

    def shares(self, tender: Tender) -> bool:
        """Whether a payment or credit reached QuickBooks: only when every invoice it covers did."""
        return all(self.in_quickbooks(self.invoices[invoice]) for invoice, _ in tender.covers)

    @property
    def canopy_knows_money(self) -> bool:
        """Canopy bills in USD and CAD alone; clients billed in another currency are billed from QuickBooks."""
        return self.currency in {"USD", "CAD"}


def _kinds(text: str) -> tuple[Kind, ...]:
    return tuple(Kind(word) for word in text.split())


def _pays(*covers: tuple[int, int], leftover: bool = False, second: bool = False) -> Tender:
    return Tender(covers, leftover, second)


_PERSON = "Individual"

SHAPES = (
    Shape(invoices=_kinds("synced synced synced"), payments=(_pays((0, FULL), (1, FULL)),), contacts=2, tasks=4),
    Shape(filing_type=_PERSON, invoices=_kinds("synced"), payments=(_pays((0, HALF)),), contacts=3, tasks=2),
    Shape(invoices=_kinds("synced void"), credits=(_pays((0, FULL), leftover=True),), tasks=3),
    Shape(filing_type=_PERSON, status="Prospect", email=False),
    Shape(parent_offset=4, invoices=_kinds("synced synced"), contacts=0, tasks=1),
    Shape(currency="CAD", invoices=_kinds("synced synced"), payments=(_pays((0, FULL)),), tasks=4),
    Shape(filing_type=_PERSON, status="Archived", invoices=_kinds("synced"), payments=(_pays((0, FULL)),)),
    Shape(invoices=_kinds("draft scheduled synced"), payments=(_pays(leftover=True),), contacts=2, tasks=5),
    Shape(filing_type=_PERSON, status="Other", invoices=_kinds("unsynced"), payments=(_pays((0, HALF)),)),
    Shape(currency="JPY", invoices=_kinds("books_only books_only"), payments=(_pays((0, HALF)),), tasks=1),
    Shape(
        invoices=_kinds("synced synced discounted synced"),
        payments=(_pays((0, FULL)), _pays((1, HALF))),
        contacts=3,
        tasks=5,
    ),
    Shape(filing_type=_PERSON, invoices=_kinds("synced"), payments=(_pays((0, FULL)),), tasks=2),
    Shape(parent_offset=2, invoices=_kinds("sync_error"), contacts=0),
    Shape(filing_type=_PERSON, email=False, invoices=_kinds("synced synced"), tasks=3),
    Shape(
        invoices=_kinds("synced synced synced"), payments=(_pays((0, FULL), (1, FULL), (2, FULL)),), contacts=2, tasks=4
    ),
    Shape(filing_type=_PERSON, status="Prospect"),
    Shape(status="Archived", contacts=2),
    Shape(invoices=_kinds("synced"), credits=(_pays(leftover=True),), tasks=2),
    Shape(filing_type=_PERSON, invoices=_kinds("discounted"), payments=(_pays((0, FULL)),), tasks=1),
    Shape(
        invoices=_kinds("synced synced"),
        payments=(_pays((0, HALF)), _pays((0, HALF), leftover=True, second=True)),
        credits=(_pays((1, HALF)),),
        contacts=2,
        tasks=4,
    ),
)


def counts(of: Callable[[Shape], int]) -> tuple[int, ...]:
    """How many rows of a sort each shape has, in the order of the block."""
    return tuple(of(shape) for shape in SHAPES)
