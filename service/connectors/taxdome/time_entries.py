"""Time spent, linked to a job."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.money import to_money
from service.connectors.taxdome import calls
from service.connectors.taxdome.tasks import JOB
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, currency_of, reference
from service.ids import Book
from service.resources.common import Meta
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate, TimeState


class WireTimeEntry(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    date: date
    minutes: int
    billable: bool
    billed: bool
    user_id: str | None = None
    job_id: str | None = None
    rate: Decimal | None = None
    currency: str | None = None
    invoice_id: str | None = None


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


BINDING: Final = Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate](
    doc=DOC,
    wire=Wire(WireTimeEntry, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/time-entries", json_reader(calls.Paged[WireTimeEntry]), to_time_entry),
    get=calls.gets("/time-entries", json_reader(WireTimeEntry), to_time_entry),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The rate is in the account's currency, which TaxDome does not name here. Without the right to "
    f"manage time a login sees its own entries only. {PAGES_MOVE}",
)
