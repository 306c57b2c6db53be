"""Time activities as time entries. Time is counted (hours and minutes) or clocked (from, to, less the break)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.statement import Conditions, compares, sorts
from service.connectors.quickbooks.time_entries_write import from_time_entry_create, from_time_entry_update
from service.connectors.quickbooks.wire import RefId, Times, currency_of
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import utc
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import is_finer, to_money
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate, TimeState


class WireTimeActivity(Struct, frozen=True, gc=False):
    """`VendorRef` stays among the unmapped: a subcontractor is no user."""

    Id: str
    SyncToken: str
    MetaData: Times
    TxnDate: date
    EmployeeRef: RefId | None = None
    CustomerRef: RefId | None = None
    ItemRef: RefId | None = None
    Hours: int | None = None
    Minutes: int | None = None
    StartTime: datetime | None = None
    EndTime: datetime | None = None
    BreakHours: int | None = None
    BreakMinutes: int | None = None
    HourlyRate: Decimal | None = None
    BillableStatus: str | None = None
    Description: str | None = None


UNSUPPORTED: Final = ("task", "amount", "write_up", "invoice")
_META: Final = Meta(unsupported=UNSUPPORTED)
_META_WITHOUT_RATE: Final = Meta(unsupported=(*UNSUPPORTED, "rate"))


@mapper
def to_time_entry(wire: WireTimeActivity, book: Book) -> TimeEntry:
    """A time activity; its hourly rate is in the company's home currency, which QuickBooks does not name here.

    A rate finer than that currency's smallest unit is left out: the record says so, and `raw` has it.
    """
    rate, status = _rate(wire.HourlyRate, book), wire.BillableStatus
    employee, customer, item = wire.EmployeeRef, wire.CustomerRef, wire.ItemRef
    return TimeEntry(
        id=book.ref("tim_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        user=None if employee is None else book.ref("usr_", employee.value),
        client=None if customer is None else book.ref("cli_", customer.value),
        service_item=None if item is None else book.ref("itm_", item.value),
        worked_on=wire.TxnDate,
        minutes=minutes_of(wire),
        description=wire.Description or None,
        rate=rate,
        billable=status in ("Billable", "HasBeenBilled"),
        state=TimeState.BILLED if status == "HasBeenBilled" else TimeState.OPEN,
        state_native=status,
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META if rate is not UNSET else _META_WITHOUT_RATE,
    )


def _rate(rate: Decimal | None, book: Book) -> Money | None | UnsetType:
    if rate is None:
        return None
    currency = currency_of(None, book)
    return UNSET if is_finer(rate, currency) else to_money(rate, currency, "$.HourlyRate")


def minutes_of(wire: WireTimeActivity) -> int:
    """How long it took, in whole minutes. Raises SchemaDrift where nothing says so."""
    if wire.Hours is not None or wire.Minutes is not None:
        return 60 * (wire.Hours or 0) + (wire.Minutes or 0)
    begin, end = wire.StartTime, wire.EndTime
    if begin is None or end is None:
        raise SchemaDrift("$.Hours", "Object missing required field `Hours`")
    if (begin.tzinfo is None) != (end.tzinfo is None):
        raise SchemaDrift("$.EndTime", "Expected both times with an offset or both without")
    pause = 60 * (wire.BreakHours or 0) + (wire.BreakMinutes or 0)
    return int((end - begin).total_seconds()) // 60 - pause


_CONDITIONS: Final[Conditions] = {
    "worked_from": compares("TxnDate", ">="),
    "worked_to": compares("TxnDate", "<="),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
    "worked_on": "TxnDate",
}


_TIME: Final = Entity(
    name="TimeActivity",
    wire=WireTimeActivity,
    convert=to_time_entry,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
)


def create(new: TimeEntryCreate, key: str, book: Book) -> Flow[TimeEntry]:
    return (yield from _TIME.made(from_time_entry_create(new, book), key, book))


def update(remote_id: str, new: TimeEntryUpdate, version: str | None, key: str, book: Book) -> Flow[TimeEntry]:
    """Changes what is given. The record is read first: clocked time cannot become counted time.

    Raises Conflict if `version` is stale.
    """
    current = yield from _TIME.current(remote_id)
    is_clocked = current.Hours is None and current.Minutes is None
    body = from_time_entry_update(remote_id, new, version or current.SyncToken, book, is_clocked=is_clocked)
    return (yield from _TIME.changed(body, key, book))


BINDING: Final = Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate](
    doc=documented("all-entities/timeactivity"),
    wire=_TIME.place,
    unsupported=UNSUPPORTED,
    page=_TIME.page,
    get=_TIME.get,
    create=create,
    update=update,
    delete=_TIME.delete,
    filters={
        "worked_from": Filter(kind="date", description="Worked on this day or later."),
        "worked_to": Filter(kind="date", description="Worked on this day or earlier."),
    },
    updated_after=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="Time of employees; of subcontractors `user` is null. The rate is in the company's home currency. Deletions "
    "cannot be seen: change data capture leaves time out.",
)
