"""Canopy's time. A write-up of an invoice line is shared over the line's time in proportion to what each came to."""

import datetime as dt
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.wire import DOC, Cents, money, reference
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate, TimeState


class WireTimeEntry(Struct, frozen=True, gc=False):
    entry_id: str
    user_id: str
    date: dt.date
    minutes: int
    billable: bool
    rate_cents: Cents
    amount_cents: Cents
    wuwd_cents: Cents
    state: str
    client_id: str | None = None
    task_id: str | None = None
    service_item_id: str | None = None
    invoice_id: str | None = None


class WriteTimeEntry(Struct, frozen=True, kw_only=True):
    user_id: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    task_id: str | UnsetType = UNSET
    service_item_id: str | UnsetType = UNSET
    date: "str | UnsetType" = UNSET
    minutes: int | UnsetType = UNSET
    rate_cents: int | UnsetType = UNSET
    billable: bool | UnsetType = UNSET


UNSUPPORTED: Final = ("description", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_UNPRICED: Final = Meta(unsupported=(*UNSUPPORTED, "rate", "amount", "write_up"))
_STATES: Final = {"saved": TimeState.OPEN, "billed": TimeState.BILLED, "archived": TimeState.ARCHIVED}


@mapper
def to_time_entry(wire: WireTimeEntry, book: Book) -> TimeEntry:
    """A piece of time in the account's currency, which Canopy does not name; without one its amounts are left out.

    `amount` is what it is billed for, its share of the write-up in it.
    """
    currency = book.currency
    return TimeEntry(
        id=book.ref("tim_", wire.entry_id),
        remote_id=wire.entry_id,
        connection=book.connection,
        account=book.account,
        user=book.ref("usr_", wire.user_id),
        client=reference("cli_", wire.client_id, book),
        task=reference("tsk_", wire.task_id, book),
        service_item=reference("itm_", wire.service_item_id, book),
        worked_on=wire.date,
        minutes=wire.minutes,
        rate=money(wire.rate_cents, currency, "$.rate_cents"),
        amount=money(wire.amount_cents, currency, "$.amount_cents"),
        write_up=money(wire.wuwd_cents, currency, "$.wuwd_cents"),
        billable=wire.billable,
        state=_STATES.get(wire.state, TimeState.OTHER),
        state_native=wire.state,
        invoice=reference("inv_", wire.invoice_id, book),
        meta=_META if currency is not None else _UNPRICED,
    )


_TIME_ENTRIES: Final = Entity("time_entries", WireTimeEntry, to_time_entry)


def create(new: TimeEntryCreate, key: str, book: Book) -> Flow[TimeEntry]:
    body = from_time_entry_create(new, book)
    return (yield from _TIME_ENTRIES.created(body, key, book))


def update(remote_id: str, new: TimeEntryUpdate, version: str | None, key: str, book: Book) -> Flow[TimeEntry]:
    """Changes what is given. Raises Conflict for time that stands on an invoice."""
    body = from_time_entry_update(new, book)
    return (yield from _TIME_ENTRIES.changed(remote_id, body, key, book))


_ACCEPTED: Final = ("worked_on", "minutes", "billable", "rate")


def from_time_entry_create(new: TimeEntryCreate, book: Book) -> WriteTimeEntry:
    """The body of new time; its rate follows from who worked and on what."""
    accept(new, (*_ACCEPTED, "user", "client", "task", "service_item"), "Canopy")
    task, item = new.task, new.service_item
    return WriteTimeEntry(
        user_id=remote_id_of(new.user, "usr_", book, "/user"),
        client_id=remote_id_of(new.client, "cli_", book, "/client"),
        task_id=UNSET if isinstance(task, UnsetType) else remote_id_of(task, "tsk_", book, "/task"),
        service_item_id=UNSET if isinstance(item, UnsetType) else remote_id_of(item, "itm_", book, "/service_item"),
        date=new.worked_on.isoformat(),
        minutes=_minutes(new.minutes),
        billable=new.billable,
        rate_cents=_rate(new.rate, book),
    )


def from_time_entry_update(new: TimeEntryUpdate, book: Book) -> WriteTimeEntry:
    """The body of a change."""
    accept(new, _ACCEPTED, "Canopy")
    return WriteTimeEntry(
        date=UNSET if isinstance(new.worked_on, UnsetType) else new.worked_on.isoformat(),
        minutes=UNSET if isinstance(new.minutes, UnsetType) else _minutes(new.minutes),
        billable=new.billable,
        rate_cents=_rate(new.rate, book),
    )


def _rate(rate: Money | UnsetType, book: Book) -> int | UnsetType:
    if isinstance(rate, UnsetType):
        return UNSET
    if book.currency is not None and rate.currency != book.currency:
        raise invalid("/rate/currency", "currency_differs", f"Rates are in the firm's currency: {book.currency}.")
    return rate.amount_minor


def _minutes(minutes: int) -> int:
    if not 0 < minutes <= 24 * 60:
        raise invalid("/minutes", "out_of_bounds", "Between one minute and a day.")
    return minutes


BINDING: Final = Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate](
    doc=DOC,
    wire=_TIME_ENTRIES.place,
    unsupported=UNSUPPORTED,
    page=_TIME_ENTRIES.page,
    get=_TIME_ENTRIES.get,
    create=create,
    update=update,
    notes="Amounts are in the account's currency, and left out where the firm bills in several; `amount` has the share "
    "of the line's write-up in it. Time that stands on an invoice cannot be changed. Writing needs the scope "
    "`time:write`.",
)
