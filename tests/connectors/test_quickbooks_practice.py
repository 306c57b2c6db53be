"""Items, tracking, staff, time and files at the QuickBooks sandbox."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import Invalid, NotFound, SchemaDrift
from service.connectors.sdk.wire import raw_records
from service.resources.common import Money
from service.resources.document import DocumentUpdate, ReviewState
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, NO_CURRENCY, ok, play
from tests.connectors.vendors import Vendor

QBO = get_connector("quickbooks")


def time_row(**changes: Any) -> dict[str, Any]:
    """A usual time activity; `...` takes a field away."""
    rows: Any = json.loads(page_body("quickbooks", "time_entries", 1))["QueryResponse"]["TimeActivity"]
    return {name: value for name, value in (rows[0] | changes).items() if value is not ...}


def read_time(row: dict[str, Any], book: Any = BOOK) -> Any:
    assert QBO.time_entries is not None
    assert QBO.time_entries.get is not None
    return play(QBO, QBO.time_entries.get("1", book), ok({"TimeActivity": row})).value


def test_categories_are_tracking_values_and_no_service_items(quickbooks: Vendor) -> None:
    items, values = quickbooks.every("service_items"), quickbooks.every("tracking")
    categories = {value.id: value for value in values if value.dimension == "category"}

    assert {item.kind_native for item in items} == {"Service"}
    assert {item.category for item in items if item.category} == set(categories)
    assert [value.name for value in categories.values()] == ["Tax work"]
    assert {item.rate for item in items if item.sku == "BK-MONTH"} == {Decimal(420)}
    get = quickbooks.binding("service_items").get
    assert get is not None
    with pytest.raises(NotFound):
        quickbooks.run(get(next(iter(categories.values())).remote_id.partition(":")[2], quickbooks.book))


def test_tracking_goes_through_all_three_dimensions(quickbooks: Vendor) -> None:
    values = quickbooks.every("tracking", limit=2)
    locations = quickbooks.every("tracking", filters={"dimension": ("location",)})

    assert [value.dimension for value in values] == ["class"] * 3 + ["location"] * 2 + ["category"]
    assert [value.name for value in locations] == ["Downtown", "Riverside"]
    assert len({value.id for value in values}) == len(values), "a location and an item may share a number"


def test_inactive_items_and_staff_are_listed_unless_left_out(quickbooks: Vendor) -> None:
    for resource in ("service_items", "users"):
        everything = quickbooks.every(resource)
        active = quickbooks.every(resource, filters={"active": ("true",)})
        gone = quickbooks.every(resource, filters={"active": ("false",)})
        assert gone
        assert len(active) + len(gone) == len(everything)


def test_clocked_time_is_what_lies_between_less_the_break() -> None:
    clock = {"StartTime": "2026-10-05T09:00:00-07:00", "EndTime": "2026-10-05T11:30:00-07:00"}
    found = read_time(time_row(Hours=..., Minutes=..., BreakMinutes=20, **clock))

    assert found.minutes == 130


def test_time_without_a_length_is_drift() -> None:
    with pytest.raises(SchemaDrift):
        read_time(time_row(Hours=..., Minutes=...))


def test_a_rate_without_a_currency_is_drift_and_no_rate_needs_none() -> None:
    with pytest.raises(SchemaDrift):
        read_time(time_row(), NO_CURRENCY)

    assert read_time(time_row(HourlyRate=...), NO_CURRENCY).rate is None
    assert read_time(time_row()).rate == Money(6515, "USD")


@pytest.mark.parametrize(
    ("status", "billable", "state"),
    [("Billable", True, "open"), ("NotBillable", False, "open"), ("HasBeenBilled", True, "billed")],
)
def test_billed_time_is_billable_time(status: str, billable: bool, state: str) -> None:
    found = read_time(time_row(BillableStatus=status))

    assert (found.billable, found.state, found.state_native) == (billable, state, status)


def test_time_is_recorded_changed_and_deleted(quickbooks: Vendor) -> None:
    binding, book = quickbooks.binding("time_entries"), quickbooks.book
    assert binding.create is not None
    assert binding.update is not None
    assert binding.delete is not None
    assert binding.get is not None
    user = quickbooks.every("users")[0]
    client = quickbooks.every("clients", filters={"status": ("active",)})[0]
    new = TimeEntryCreate(user=user.id, client=client.id, worked_on=date(2026, 11, 3), minutes=95, description="Call")
    made = quickbooks.run(binding.create(new, "a", book))
    change = TimeEntryUpdate(minutes=30, billable=False, description=None)
    changed = quickbooks.run(binding.update(made.remote_id, change, made.version, "b", book))
    quickbooks.run(binding.delete(made.remote_id, None, "c", book))

    assert (made.user, made.client, made.minutes, made.billable) == (user.id, client.id, 95, True)
    assert (changed.minutes, changed.billable, changed.description) == (30, False, None)
    assert changed.worked_on == made.worked_on
    with pytest.raises(NotFound):
        quickbooks.run(binding.get(made.remote_id, book))


def test_what_quickbooks_cannot_say_of_time_is_refused(quickbooks: Vendor) -> None:
    binding, book = quickbooks.binding("time_entries"), quickbooks.book
    assert binding.create is not None
    assert binding.update is not None
    usual: dict[str, Any] = {
        "user": book.ref("usr_", "55"), "client": book.ref("cli_", "1"), "worked_on": date(2026, 11, 3),
    }  # fmt: skip
    rows = raw_records(quickbooks.http.get("/query", params={"query": "select * from TimeActivity"}).content,
                       binding.wire, many=True)  # fmt: skip
    clocked = str(next(row for row in rows if "StartTime" in row)["Id"])

    for new, pointer in (
        (TimeEntryCreate(**usual, minutes=5, task=book.ref("tsk_", "1")), "/task"),
        (TimeEntryCreate(**usual, minutes=0), "/minutes"),
        (TimeEntryCreate(**dict[str, Any](usual, user="usr_x"), minutes=5), "/user"),
    ):
        with pytest.raises(Invalid) as refused:
            quickbooks.run(binding.create(new, pointer, book))
        assert refused.value.fields[0].pointer == pointer
    with pytest.raises(Invalid) as refused:
        quickbooks.run(binding.update(clocked, TimeEntryUpdate(minutes=5), None, "k", book))
    assert refused.value.fields[0].pointer == "/minutes"


def test_files_of_one_client_are_found_and_never_show_their_address(quickbooks: Vendor) -> None:
    binding = quickbooks.binding("documents")
    assert binding.page is not None
    document = next(found for found in quickbooks.every("documents") if found.media_type)
    client = document.client
    remote = next(found.remote_id for found in quickbooks.every("clients") if found.id == client)
    found = quickbooks.every("documents", filters={"client": (remote,)})
    flow = binding.page(Query(limit=5), quickbooks.book)
    answer = quickbooks.send(next(flow))
    rows = raw_records(answer.body, binding.wire, many=True, redact=quickbooks.connector.redact)

    assert found == [document]
    assert b"TempDownloadUri" in answer.body
    assert "TempDownloadUri" not in str(rows)


def test_a_file_is_renamed_and_deleted(quickbooks: Vendor) -> None:
    binding, book = quickbooks.binding("documents"), quickbooks.book
    assert binding.update is not None
    assert binding.delete is not None
    document = next(found for found in quickbooks.every("documents") if found.media_type)
    change = DocumentUpdate(name="renamed.pdf", summary="Checked")
    changed = quickbooks.run(binding.update(document.remote_id, change, document.version, "a", book))
    with pytest.raises(Invalid) as refused:
        quickbooks.run(binding.update(document.remote_id, DocumentUpdate(review=ReviewState.APPROVED), None, "b", book))
    quickbooks.run(binding.delete(document.remote_id, None, "c", book))

    assert (changed.name, changed.summary, changed.category) == ("renamed.pdf", "Checked", document.category)
    assert refused.value.fields[0].pointer == "/review"
    assert document.id not in {found.id for found in quickbooks.every("documents")}


def test_a_note_without_a_file_is_named_by_its_text(quickbooks: Vendor) -> None:
    notes = [found for found in quickbooks.every("documents") if found.media_type is None]

    assert notes
    assert all(found.name == found.summary and found.size_bytes is None for found in notes)
