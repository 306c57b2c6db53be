import json
from typing import Annotated

import msgspec
import pytest
from msgspec import Struct

from service.connectors.sdk.binding import Wire
from service.connectors.sdk.faults import Malformed
from service.connectors.sdk.wire import UNMAPPED, raw_records, unmapped


class Part(Struct):
    kept: str
    parts: "list[Part]" = []


class Whole(Struct, rename={"class_": "class"}):
    name: str
    class_: str | None = None
    note: Annotated[str | None, UNMAPPED] = None
    part: Part | None = None
    parts: list[Part] = []


WIRE = Wire(Whole, one=("Whole",), many=("Query", "Whole"))


def test_a_record_that_is_declared_whole_leaves_nothing() -> None:
    assert unmapped({"name": "x", "class": "y", "part": {"kept": "z"}, "parts": [{"kept": "z"}]}, Whole) == {}


def test_what_is_not_declared_is_left_at_any_depth() -> None:
    record = {
        "name": "x",
        "Lat": "INVALID",
        "part": {"kept": "z", "more": 1},
        "parts": [{"kept": "z"}, {"kept": "z", "parts": [{"kept": "z", "deep": [1]}]}],
    }

    assert unmapped(record, Whole) == {
        "Lat": "INVALID",
        "part": {"more": 1},
        "parts": [{}, {"parts": [{"deep": [1]}]}],
    }


def test_what_is_read_without_a_place_of_its_own_is_left() -> None:
    assert unmapped({"name": "x", "note": "Voided"}, Whole) == {"note": "Voided"}


def test_redacted_names_appear_nowhere() -> None:
    record = {"name": "x", "ssn": "1", "part": {"ssn": "2", "more": {"ssn": "3", "rest": 4}}}
    body = json.dumps({"Whole": record}).encode()
    redact = frozenset({"ssn"})

    assert unmapped(record, Whole, redact) == {"part": {"more": {"rest": 4}}}
    assert raw_records(body, WIRE, many=False, redact=redact) == [{"name": "x", "part": {"more": {"rest": 4}}}]


def test_raw_numbers_keep_their_digits() -> None:
    found = raw_records(b'{"Whole":{"name":"x","total":0.10000000000000000001,"count":3}}', WIRE, many=False)

    assert msgspec.json.encode(found) == b'[{"name":"x","total":0.10000000000000000001,"count":3}]'


@pytest.mark.parametrize("body", [b'{"Query":{}}', b"{}", b"[]", b'{"Query":{"Whole":[]}}'])
def test_a_list_that_vanished_is_empty(body: bytes) -> None:
    assert raw_records(body, WIRE, many=True) == []


@pytest.mark.parametrize("body", [b"<html>", b'{"Query":', b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        raw_records(body, WIRE, many=True)
