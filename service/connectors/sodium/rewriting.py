"""Lists of small records below another one, written as a whole: what is not named any more goes."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import invalid
from service.connectors.sodium import calls


class Row(Struct, frozen=True):
    """One record as it shall be: what changes of the one that has the code, or all of a new one."""

    code: str | None
    body: dict[str, Any]


class _Coded(Struct, frozen=True, gc=False):
    code: str


_read: Final = json_reader(calls.Paged[_Coded])


def rewrite(path: str, wanted: Sequence[Row], pointer: str, drop: frozenset[str] = frozenset()) -> Flow[None]:
    """Changes, deletes and makes the records at `path`, in this order: what is new comes last, so that a write which
    breaks off and is sent again makes nothing twice.

    Raises Invalid, before anything is written, for a code that is not there and for more records than are read.
    """
    answer = _read((yield calls.list_rows(path, 0, calls.MAX_PAGE)))
    if calls.has_more(answer, 0, calls.MAX_PAGE):
        raise invalid(
            pointer, "too_many", f"More than {calls.MAX_PAGE} are there: change them one by one, as they are."
        )
    there = {row.code for row in answer.data}
    for index, row in enumerate(wanted):
        if row.code is not None and row.code not in there:
            raise invalid(f"{pointer}/{index}/id", "not_found", "There is none with this id.")
    for row in wanted:
        if row.code is not None and row.body:
            one = calls.below(path, row.code)
            yield calls.write("PUT", one, calls.replacement((yield calls.read_one(one)), row.body, drop))
    for code in sorted(there - {row.code for row in wanted}):
        yield calls.write("DELETE", calls.below(path, code))
    for row in wanted:
        if row.code is None:
            yield calls.write("POST", path, row.body)
