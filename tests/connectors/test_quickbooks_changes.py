"""Change data capture of QuickBooks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import Invalid
from service.connectors.sdk.flow import Response
from service.resources.client import ClientStatus, ClientUpdate
from service.resources.common import Deleted, Money
from service.resources.credit import CreditCreate
from service.resources.invoice import InvoiceLineInput
from tests.connectors.flows import BOOK, ok, play
from tests.connectors.vendors import Vendor

QBO = get_connector("quickbooks")
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
STUB = {"domain": "QBO", "status": "Deleted", "Id": "65", "MetaData": {"LastUpdatedTime": "2026-11-02T08:00:00-08:00"}}


def captured(**rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"CDCResponse": [{"QueryResponse": [{entity: found, "startPosition": 1} for entity, found in rows.items()]}]}


def test_changes_since_an_hour_ago_are_those_made_since(quickbooks: Vendor) -> None:
    clients, memos = quickbooks.binding("clients"), quickbooks.binding("credits")
    assert clients.changes is not None
    assert clients.update is not None
    assert memos.changes is not None
    assert memos.create is not None
    assert memos.delete is not None
    since = datetime.now(UTC) - timedelta(hours=1)
    client = next(c for c in quickbooks.every("clients", filters={"status": ("active",)}) if c.currency == "USD")
    new = CreditCreate(client=client.id, lines=[InvoiceLineInput(amount=Money(500, "USD"))])
    credit = quickbooks.run(memos.create(new, "a", quickbooks.book))
    quickbooks.run(memos.delete(credit.remote_id, None, "b", quickbooks.book))
    change = ClientUpdate(status=ClientStatus.INACTIVE)
    changed = quickbooks.run(clients.update(client.remote_id, change, None, "c", quickbooks.book))

    of_clients = quickbooks.run(clients.changes(since, quickbooks.book))
    of_credits = quickbooks.run(memos.changes(since, quickbooks.book))
    assert [found.record for found in of_clients.changes] == [changed]
    assert [(found.remote_id, found.record) for found in of_credits.changes] == [(credit.remote_id, None)]
    assert of_clients.whole
    assert of_credits.whole


def test_several_resources_take_one_call() -> None:
    assert QBO.changes is not None
    flow = QBO.changes(SINCE, ("invoices", "tracking"), BOOK)
    row = {
        "Id": "7", "SyncToken": "0", "Name": "Tax", "Active": True,
        "MetaData": {"CreateTime": "2026-11-01T00:00:00Z", "LastUpdatedTime": "2026-11-02T00:00:00Z"},
    }  # fmt: skip
    items = [row | {"Type": "Category"}, row | {"Id": "8", "Type": "Service"}]
    played = play(QBO, flow, ok(captured(Invoice=[STUB], Class=[row], Item=items)))

    assert dict(played.requests[0].query)["entities"] == "Invoice,Class,Department,Item"
    invoice = played.value["invoices"].changes[0]
    assert (invoice.remote_id, invoice.record) == ("65", None)
    assert invoice.changed_at == datetime(2026, 11, 2, 16, tzinfo=UTC)
    assert [found.remote_id for found in played.value["tracking"].changes] == ["class:7", "category:7"]


def test_a_full_answer_is_asked_again_entity_by_entity() -> None:
    assert QBO.changes is not None
    full = [STUB | {"Id": str(number)} for number in range(1000)]
    played = play(
        QBO,
        QBO.changes(SINCE, ("invoices", "payments"), BOOK),
        ok(captured(Invoice=full)),
        ok(captured(Invoice=full)),
        ok(captured(Payment=[STUB])),
    )

    assert [dict(request.query)["entities"] for request in played.requests] == ["Invoice,Payment", "Invoice", "Payment"]
    assert not played.value["invoices"].whole, "even alone it is cut off"
    assert played.value["payments"].whole
    assert len(played.value["payments"].changes) == 1


def test_no_change_is_no_array_and_still_whole() -> None:
    assert QBO.invoices is not None
    assert QBO.invoices.changes is not None
    nothing: dict[str, Any] = {"CDCResponse": [{"QueryResponse": [{}]}]}

    changes = play(QBO, QBO.invoices.changes(SINCE, BOOK), ok(nothing)).value
    assert (changes.changes, changes.whole) == ([], True)


def test_looking_back_too_far_is_named(quickbooks: Vendor) -> None:
    changes = quickbooks.binding("invoices").changes
    assert changes is not None
    with pytest.raises(Invalid) as refused:
        quickbooks.run(changes(datetime.now(UTC) - timedelta(days=31), quickbooks.book))

    assert refused.value.fields[0].pointer == "/since"


def test_time_and_files_offer_no_changes() -> None:
    bindings = QBO.bindings()

    assert {name for name, binding in bindings.items() if binding.changes is None} == {"time_entries", "documents"}


def page_of(query: Query, *answers: Response) -> Any:
    assert QBO.invoices is not None
    assert QBO.invoices.page is not None
    return play(QBO, QBO.invoices.page(query, BOOK), *answers)


NOBODY = ok({"QueryResponse": {}})
NOTHING: dict[str, Any] = {"CDCResponse": [{"QueryResponse": [{}]}]}


def test_the_first_page_tells_what_was_deleted() -> None:
    query = Query(limit=5, updated_after=SINCE, include_deleted=True)
    played = page_of(query, ok(captured(Invoice=[STUB])), NOBODY)

    assert played.value.deleted == [Deleted(BOOK.ref("inv_", "65"), "65", datetime(2026, 11, 2, 16, tzinfo=UTC))]
    assert [request.path for request in played.requests] == ["/cdc", "/query"]


def test_pages_after_the_first_tell_no_deletions() -> None:
    played = page_of(Query(limit=5, position="6", updated_after=SINCE, include_deleted=True), NOBODY)

    assert played.value.deleted is None


def test_nothing_deleted_is_an_empty_list() -> None:
    query = Query(limit=5, updated_after=SINCE, include_deleted=True)

    assert page_of(query, ok(NOTHING), NOBODY).value.deleted == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        (Query(limit=5, include_deleted=True), "query/updated_after"),
        (
            Query(limit=5, include_deleted=True, updated_after=SINCE, filters={"client": ("1",)}),
            "query/include_deleted",
        ),
    ],
)
def test_deletions_are_told_since_an_instant_and_unfiltered(query: Query, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        page_of(query)

    assert refused.value.fields[0].pointer == pointer


def test_more_changes_than_quickbooks_tells_are_not_passed_over() -> None:
    full = [STUB | {"Id": str(number)} for number in range(1000)]
    with pytest.raises(Invalid) as refused:
        page_of(Query(limit=5, updated_after=SINCE, include_deleted=True), ok(captured(Invoice=full)))

    assert (refused.value.fields[0].pointer, refused.value.fields[0].code) == ("query/updated_after", "too_many")


def test_what_is_deleted_is_told_and_too_far_back_is_named(quickbooks: Vendor) -> None:
    credit = quickbooks.every("credits")[0]
    delete = quickbooks.binding("credits").delete
    page = quickbooks.binding("credits").page
    assert delete is not None
    assert page is not None
    quickbooks.run(delete(credit.remote_id, None, "gone", quickbooks.book))
    recent = Query(limit=5, updated_after=datetime.now(UTC) - timedelta(days=29), include_deleted=True)
    old = Query(limit=5, updated_after=datetime.now(UTC) - timedelta(days=31), include_deleted=True)

    found = quickbooks.run(page(recent, quickbooks.book))
    with pytest.raises(Invalid) as refused:
        quickbooks.run(page(old, quickbooks.book))

    assert [gone.id for gone in found.deleted or []] == [credit.id]
    assert (refused.value.fields[0].pointer, refused.value.fields[0].code) == ("query/updated_after", "too_far_back")
