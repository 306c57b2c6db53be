"""Query strings: several values come in either way that generated clients write them, all else once."""

import pytest

from service.api.query import instant, pairs
from service.errors import ApiProblem


def test_repeated_name_that_takes_several_values_reads_as_with_commas() -> None:
    found = pairs(b"fields=id&limit=2&fields=version,meta", lambda name: name == "fields")

    assert found == [("fields", "id,version,meta"), ("limit", "2")]


def test_any_other_repeated_name_is_refused() -> None:
    with pytest.raises(ApiProblem) as refused:
        pairs(b"limit=2&limit=3", lambda name: name == "fields")

    assert refused.value.detail == "`limit`: Give it once."
    assert [(one.pointer, one.code) for one in refused.value.errors] == [("query/limit", "repeated")]


def test_offset_whose_plus_became_a_space_is_told_how_to_write_it() -> None:
    [(name, text)] = pairs(b"updated_after=2026-11-20T10:00:00+02:00")

    with pytest.raises(ApiProblem) as refused:
        instant(name, text)

    assert "%2B" in refused.value.detail
