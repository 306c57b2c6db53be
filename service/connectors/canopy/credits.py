"""Canopy's credits and what they were applied to."""

from typing import Final

from msgspec import Struct

from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC, currency_of, reference
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import from_cents
from service.connectors.sdk.paging import cursor_page
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.credit import Credit, CreditApplication, CreditCreate, CreditUpdate


class WireApplication(Struct, frozen=True, gc=False):
    amount_cents: int
    invoice_id: str | None = None
    applied_at: Instant | None = None


class WireCredit(Struct, frozen=True, gc=False):
    credit_id: str
    client_id: str
    amount_cents: int
    remaining_cents: int
    applications: list[WireApplication]
    currency: str | None = None


UNSUPPORTED: Final = ("number", "issued_on", "memo", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_credit(wire: WireCredit, book: Book) -> Credit:
    currency = currency_of(wire.currency, book)
    return Credit(
        id=book.ref("crd_", wire.credit_id),
        remote_id=wire.credit_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client_id),
        amount=from_cents(wire.amount_cents, currency, "$.currency"),
        remaining=Money(wire.remaining_cents, currency),
        applications=[
            CreditApplication(
                invoice=reference("inv_", part.invoice_id, book),
                amount=Money(part.amount_cents, currency),
                applied_at=None if part.applied_at is None else utc(part.applied_at),
            )
            for part in wire.applications
        ],
        meta=_META,
    )


class _List(Struct, frozen=True, gc=False):
    credits: list[WireCredit]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WireCredit)


def page(query: Query, book: Book) -> Flow[RemotePage[Credit]]:
    answer = _read_list((yield search("credits", query)))
    return cursor_page(answer.credits, answer.next_cursor, query, to_credit, book, "$.credits")


def get(remote_id: str, book: Book) -> Flow[Credit]:
    return to_credit(_read_one((yield read_one("credits", remote_id))), book)


BINDING: Final = Binding[Credit, CreditCreate, CreditUpdate](
    doc=DOC,
    wire=Wire(WireCredit, many=("credits",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    notes="Canopy does not name a credit's currency: amounts are taken to be in the account's.",
)
