from collections.abc import Callable
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging, SchemaDrift
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import Trail, cursor_page, offset_page, walk
from service.ids import Book
from tests.connectors.flows import BOOK, play

CANOPY = get_connector("canopy")


def same(row: str, book: Book) -> str:
    return row


@given(st.text(), st.integers(0, 40), st.integers(0, 10**9))
def test_a_trail_travels_inside_a_position(cursor: str, power: int, steps: int) -> None:
    trail = Trail("0123456789ab", power, steps)

    assert Trail.unpack(trail.pack(cursor)) == (trail, cursor)


@given(st.integers(0, 40), st.integers(1, 40))
def test_every_circle_is_noticed(lead: int, circle: int) -> None:
    steps = range(3 * (lead + circle) + 4)
    cursors = [f"c{step if step < lead else lead + (step - lead) % circle}" for step in steps]

    with pytest.raises(BrokenPaging):
        reduce(Trail.to, cursors, Trail())


@given(st.integers(1, 2000))
def test_a_way_without_circle_is_walked_to_its_end(length: int) -> None:
    trail = Trail()
    for step in range(length):
        trail = trail.to(f"c{step}")

    assert len(trail.pack("")) < 24


def test_a_repeated_cursor_is_broken_paging_at_once() -> None:
    first = cursor_page(["a"], "next", Query(limit=1), same, BOOK, "$")

    with pytest.raises(BrokenPaging):
        cursor_page(["b"], "next", Query(limit=1, position=first.next), same, BOOK, "$")


@pytest.mark.parametrize(("rows", "expected"), [(0, None), (1, None), (2, None), (3, "3")])
def test_an_offset_page_goes_on_only_when_there_is_more(rows: int, expected: str | None) -> None:
    found = offset_page(["x"] * rows, Query(limit=2), 1, same, BOOK, "$")

    assert found.next == expected
    assert len(found.records) == min(rows, 2)


def test_drift_in_a_row_is_reported_with_its_place() -> None:
    def strict(row: str, book: Book) -> str:
        if row == "bad":
            raise SchemaDrift("$.total", "Expected a number")
        return row

    with pytest.raises(SchemaDrift) as drift:
        offset_page(["good", "bad"], Query(limit=5), 0, strict, BOOK, "$.rows")

    assert drift.value.path == "$.rows[1].total"


def pages(*found: RemotePage[int]) -> Callable[[Query, Book], Flow[RemotePage[int]]]:
    """A port that answers the position n with the n-th page."""

    def page(query: Query, book: Book) -> Flow[RemotePage[int]]:
        yield Request(method="GET", path="/x", lane="read")
        return found[int(query.position or 0)]

    return page


def test_walk_takes_every_page_and_steps_over_empty_ones() -> None:
    port = pages(RemotePage([1, 2], "1"), RemotePage[int]([], "2"), RemotePage([3], None))
    taken: list[int] = []

    played = play(CANOPY, walk(port, Query(limit=2), BOOK, taken.extend), *[Response(200, {}, b"")] * 3)

    assert played.value == 3
    assert taken == [1, 2, 3]


def test_walk_stops_at_a_circle() -> None:
    port = pages(RemotePage([1], "1"), RemotePage([2], "2"), RemotePage([3], "1"))

    with pytest.raises(BrokenPaging):
        play(CANOPY, walk(port, Query(limit=1), BOOK, list), *[Response(200, {}, b"")] * 20)
