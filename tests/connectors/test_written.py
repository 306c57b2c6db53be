"""Whether a record says what was written."""

from datetime import date

import pytest
from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.faults import Invalid, NotFound, NotWritten, OutcomeUnknown
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.written import agrees, as_changed, gone


class Line(Struct, frozen=True):
    text: str
    id: str | None = None


class Record(Struct, frozen=True, kw_only=True):
    name: str
    due: date | None = None
    lines: tuple[Line, ...] = ()
    version: str = "7"


class Change(Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    due: date | None | UnsetType = UNSET
    lines: tuple[Line, ...] | UnsetType = UNSET
    secret: str | UnsetType = UNSET


WRITTEN = Record(name="Alder", due=date(2026, 11, 20), lines=(Line("Form 1120-S", "1"), Line("Filing fee", "2")))


@pytest.mark.parametrize(
    ("change", "agreed"),
    [
        (Change(name="Alder"), True),
        (Change(name="Birch"), False),
        (Change(name="Alder", due=date(2026, 11, 20)), True),
        (Change(due=None), False),
        (Change(due=date(2026, 11, 21)), False),
        (Change(lines=(Line("Form 1120-S", "1"), Line("Filing fee", "2"))), True),
        (Change(lines=(Line("Form 1120-S", "1"),)), False),
        (Change(lines=()), False),
        (Change(secret="x"), False),  # what a record does not show, nobody can see in it
        (Change(), False),
    ],
)
def test_record_agrees_only_where_it_says_all_that_was_said(change: Change, agreed: bool) -> None:
    assert agrees(change, WRITTEN) is agreed


def test_what_was_emptied_agrees_with_what_is_empty() -> None:
    assert agrees(Change(due=None), Record(name="Alder"))


READ = Request(method="GET", path="/clients/1", lane="read")


def record() -> Flow[Record]:
    yield READ
    return WRITTEN


def ended(flow: Flow[object], fault: Exception | None = None) -> object:
    next(flow)
    try:
        if fault is None:
            flow.send(Response(200, {}, b""))
        else:
            flow.throw(fault)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the flow asks again")


def test_change_that_shows_is_the_record() -> None:
    assert ended(as_changed(record(), Change(name="Alder"))) is WRITTEN


@pytest.mark.parametrize(("change", "fault"), [("Birch", None), ("Alder", NotFound())])
def test_change_that_does_not_show_is_unknown(change: str, fault: Exception | None) -> None:
    with pytest.raises(OutcomeUnknown):
        ended(as_changed(record(), Change(name=change)), fault)


def test_record_that_is_gone_was_deleted() -> None:
    assert ended(gone(record()), NotFound()) is None


def test_record_that_is_there_was_not_deleted() -> None:
    with pytest.raises(NotWritten):
        ended(gone(record()))


def test_other_faults_of_a_look_are_told_as_they_are() -> None:
    with pytest.raises(Invalid):
        ended(gone(record()), Invalid())
