"""New and changed time entries as QuickBooks time activities, counted in hours and minutes."""

from datetime import date
from decimal import Decimal
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.wire import Ref, written
from service.connectors.sdk.money import to_decimal
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Money
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate

_DAY = 24 * 60


class WriteTimeActivity(Struct, frozen=True, kw_only=True):
    Id: str | UnsetType = UNSET
    SyncToken: str | UnsetType = UNSET
    sparse: bool | UnsetType = UNSET
    NameOf: Literal["Employee"] | UnsetType = UNSET
    EmployeeRef: Ref | UnsetType = UNSET
    CustomerRef: Ref | UnsetType = UNSET
    ItemRef: Ref | UnsetType = UNSET
    TxnDate: date | UnsetType = UNSET
    Hours: int | UnsetType = UNSET
    Minutes: int | UnsetType = UNSET
    HourlyRate: Decimal | UnsetType = UNSET
    BillableStatus: Literal["Billable", "NotBillable"] | UnsetType = UNSET
    Description: str | UnsetType = UNSET


_ACCEPTED: Final = ("worked_on", "minutes", "description", "rate", "billable")


def from_time_entry_create(new: TimeEntryCreate, book: Book) -> WriteTimeActivity:
    """The body of a new time activity. Raises Invalid for a task, which QuickBooks does not know."""
    accept(new, (*_ACCEPTED, "user", "client", "service_item"), "QuickBooks")
    hours, minutes = _counted(new.minutes)
    item = new.service_item
    return WriteTimeActivity(
        NameOf="Employee",
        EmployeeRef=Ref(remote_id_of(new.user, "usr_", book, "/user")),
        CustomerRef=Ref(remote_id_of(new.client, "cli_", book, "/client")),
        ItemRef=UNSET if isinstance(item, UnsetType) else Ref(remote_id_of(item, "itm_", book, "/service_item")),
        TxnDate=new.worked_on,
        Hours=hours,
        Minutes=minutes,
        HourlyRate=_rate(new.rate, book),
        BillableStatus="Billable" if new.billable else "NotBillable",
        Description=written(new.description),
    )


def from_time_entry_update(
    remote_id: str, new: TimeEntryUpdate, version: str, book: Book, *, is_clocked: bool
) -> WriteTimeActivity:
    """The body of a sparse update. Raises Invalid for new minutes of time that was clocked."""
    accept(new, _ACCEPTED, "QuickBooks")
    hours: int | UnsetType = UNSET
    minutes: int | UnsetType = UNSET
    if not isinstance(new.minutes, UnsetType):
        if is_clocked:
            raise invalid("/minutes", "clocked", "This time has a start and an end in QuickBooks; change it there.")
        hours, minutes = _counted(new.minutes)
    billable = new.billable
    return WriteTimeActivity(
        Id=remote_id,
        SyncToken=version,
        sparse=True,
        TxnDate=new.worked_on,
        Hours=hours,
        Minutes=minutes,
        HourlyRate=_rate(new.rate, book),
        BillableStatus=UNSET if isinstance(billable, UnsetType) else "Billable" if billable else "NotBillable",
        Description=written(new.description),
    )


def _rate(rate: Money | UnsetType, book: Book) -> Decimal | UnsetType:
    if isinstance(rate, UnsetType):
        return UNSET
    if book.currency is not None and rate.currency != book.currency:
        raise invalid("/rate/currency", "currency_differs", f"Rates are in the home currency: {book.currency}.")
    return to_decimal(rate)


def _counted(minutes: int) -> tuple[int, int]:
    if not 0 < minutes <= _DAY:
        raise invalid("/minutes", "out_of_bounds", "Between one minute and a day.")
    return divmod(minutes, 60)
