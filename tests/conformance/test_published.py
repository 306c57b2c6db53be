"""That calls which a vendor does not publish are seen, and that ours stay what is published whatever is looked for."""

import pytest

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import Invalid
from tests.conformance.published import STATEMENT, strange
from tests.connectors.flows import BOOK, ok, play

HOST = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("vendor", "method", "call"),
    [
        ("quickbooks", "GET", "/v3/company/9/customers/1?minorversion=75"),
        ("quickbooks", "PATCH", "/v3/company/9/customer?minorversion=75"),
        (
            "quickbooks",
            "GET",
            "/v3/company/9/query?query=select%20*%20from%20Customer%20where%20A%20%3D%20'x'%20or%20'y'",
        ),
        ("quickbooks", "GET", "/v3/company/9/customer/1?minorversion=1"),
        ("karbon", "GET", "/v3/Contacts?%24top=500"),
        ("karbon", "GET", "/v3/People"),
        ("sodium", "GET", "/tenants/t/clients?limit=51"),
        ("sodium", "GET", "/tenants/t/tasks/projected/x"),
        ("sodium", "GET", "/tenants/t/clients/a/b/clientdates"),
        ("xpm", "GET", "/practicemanager/3.1/client.api/list"),
    ],
)
def test_what_is_not_published_is_seen(vendor: str, method: str, call: str) -> None:
    assert len(strange(vendor, [(method, HOST + call)])) == 1


def test_a_vendor_that_publishes_nothing_cannot_be_held_to_it() -> None:
    assert strange("taxdome", [("GET", f"{HOST}/anything")]) == []


@pytest.mark.parametrize("text", ["O'Hara", "back\\", "\\'", "' or Active = true --", "x') or ('", "a" * 300, "日本"])
def test_a_statement_stays_one_whatever_is_looked_for(text: str) -> None:
    connector = get_connector("quickbooks")
    for resource, binding in connector.bindings().items():
        for name in (name for name, kept in binding.filters.items() if kept.kind == "text"):
            assert binding.page is not None
            flow = binding.page(Query(limit=5, filters={name: (text,)}), BOOK)
            asked = play(connector, flow, ok({"QueryResponse": {}})).requests

            for request in asked:
                assert STATEMENT.fullmatch(dict(request.query)["query"]), (resource, name)


def test_what_the_language_cannot_say_is_refused() -> None:
    customers = get_connector("quickbooks").clients
    assert customers is not None
    assert customers.page is not None
    texts = [name for name, kept in customers.filters.items() if kept.kind == "text"]

    assert texts
    with pytest.raises(Invalid):
        next(customers.page(Query(limit=5, filters={texts[0]: ("two\nlines",)}), BOOK))
