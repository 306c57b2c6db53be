from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.connectors.quickbooks.statement import literal
from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import Invalid, NotFound
from service.connectors.sdk.flow import Response
from tests.connectors.flows import BOOK, ok, play

QBO = get_connector("quickbooks")
PRINTABLE = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs", "Cc"]))


def read_literal(text: str) -> tuple[str, str]:
    """The value of the quoted literal that `text` starts with, and what follows it, by the vendor's grammar."""
    assert text[0] == "'"
    value, position = "", 1
    while text[position] != "'":
        position += text[position] == "\\"
        value += text[position]
        position += 1
    return value, text[position + 1 :]


@given(PRINTABLE)
def test_a_literal_reads_back_as_its_value_and_ends_where_it_ends(value: str) -> None:
    assert read_literal(literal(value) + " and more") == (value, " and more")


@given(PRINTABLE)
def test_no_name_escapes_from_its_place(value: str) -> None:
    assert QBO.clients is not None
    assert QBO.clients.page is not None
    query = Query(limit=10, filters={"name": (value,)})
    sent = play(QBO, QBO.clients.page(query, BOOK), ok({"QueryResponse": {}})).query()

    before, _, rest = sent.partition("DisplayName = ")
    assert before == "select * from Customer where Active IN (true,false) and "
    assert read_literal(rest) == (value, " orderby Id ASC startposition 1 maxresults 11")


@pytest.mark.parametrize(
    ("resource", "query", "statement"),
    [
        ("clients", Query(limit=50), "where Active IN (true,false) orderby Id ASC startposition 1 maxresults 51"),
        (
            "clients",
            Query(limit=200, position="201", filters={"status": ("inactive",)}, sort="-updated_at"),
            "where Active IN (false) orderby MetaData.LastUpdatedTime DESC startposition 201 maxresults 201",
        ),
        (
            "clients",
            Query(limit=1, filters={"status": ("active", "inactive"), "name_contains": ("O'N",)}),
            "where Active IN (true,false) and DisplayName LIKE '%O\\'N%' orderby Id ASC startposition 1 maxresults 2",
        ),
        (
            "invoices",
            Query(limit=1, filters={"status": ("paid",), "client": ("7",), "issued_from": ("2026-01-01",)}),
            "where Balance = '0' and TotalAmt > '0' and CustomerRef = '7' and TxnDate >= '2026-01-01' "
            "orderby Id ASC startposition 1 maxresults 2",
        ),
        (
            "invoices",
            Query(limit=1, filters={"balance": ("outstanding", "settled")}, sort="due_on"),
            "orderby DueDate ASC startposition 1 maxresults 2",
        ),
        (
            "payments",
            Query(limit=1, updated_after=datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))),
            "where MetaData.LastUpdatedTime >= '2025-12-31T23:00:00+00:00' orderby Id ASC startposition 1 maxresults 2",
        ),
        (
            "credits",
            Query(limit=1, filters={"number": ("2001",), "issued_to": ("2026-06-30",)}),
            "where DocNumber = '2001' and TxnDate <= '2026-06-30' orderby Id ASC startposition 1 maxresults 2",
        ),
    ],
)
def test_a_list_becomes_one_statement(resource: str, query: Query, statement: str) -> None:
    page = QBO.bindings()[resource].page
    assert page is not None
    played = play(QBO, page(query, BOOK), ok({"QueryResponse": {}, "time": "x"}))

    assert played.query().partition(" ")[0] == "select"
    assert played.query().split(" ", 4)[4] == statement
    assert dict(played.requests[0].query)["minorversion"] == "75"
    assert (played.value.records, played.value.next) == ([], None)


def test_every_declared_filter_and_sort_has_its_condition() -> None:
    values = {"text": ("x",), "reference": ("7",), "date": ("2026-01-01",)}
    for binding in QBO.bindings().values():
        assert binding.page is not None
        for name, filter_ in binding.filters.items():
            asked = values.get(filter_.kind) or (filter_.choices[0],)
            play(QBO, binding.page(Query(limit=1, filters={name: asked}), BOOK), ok({"QueryResponse": {}}))
        for sort in binding.sorts:
            play(QBO, binding.page(Query(limit=1, sort=sort), BOOK), ok({"QueryResponse": {}}))


@pytest.mark.parametrize(("name", "value"), [("name", "a\nb"), ("name_contains", "100%")])
def test_what_cannot_be_searched_for_is_refused_at_its_filter(name: str, value: str) -> None:
    assert QBO.clients is not None
    assert QBO.clients.page is not None

    with pytest.raises(Invalid) as fault:
        play(QBO, QBO.clients.page(Query(limit=1, filters={name: (value,)}), BOOK))

    assert fault.value.fields[0].pointer == f"/filter/{name}"


@pytest.mark.parametrize("remote_id", ["..", ".", "1/pdf", "1?x=y", "1#", "", "%2e%2e", "ü", "a b"])
def test_an_id_that_is_no_id_never_reaches_the_vendor(remote_id: str) -> None:
    for connector in (QBO, get_connector("canopy")):
        for binding in connector.bindings().values():
            assert binding.get is not None
            with pytest.raises(NotFound):
                play(connector, binding.get(remote_id, BOOK), Response(200, {}, b"{}"))
