"""The array in a QuickBooks answer is left out when nothing was found, and only then."""

from typing import Any

import pytest

from service.connectors.quickbooks.connector import QUICKBOOKS
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import SchemaDrift
from tests.connectors.flows import BOOK, ok, play

RESOURCES = tuple(QUICKBOOKS.bindings())


def records(resource: str, answer: dict[str, Any]) -> list[Any]:
    page = QUICKBOOKS.bindings()[resource].page
    assert page is not None
    found: list[Any] = play(QUICKBOOKS, page(Query(limit=50), BOOK), ok({"QueryResponse": answer})).value.records
    return found


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    "answer",
    [
        {"startPosition": 1, "maxResults": 2},
        {"maxResults": 2},
        {"startPosition": 1},
        {"Renamed": [{"Id": "1"}], "maxResults": 1},
    ],
)
def test_rows_that_are_counted_and_not_there_are_drift(resource: str, answer: dict[str, Any]) -> None:
    with pytest.raises(SchemaDrift) as drift:
        records(resource, answer)

    assert drift.value.path.startswith("$.QueryResponse.")


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("answer", [{}, {"maxResults": 0}, {"startPosition": 101, "maxResults": 0}])
def test_nothing_found_is_an_empty_page(resource: str, answer: dict[str, Any]) -> None:
    assert records(resource, answer) == []
