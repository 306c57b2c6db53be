"""Time spent, linked to a job."""

import datetime as dt
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import to_decimal, to_money
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.taxdome import calls
from service.connectors.taxdome.tasks_write import JOB, job_of
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, currency_of, reference
from service.ids import Book
from service.resources.common import Meta
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate, TimeState


class WireTimeEntry(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    date: dt.date
    minutes: int
    billable: bool
    billed: bool
    user_id: str | None
    job_id: str | None
    rate: Decimal | None
    invoice_id: str | None
    currency: str | None = None


UNSUPPORTED: Final = ("service_item", "description", "amount", "write_up", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_time_entry(wire: WireTimeEntry, book: Book) -> TimeEntry:
    rate = wire.rate
    return TimeEntry(
        id=book.ref("tim_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        user=reference("usr_", wire.user_id, book),
        client=book.ref("cli_", wire.account_id),
        task=None if wire.job_id is None else book.ref("tsk_", JOB + wire.job_id),
        worked_on=wire.date,
        minutes=wire.minutes,
        rate=None if rate is None else to_money(rate, currency_of(wire.currency, book), "$.rate"),
        billable=wire.billable,
        state=TimeState.BILLED if wire.billed else TimeState.OPEN,
        state_native=None,
        invoice=reference("inv_", wire.invoice_id, book),
        meta=_META,
    )


_read_one = json_reader(WireTimeEntry)


def create(new: TimeEntryCreate, key: str, book: Book) -> Flow[TimeEntry]:
    """New time. The job it was spent on is the `task`. Raises Invalid for what an entry has no place for."""
    del key
    calls.accept(new, ("user", "client", "worked_on", "minutes", "task", "rate", "billable"))
    calls.own_client(new.client, book)
    body = _changes(new, book) | {"user_id": remote_id_of(new.user, "usr_", book, "/user")}
    if not isinstance(new.task, UnsetType):
        body["job_id"] = job_of(new.task, book, "/task")
    return (yield from calls.written("POST", "/time-entries", body, _read_one, to_time_entry, book))


def update(remote_id: str, new: TimeEntryUpdate, version: str | None, key: str, book: Book) -> Flow[TimeEntry]:
    del version, key
    calls.accept(new, ("worked_on", "minutes", "rate", "billable"))
    path = calls.below("/time-entries", remote_id)
    return (yield from calls.written("PATCH", path, _changes(new, book), _read_one, to_time_entry, book))


def _changes(new: TimeEntryCreate | TimeEntryUpdate, book: Book) -> dict[str, object]:
    body: dict[str, object] = {"date": new.worked_on, "minutes": new.minutes, "billable": new.billable}
    if not isinstance(new.rate, UnsetType):
        currency = currency_of(None, book)
        if new.rate.currency != currency:
            raise invalid("/rate/currency", "currency_differs", f"Rates are in the account's currency: {currency}.")
        body["rate"] = to_decimal(new.rate)
    return {name: value for name, value in body.items() if value is not UNSET}


BINDING: Final = Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate](
    doc=DOC,
    wire=Wire(WireTimeEntry, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/time-entries", json_reader(calls.Paged[WireTimeEntry]), to_time_entry),
    get=calls.gets("/time-entries", _read_one, to_time_entry),
    create=create,
    update=update,
    delete=calls.deletes("/time-entries"),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The rate is in the account's currency, which TaxDome does not name here. Without the right to "
    f"manage time a login sees its own entries only. {PAGES_MOVE}",
)
