"""XML is read as JSON in its shape, and nothing in it is acted upon."""

import json

import pytest

from service.connectors.sdk.faults import Malformed
from service.connectors.sdk.flow import Response
from service.connectors.sdk.xml import xml_as_json

BOMB = (
    '<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]>'
    "<Response><Status>&d;</Status></Response>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><Response><Status>&b;</Status></Response>'


def read(text: str, status: int = 200) -> object:
    found: object = json.loads(xml_as_json(Response(status, {}, text.encode())).body)
    return found


def test_elements_that_repeat_are_an_array_and_one_alone_is_not() -> None:
    assert read("<R><A><B>1</B><B>2</B><B>3</B></A><C><B>1</B></C></R>") == {
        "R": {"A": {"B": ["1", "2", "3"]}, "C": {"B": "1"}}
    }


def test_empty_elements_are_null_and_space_around_text_is_not_text() -> None:
    assert read("<R><A /><B></B><C> x &amp; y\n</C></R>") == {"R": {"A": None, "B": None, "C": "x & y"}}


def test_attributes_stand_beside_and_namespaces_are_dropped() -> None:
    assert read('<n:R xmlns:n="urn:x" api-method="List"><n:A id="7">x</n:A></n:R>') == {
        "R": {"@api-method": "List", "A": {"@id": "7", "#text": "x"}}
    }


def test_element_that_says_it_is_nil_is_null() -> None:
    assert read('<R xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><A i:nil="true" /><B i:nil="1">x</B></R>') == {
        "R": {"A": None, "B": None}
    }


def test_json_stays_as_it_came() -> None:
    answer = Response(200, {}, b'{"Response": {}}')

    assert xml_as_json(answer) is answer


@pytest.mark.parametrize(
    "text",
    [BOMB, OUTSIDE, "<!doctype html><title>Maintenance</title>", "<R><A></R>", "<A>" * 60 + "</A>" * 60],
    ids=["bomb", "outside", "page", "broken", "deep"],
)
def test_what_is_dangerous_or_broken_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as malformed:
        read(text)
    assert "boom" not in str(malformed.value)


def test_a_failure_with_a_page_keeps_its_status() -> None:
    answer = Response(503, {}, b"<!doctype html><title>Maintenance</title>")

    assert xml_as_json(answer) is answer
