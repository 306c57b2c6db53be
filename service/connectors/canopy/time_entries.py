"""Canopy's time. A write-up of an invoice line is shared over the line's time in proportion to what each came to."""

from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy import calls
from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC, currency_of, reference
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import from_cents
from service.connectors.sdk.paging import cursor_page
from service.connectors.sdk.references import invalid, refuse, remote_id_of
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate, TimeState


class WireTimeEntry(Struct, frozen=True, gc=False):
    entry_id: str
    user_id: str
    date: date
    minutes: int
    billable: bool
    rate_cents: int
    amount_cents: int
    wuwd_cents: int
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
    billable: bool | UnsetType = UNSET


UNSUPPORTED: Final = ("description", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATES: Final = {"saved": TimeState.OPEN, "billed": TimeState.BILLED, "archived": TimeState.ARCHIVED}


def to_time_entry(wire: WireTimeEntry, book: Book) -> TimeEntry:
    """A piece of time in the account's currency. `amount` is what it is billed for, its share of the write-up in it."""
    currency = currency_of(None, book)
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
        rate=from_cents(wire.rate_cents, currency, "$.rate_cents"),
        amount=Money(wire.amount_cents, currency),
        write_up=Money(wire.wuwd_cents, currency),
        billable=wire.billable,
        state=_STATES.get(wire.state, TimeState.OTHER),
        state_native=wire.state,
        invoice=reference("inv_", wire.invoice_id, book),
        meta=_META,
    )


class _List(Struct, frozen=True, gc=False):
    time_entries: list[WireTimeEntry]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WireTimeEntry)


def page(query: Query, book: Book) -> Flow[RemotePage[TimeEntry]]:
    answer = _read_list((yield search("time_entries", query)))
    return cursor_page(answer.time_entries, answer.next_cursor, query, to_time_entry, book, "$.time_entries")


def get(remote_id: str, book: Book) -> Flow[TimeEntry]:
    return to_time_entry(_read_one((yield read_one("time_entries", remote_id))), book)


def create(new: TimeEntryCreate, key: str, book: Book) -> Flow[TimeEntry]:
    body = from_time_entry_create(new, book)
    return to_time_entry(_read_one((yield calls.create("time_entries", body, key))), book)


def update(remote_id: str, new: TimeEntryUpdate, version: str | None, key: str, book: Book) -> Flow[TimeEntry]:
    """Changes what is given. Raises Conflict for time that stands on an invoice."""
    body = from_time_entry_update(new)
    return to_time_entry(_read_one((yield calls.change("time_entries", remote_id, body, key))), book)


def from_time_entry_create(new: TimeEntryCreate, book: Book) -> WriteTimeEntry:
    """The body of new time; its rate follows from who worked and on what."""
    refuse(new, ("description",), "Canopy")
    task, item = new.task, new.service_item
    return WriteTimeEntry(
        user_id=remote_id_of(new.user, "usr_", book, "/user"),
        client_id=remote_id_of(new.client, "cli_", book, "/client"),
        task_id=UNSET if isinstance(task, UnsetType) else remote_id_of(task, "tsk_", book, "/task"),
        service_item_id=UNSET if isinstance(item, UnsetType) else remote_id_of(item, "itm_", book, "/service_item"),
        date=new.worked_on.isoformat(),
        minutes=_minutes(new.minutes),
        billable=new.billable,
    )


def from_time_entry_update(new: TimeEntryUpdate) -> WriteTimeEntry:
    """The body of a change."""
    refuse(new, ("description",), "Canopy")
    return WriteTimeEntry(
        date=UNSET if isinstance(new.worked_on, UnsetType) else new.worked_on.isoformat(),
        minutes=UNSET if isinstance(new.minutes, UnsetType) else _minutes(new.minutes),
        billable=new.billable,
    )


def _minutes(minutes: int) -> int:
    if not 0 < minutes <= 24 * 60:
        raise invalid("/minutes", "out_of_bounds", "Between one minute and a day.")
    return minutes


BINDING: Final = Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate](
    doc=DOC,
    wire=Wire(WireTimeEntry, many=("time_entries",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    update=update,
    notes="Amounts are in the account's currency; `amount` has the share of the line's write-up in it. Time that "
    "stands on an invoice cannot be changed. Writing needs the scope `time:write`.",
)
