"""Ignition: lists in parts, limits told by a reset, failures."""

import json
from typing import Any

import pytest

from service.connectors.ignition.clients import page
from service.connectors.ignition.connector import IGNITION
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import BrokenPaging, ConnectionRefused, RateLimited
from service.connectors.sdk.flow import Response
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, ok, play

ROWS: list[dict[str, Any]] = json.loads(page_body("ignition", "clients", 2))["data"]


def listed(*rows: dict[str, Any], cursor: str | None = None, more: bool | None = None) -> Response:
    has_more = cursor is not None if more is None else more
    return ok({"data": rows, "meta": {"pagination": {"has_more": has_more, "next_cursor": cursor, "limit": 1}}})


def test_archived_clients_are_asked_for_when_all_others_are_listed() -> None:
    first = play(IGNITION, page(Query(limit=1), BOOK), listed(ROWS[0], cursor="abc"))
    second = play(IGNITION, page(Query(limit=1, position=first.value.next), BOOK), listed())
    third = play(IGNITION, page(Query(limit=1, position=second.value.next), BOOK), listed(ROWS[1]))

    asked = [dict(walked.requests[0].query) for walked in (first, second, third)]
    assert asked == [{"limit": "1"}, {"limit": "1", "cursor": "abc"}, {"limit": "1", "state": "archived"}]
    assert third.value.next is None


def test_states_are_asked_for_one_by_one() -> None:
    query = Query(limit=9, filters={"status": ("prospect", "archived")})
    first = play(IGNITION, page(query, BOOK), listed(ROWS[0]))

    assert dict(first.requests[0].query) == {"limit": "9", "state": "lead"}
    assert first.value.next == "1:"


def test_more_without_a_cursor_is_broken_paging() -> None:
    with pytest.raises(BrokenPaging):
        play(IGNITION, page(Query(limit=1), BOOK), listed(ROWS[0], more=True))


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"x-ratelimit-reset": "1795174290", "date": "Fri, 20 Nov 2026 11:31:00 GMT"}, 30.0),
        ({"x-ratelimit-reset": "1795174290", "date": "Fri, 20 Nov 2026 11:41:00 GMT"}, 0.0),
        ({"x-ratelimit-reset": "soon", "date": "Fri, 20 Nov 2026 11:31:00 GMT"}, None),
        ({"x-ratelimit-reset": "1795174290", "date": "today"}, None),
        ({"retry-after": "7", "x-ratelimit-reset": "1795174290", "date": "Fri, 20 Nov 2026 11:31:00 GMT"}, 7.0),
        ({}, None),
    ],
)
def test_a_429_says_when_the_hour_begins_anew(headers: dict[str, str], pause_s: float | None) -> None:
    with pytest.raises(RateLimited) as limited:
        play(IGNITION, page(Query(limit=1), BOOK), Response(429, headers, b"{}"))
    assert limited.value.retry_after_s == pause_s


def test_a_plan_or_role_that_may_not_read_asks_the_firm() -> None:
    body = json.dumps({"errors": [{"status": "403", "detail": "Admin only"}]}).encode()

    with pytest.raises(ConnectionRefused, match="Admin only"):
        play(IGNITION, page(Query(limit=1), BOOK), Response(403, {}, body))
