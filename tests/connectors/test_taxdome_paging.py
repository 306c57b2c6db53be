"""Pages by number: what leads forward, what does not, and lists made of several."""

import json
from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging, SchemaDrift
from service.connectors.sdk.flow import Response
from service.connectors.taxdome.connector import TAXDOME
from service.ids import Book
from service.resources.common import Money
from tests.bench.pages import page_body
from tests.connectors.flows import Played, ok, play

BOOK = Book(UUID(int=7), 0, "acc_1", "USD")


def rows(resource: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(page_body("taxdome", resource, count))["items"]
    return found


def listed(items: list[dict[str, Any]], next_page: int | None) -> Response:
    return ok({"items": items, "next_page": next_page})


def page(resource: str, *answers: Response, book: Book = BOOK, **query: Any) -> Played[RemotePage[Any]]:
    port = TAXDOME.bindings()[resource].page
    assert port is not None
    return play(TAXDOME, port(Query(limit=query.pop("limit", 50), **query), book), *answers)


def asked(played: Played[RemotePage[Any]], index: int = 0) -> dict[str, str]:
    return dict(played.requests[index].query)


def test_the_next_page_is_the_one_that_the_vendor_names() -> None:
    first = page("invoices", listed(rows("invoices", 2), 2), limit=2)
    second = page("invoices", listed(rows("invoices", 1), None), position=first.value.next, limit=2)

    assert (asked(first), asked(second)) == ({"page": "1", "per_page": "2"}, {"page": "2", "per_page": "2"})
    assert (len(first.value.records), second.value.next) == (2, None)


def test_a_page_keeps_the_size_that_its_numbers_count_in() -> None:
    first = page("invoices", listed(rows("invoices", 2), 2), limit=30)

    assert asked(page("invoices", listed([], None), position=first.value.next, limit=90))["per_page"] == "30"


def test_no_page_is_asked_larger_than_a_hundred() -> None:
    assert asked(page("invoices", listed([], None), limit=200))["per_page"] == "100"


def test_an_empty_page_in_the_middle_ends_nothing() -> None:
    found = page("invoices", listed([], 3), position="0.2.50").value

    assert (found.records, found.next) == ([], "0.3.50")


@pytest.mark.parametrize("number", [1, 2, 0, -1])
def test_a_page_that_does_not_lead_forward_is_broken_paging(number: int) -> None:
    with pytest.raises(BrokenPaging):
        page("invoices", listed(rows("invoices", 1), number), position="0.2.50")
    with pytest.raises(BrokenPaging):
        page("messages", listed(rows("threads", 1), number), position="2.0.1.50")


@pytest.mark.parametrize("body", [{"items": []}, {"next_page": None}, [], {"items": None, "next_page": None}])
def test_a_list_in_another_shape_is_drift_and_not_an_empty_list(body: object) -> None:
    with pytest.raises(SchemaDrift):
        page("clients", ok(body))


def test_areas_follow_one_another_and_empty_ones_are_passed_over() -> None:
    first = page("documents", listed(rows("documents", 1), None))
    second = page("documents", listed([], None), listed(rows("documents", 1), 2), position=first.value.next)

    assert asked(first)["folder"] == "client_uploaded"
    assert [asked(second, index)["folder"] for index in (0, 1)] == ["firm_shared", "organizer"]
    assert second.value.next == "2.2.50"
    last = page("documents", listed(rows("documents", 1), None), position="3.1.50").value.next
    files = page("documents", listed(rows("threads", 1), None), listed(rows("messages", 2), None), position=last)
    assert [file.area for file in files.value.records] == ["message", "message"]
    assert files.value.next is None


def test_areas_asked_for_are_the_only_ones_listed() -> None:
    found = page("documents", listed([], None), listed([], None), filters={"area": ("private", "client_uploaded")})

    assert [asked(found, index)["folder"] for index in (0, 1)] == ["client_uploaded", "private"]
    assert (found.value.records, found.value.next) == ([], None)


def test_jobs_come_before_tasks() -> None:
    task = {"id": "t1", "job_id": "job_1", "name": "Call", "status": "planned", "done": False}
    jobs = page("tasks", listed(rows("tasks", 1), None))
    tasks = page("tasks", listed([task], None), position=jobs.value.next)

    assert [one.requests[0].path for one in (jobs, tasks)] == ["/jobs", "/tasks"]
    assert tasks.value.records[0].parent == jobs.value.records[0].id
    assert tasks.value.next is None


def test_threads_are_walked_message_page_by_message_page() -> None:
    threads = listed(rows("threads", 3), 2)
    first = page("messages", threads, listed([], None), listed(rows("messages", 1), 2))
    second = page("messages", threads, listed(rows("messages", 1), None), position=first.value.next)
    last = page("messages", threads, listed(rows("messages", 1), None), position=second.value.next)

    assert [one.requests[-1].path for one in (first, second, last)] == [
        "/threads/thr_2/messages",
        "/threads/thr_2/messages",
        "/threads/thr_3/messages",
    ]
    assert last.value.next == "2.0.1.50"


def only(resource: str, book: Book = BOOK, **changes: object) -> Any:
    """The unified record that a usual one with these changes becomes."""
    (record,) = page(resource, listed([rows(resource, 1)[0] | changes], None), book=book).value.records
    return record


@pytest.mark.parametrize("resource", ["invoices", "payments", "tasks", "organizers", "engagements", "signatures"])
def test_an_unknown_word_is_other_and_kept(resource: str) -> None:
    found = only(resource, status="Unheard of")

    assert (found.status, found.status_native) == ("other", "Unheard of")


WORDS = {
    "no_status": "todo",
    "planned": "todo",
    "in_progress": "doing",
    "in_review": "doing",
    "on_hold": "blocked",
    "extended": "blocked",
    "waiting_for_client": "blocked",
    "waiting_for_signatures": "blocked",
    "waiting_for_agency": "blocked",
    "completed": "done",
    "canceled": "cancelled",
}


@pytest.mark.parametrize(("word", "status"), WORDS.items())
def test_all_eleven_words_of_a_task_are_known(word: str, status: str) -> None:
    task = {"id": "t1", "job_id": None, "name": "Call", "status": word, "done": False}
    (found,) = page("tasks", listed([task], None), position="1.1.50").value.records

    assert (found.status, found.status_native, found.parent) == (status, word, None)


@pytest.mark.parametrize(
    ("word", "approval", "signing"),
    [
        (None, "none", "none"),
        ("pending_payment", "none", "none"),
        ("pending_approval", "pending", "none"),
        ("approved", "approved", "none"),
        ("disapproved", "rejected", "none"),
        ("pending_e_signature", "none", "pending"),
        ("signed", "none", "signed"),
        ("declined_signature", "none", "declined"),
        ("sealed", "none", "sealed"),
        ("Unheard of", "other", "other"),
    ],
)
def test_a_documents_one_status_is_of_approval_or_of_signing(word: str | None, approval: str, signing: str) -> None:
    found = only("documents", status=word)

    assert (found.approval, found.signing, found.status_native) == (approval, signing, word)


def test_an_invoice_that_is_clearing_is_open_without_a_balance() -> None:
    found = only("invoices", status="in_progress")

    assert (found.status, found.status_native, found.balance) == ("open", "in_progress", UNSET)
    assert only("invoices", status="overdue").balance == Money(32575, "USD")


def test_a_refund_is_shown_with_its_payment() -> None:
    found = only("payments", refunds=[{"id": "ref_1", "amount": 20.25, "refunded_at": "2026-10-20T10:00:00Z"}])

    assert [refund.amount for refund in found.refunds] == [Money(2025, "USD")]


def test_a_currency_that_nobody_names_is_drift() -> None:
    nameless = Book(UUID(int=7), 0, "acc_1")
    for resource in ("payments", "time_entries"):
        with pytest.raises(SchemaDrift) as drift:
            only(resource, book=nameless)
        assert drift.value.path == "$.items[0].currency"

    assert only("invoices", book=nameless).currency == "USD"


def test_a_folder_too_long_for_an_id_is_left_to_the_path() -> None:
    path = "/" + "x" * 400
    found = only("documents", path=path)

    assert (found.folder, found.path) == (None, path)
    for long in ("€" * 100, "x" * 300):
        assert len(only("documents", path=f"/{long}").folder) <= 512
