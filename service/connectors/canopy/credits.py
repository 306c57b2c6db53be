"""Canopy's credits and what they were applied to."""

from typing import Final

from msgspec import UNSET, Struct

from service.connectors.canopy.credits_write import from_credit_create, from_credit_update
from service.connectors.canopy.currencies import Settled
from service.connectors.canopy.wire import DOC, Cents, money, reference
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.codec import Instant, utc
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.credit import Credit, CreditApplication, CreditCreate, CreditUpdate


class WireApplication(Struct, frozen=True, gc=False):
    amount_cents: Cents
    invoice_id: str | None = None
    applied_at: Instant | None = None


class WireCredit(Struct, frozen=True, gc=False):
    credit_id: str
    client_id: str
    amount_cents: Cents
    remaining_cents: Cents
    applications: list[WireApplication]
    currency: str | None = None


UNSUPPORTED: Final = ("number", "issued_on", "memo", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_UNPRICED: Final = Meta(unsupported=(*UNSUPPORTED, "amount", "remaining", "applications"))


def to_credit(wire: WireCredit, book: Book) -> Credit:
    """A Canopy credit in the currency of the book that it is given; where that has none, its amounts are left out."""
    currency = wire.currency or book.currency
    return Credit(
        id=book.ref("crd_", wire.credit_id),
        remote_id=wire.credit_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client_id),
        amount=money(wire.amount_cents, currency, "$.currency"),
        remaining=money(wire.remaining_cents, currency, "$.currency"),
        applications=UNSET
        if currency is None
        else [
            CreditApplication(
                invoice=reference("inv_", part.invoice_id, book),
                amount=Money(part.amount_cents, currency),
                applied_at=None if part.applied_at is None else utc(part.applied_at),
            )
            for part in wire.applications
        ],
        meta=_META if currency is not None else _UNPRICED,
    )


def _invoice_of(wire: WireCredit) -> str | None:
    applied = wire.applications if wire.currency is None else ()
    return next((part.invoice_id for part in applied if part.invoice_id is not None), None)


_CREDITS: Final = Settled("credits", WireCredit, to_credit, _invoice_of)


def create(new: CreditCreate, key: str, book: Book) -> Flow[Credit]:
    return (yield from _CREDITS.created(from_credit_create(new, book), key, book))


def update(remote_id: str, new: CreditUpdate, version: str | None, key: str, book: Book) -> Flow[Credit]:
    """Applies a credit: the list of what it is applied to replaces the one before."""
    body = yield from from_credit_update(new, book)
    return (yield from _CREDITS.changed(remote_id, body, key, book))


BINDING: Final = Binding[Credit, CreditCreate, CreditUpdate](
    doc=DOC,
    wire=_CREDITS.place,
    unsupported=UNSUPPORTED,
    page=_CREDITS.page,
    get=_CREDITS.get,
    create=create,
    update=update,
    notes="Canopy does not name a credit's currency. Where all invoices of the firm are in one, it is that. Where they "
    "are not, it is that of an invoice the credit was applied to, which takes a call of its own (so at most 20 to a "
    "page); what was applied to none leaves `amount` and `remaining` out. A credit has an amount and no lines: a new "
    "one takes amounts alone. Writing needs the scope `billing:write`.",
)
