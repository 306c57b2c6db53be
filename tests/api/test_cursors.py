"""Cursors serve as they were written, and in no other spelling."""

from collections.abc import Callable

import pytest

from service.api.pagination import Cursors
from service.errors import ApiProblem

LIST = b"key|clients"
CURSORS = Cursors(bytes(range(32)))


def test_cursor_leads_back_to_its_position() -> None:
    assert CURSORS.read(CURSORS.write("page 3", LIST), LIST) == "page 3"


_OTHER_SPELLINGS: dict[str, Callable[[str], str]] = {
    "padded": lambda cursor: cursor + "=",
    "with a sign that base64 passes over": lambda cursor: cursor[:4] + "!" + cursor[4:],
    "broken in two": lambda cursor: cursor[:4] + "\n" + cursor[4:],
    "cut": lambda cursor: cursor[:-1],
    "turned": lambda cursor: cursor[1:] + cursor[0],
}


@pytest.mark.parametrize("spell", _OTHER_SPELLINGS.values(), ids=_OTHER_SPELLINGS)
def test_cursor_in_another_spelling_is_refused(spell: Callable[[str], str]) -> None:
    with pytest.raises(ApiProblem) as refused:
        CURSORS.read(spell(CURSORS.write("page 3", LIST)), LIST)

    assert refused.value.kind.code == "invalid_cursor"


def test_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(ApiProblem):
        CURSORS.read(CURSORS.write("page 3", LIST), b"key|invoices")
