"""The items of a QuickBooks batch: whatever is sent is refused at a place, or is known part by part."""

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.connectors.quickbooks.batch import Batch, bundle
from service.connectors.sdk.faults import Invalid
from service.connectors.sdk.passthrough import Part

BATCH = bundle(frozenset({"Term", "Preferences"}))

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Id", "Type", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)
names = st.sampled_from(["bId", "Query", "operation", "optionsData", "Customer", "Item", "Bill", "CDCQuery", "~/"])
items = st.lists(st.dictionaries(names, values, max_size=4), max_size=4)


def parts(*asked: dict[str, Any]) -> tuple[Part, ...]:
    return BATCH.parts(msgspec.json.decode(msgspec.json.encode({"BatchItemRequest": asked}), type=Batch))


@given(items)
def test_whatever_is_sent_is_refused_at_a_place_or_known(asked: list[dict[str, Any]]) -> None:
    refusal: Invalid | None = None
    found: tuple[Part, ...] = ()
    try:
        found = parts(*asked)
    except Invalid as refused:
        refusal = refused

    if refusal is not None:
        assert refusal.fields[0].pointer.startswith("/BatchItemRequest")
    else:
        assert [part.at for part in found] == [f"/BatchItemRequest/{place}" for place in range(len(asked))]
        assert all(bool(part.nouns) is (part.port != "read") for part in found)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from Customer",
        " SELECT\n*\nFROM Customer\nWHERE DisplayName = 'a;b' ",
        "select count(*) from Term",
        "select Id, Notes from Customer where DisplayName = 'O\\'Hara; from' orderby Id startposition 1 maxresults 5",
        "Select *, Line.* From Invoice Where Id In ('1','2')",
    ],
)
def test_statement_that_reads_one_entity_is_let_through(statement: str) -> None:
    (part,) = parts({"bId": "1", "Query": statement})

    assert (part.port, part.nouns) == ("read", ())


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "delete from Customer",
        "select * from",
        "select * from Customer;",
        "select * from Customer where DisplayName = 'a",
        "select * from Customer where DisplayName = 'a'; delete",
        "select from Customer",
        "update Customer set x = 1",
        "select * from Paycheck",
        "select * from customer",
    ],
)
def test_any_other_statement_is_refused(statement: str) -> None:
    with pytest.raises(Invalid) as refused:
        parts({"bId": "1", "Query": statement})

    assert refused.value.fields[0].pointer == "/BatchItemRequest/0/Query"


@pytest.mark.parametrize(
    "statement", ["select " + "from a " * 20_000 + ";", "select " + "a " * 60_000, "select * from A " + "'" * 60_001]
)
def test_long_statement_takes_no_longer_than_its_length(statement: str) -> None:
    began = time.process_time()

    with pytest.raises(Invalid):
        parts({"bId": "1", "Query": statement})

    assert time.process_time() - began < 0.5


def test_outcomes_name_the_records_that_were_written() -> None:
    answers: list[dict[str, Any]] = [
        {"bId": "1", "Customer": {"Id": "7"}},
        {"bId": "2", "Fault": {"Error": [], "type": "ValidationFault"}},
        {"bId": "3", "Item": {"Id": "8", "Type": "Category"}},
        {"bId": "4", "Item": {"Id": "9", "Type": "Service"}},
        {"bId": "5", "Department": {"Id": "10"}},
        {"bId": "6", "QueryResponse": {}},
        {"bId": "7", "Invoice": {"status": "Deleted", "Id": "11"}},
    ]

    done = BATCH.done(msgspec.json.encode({"BatchItemResponse": answers}))

    assert [(one.failed, one.noun, one.remote_id) for one in done] == [
        (False, "clients", "7"),
        (True, None, None),
        (False, "tracking", "category:8"),
        (False, "service_items", "9"),
        (False, "tracking", "location:10"),
        (False, None, None),
        (False, "invoices", "11"),
    ]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"BatchItemResponse": 7}', b'{"BatchItemResponse": [{"Customer": "x"}]}']
)
def test_answer_that_cannot_be_read_says_nothing_of_its_items(body: bytes) -> None:
    assert all(one.remote_id is None and not one.failed for one in BATCH.done(body))


def test_key_of_a_batch_has_36_characters_at_most() -> None:
    assert BATCH.once("k" * 32) == ("requestid", "k" * 32)
    assert len(BATCH.once("k" * 37)[1]) == 36
