"""Uku: two headers, lists by cursor or row, faults of the credentials under 400."""

import json
from typing import Any

import pytest

from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    BrokenPaging,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    RateLimited,
    StaleVersion,
    Unavailable,
)
from service.connectors.sdk.flow import Response
from service.connectors.uku.clients import get, page
from service.connectors.uku.connector import UKU
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, ok, play

ROWS: list[dict[str, Any]] = json.loads(page_body("uku", "clients", 3))["data"]


def listed(*rows: dict[str, Any], more: bool, cursor: str | None = None) -> Response:
    return ok({"data": rows, "meta": {"has_more": more, "next_cursor": cursor}, "warnings": None})


def failed(status: int, code: str, **headers: str) -> Response:
    return Response(status, headers, json.dumps({"error": {"code": code, "message": "No"}}).encode())


def test_a_call_carries_the_key_and_the_company() -> None:
    assert UKU.auth.sign("uku_live_x\nc0") == (("x-api-key", "uku_live_x"), ("x-uku-company", "c0"))


def test_a_list_goes_on_by_its_cursor() -> None:
    first = play(UKU, page(Query(limit=1), BOOK), listed(ROWS[0], more=True, cursor="abc"))
    second = play(UKU, page(Query(limit=1, position=first.value.next), BOOK), listed(ROWS[1], more=False))

    assert dict(first.requests[0].query) == {"limit": "1"}
    assert dict(second.requests[0].query) == {"limit": "1", "cursor": "abc"}
    assert second.value.next is None


def test_a_list_without_cursors_goes_on_by_rows() -> None:
    position: str | None = None
    asked: list[dict[str, str]] = []
    for number in range(3):
        walked = play(UKU, page(Query(limit=1, position=position), BOOK), listed(ROWS[number], more=number < 2))
        position = walked.value.next
        asked.append(dict(walked.requests[0].query))

    assert asked == [{"limit": "1"}, {"limit": "1", "offset": "1"}, {"limit": "1", "offset": "2"}]
    assert position is None


def test_more_with_nothing_to_find_it_by_is_broken_paging() -> None:
    with pytest.raises(BrokenPaging):
        play(UKU, page(Query(limit=1), BOOK), listed(more=True))
    first = play(UKU, page(Query(limit=1), BOOK), listed(ROWS[0], more=True, cursor="abc"))
    with pytest.raises(BrokenPaging):
        play(UKU, page(Query(limit=1, position=first.value.next), BOOK), listed(ROWS[1], more=True))


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "VALIDATION_ERROR", Invalid),
        (400, "INVALID_COMPANY", ConnectionRefused),
        (400, "MISSING_AUTH", CredentialsExpired),
        (401, "UNAUTHENTICATED", CredentialsExpired),
        (403, "PLAN_UPGRADE_REQUIRED", ConnectionRefused),
        (412, "STALE_WRITE", StaleVersion),
        (503, "INTERNAL", Unavailable),
    ],
)
def test_a_failure_is_told_by_its_code_or_status(status: int, code: str, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        play(UKU, get("7", BOOK), failed(status, code))


def test_a_429_says_when_its_bucket_fills_again() -> None:
    headers = {"x-ratelimit-reset": "1795174290", "date": "Fri, 20 Nov 2026 11:31:00 GMT"}

    with pytest.raises(RateLimited) as limited:
        play(UKU, get("7", BOOK), failed(429, "RATE_LIMITED", **headers))
    assert limited.value.retry_after_s == 30


def test_ids_are_text_whatever_they_are_at_the_vendor() -> None:
    for remote_id in (4001, "4001"):
        record = play(UKU, get("4001", BOOK), ok({"data": ROWS[0] | {"id": remote_id}})).value

        assert record.remote_id == "4001"
