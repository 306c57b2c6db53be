"""The format of `queries.sql`."""

import pytest

from service.db.queries import parse


def test_queries_are_found_with_name_and_purpose() -> None:
    found = parse("-- name: get_one\n-- Gets one.\nSELECT 1;\n\n-- name: list_all\n-- Lists.\nSELECT 2\n;\n")

    assert [(query.name, query.purpose, query.sql.strip()) for query in found] == [
        ("get_one", "Gets one.", "SELECT 1"),
        ("list_all", "Lists.", "SELECT 2"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "-- name: get_one\nSELECT 1;",
        "-- name: one\n-- No verb.\nSELECT 1;",
        "-- name: get_one\n-- A.\nSELECT 1;\n-- name: get_one\n-- B.\nSELECT 2;",
    ],
)
def test_query_without_purpose_verb_or_own_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quer"):
        parse(text)
