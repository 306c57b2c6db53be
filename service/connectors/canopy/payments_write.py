"""New and changed payments for Canopy, and what payments and credits have in common: amounts put on invoices."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.currencies import of_invoices
from service.connectors.sdk.binding import given
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Money
from service.resources.payment import AllocationInput, PaymentCreate, PaymentMethod, PaymentUpdate

CURRENCIES: Final = ("USD", "CAD")
_ACCEPTED: Final = ("amount", "received_on", "method", "reference", "allocations")


class Cover(Struct, frozen=True):
    """An amount put on an invoice."""

    invoice_id: str
    amount_cents: int


class WritePayment(Struct, frozen=True, kw_only=True):
    client_id: str | UnsetType = UNSET
    method: str | UnsetType = UNSET
    amount_cents: int | UnsetType = UNSET
    received_at: datetime | UnsetType = UNSET
    allocations: list[Cover] | UnsetType = UNSET
    reference: str | None | UnsetType = UNSET


def from_payment_create(new: PaymentCreate, book: Book) -> Flow[WritePayment]:
    """The body of a new payment. Raises Invalid for amounts in another currency than the invoices they pay."""
    accept(new, (*_ACCEPTED, "client"), "Canopy")
    covers = _covers(given(new.allocations) or (), book)
    amounts = [("/amount", new.amount), *_amounts(given(new.allocations) or ())]
    yield from check_currency(amounts, covers, book)
    return WritePayment(
        client_id=remote_id_of(new.client, "cli_", book, "/client"),
        method=(given(new.method) or PaymentMethod.OTHER).value,
        amount_cents=new.amount.amount_minor,
        received_at=_received(new.received_on),
        allocations=covers,
        reference=new.reference,
    )


def from_payment_update(new: PaymentUpdate, book: Book) -> Flow[WritePayment]:
    """The body of a change; `allocations`, when given, replaces all of them."""
    accept(new, _ACCEPTED, "Canopy")
    covers = UNSET if isinstance(new.allocations, UnsetType) else _covers(new.allocations, book)
    amounts = [] if isinstance(new.amount, UnsetType) else [("/amount", new.amount)]
    yield from check_currency([*amounts, *_amounts(given(new.allocations) or ())], given(covers) or (), book)
    return WritePayment(
        method=UNSET if isinstance(new.method, UnsetType) else new.method.value,
        amount_cents=UNSET if isinstance(new.amount, UnsetType) else new.amount.amount_minor,
        received_at=_received(new.received_on),
        allocations=covers,
        reference=new.reference,
    )


def check_currency(amounts: Sequence[tuple[str, Money]], covers: Sequence[Cover], book: Book) -> Flow[None]:
    """Raises Invalid unless all amounts are in one currency, which is the account's and that of the invoices."""
    named = {money.currency for _, money in amounts}
    known = {book.currency} if book.currency is not None else set[str]()
    if not known and amounts:
        known = set((yield from of_invoices(cover.invoice_id for cover in covers)).values())
    for pointer, money in amounts:
        if money.currency not in CURRENCIES:
            raise invalid(f"{pointer}/currency", "unsupported", "Canopy knows USD and CAD.")
        if len(named | known) > 1:
            wanted = next(iter(known), None)
            if wanted is None or money.currency != wanted:
                raise invalid(
                    f"{pointer}/currency", "currency_differs", "All amounts are in the currency of what they pay."
                )


def to_covers(parts: Sequence[tuple[str, str, Money]], book: Book) -> list[Cover]:
    """What Canopy is told of amounts put on invoices: pointer, `inv_…` and amount of each."""
    covers: list[Cover] = []
    for pointer, invoice, amount in parts:
        if amount.amount_minor <= 0:
            raise invalid(f"{pointer}/amount/amount_minor", "out_of_bounds", "Expected more than nothing.")
        covers.append(Cover(remote_id_of(invoice, "inv_", book, f"{pointer}/invoice"), amount.amount_minor))
    return covers


def _covers(allocations: Sequence[AllocationInput], book: Book) -> list[Cover]:
    parts: list[tuple[str, str, Money]] = []
    for index, one in enumerate(allocations):
        pointer = f"/allocations/{index}"
        if not isinstance(one.credit, UnsetType):
            raise invalid(f"{pointer}/credit", "unsupported", "Canopy applies a credit by changing the credit.")
        if isinstance(one.invoice, UnsetType):
            raise invalid(f"{pointer}/invoice", "required", "Which invoice is paid?")
        accept(one, ("invoice", "amount"), "Canopy", pointer)
        parts.append((pointer, one.invoice, one.amount))
    return to_covers(parts, book)


def _amounts(allocations: Sequence[AllocationInput]) -> list[tuple[str, Money]]:
    return [(f"/allocations/{index}/amount", one.amount) for index, one in enumerate(allocations)]


def _received(day: date | UnsetType) -> datetime | UnsetType:
    return UNSET if isinstance(day, UnsetType) else datetime.combine(day, time(), UTC)
