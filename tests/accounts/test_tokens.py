"""The text of a key: nothing but what we wrote passes the checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.errors import UnknownKeyError
from service.accounts.tokens import Mode, Peppers, check_token, new_token

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- "


@pytest.mark.parametrize("mode", Mode)
def test_new_token_passes_its_own_check(mode: Mode) -> None:
    token = new_token(mode)

    check_token(token)
    assert token.startswith(f"tm_{mode}_")
    assert len(token) == 41


def test_every_one_character_change_is_rejected() -> None:
    token = new_token(Mode.LIVE)
    passed: list[str] = []

    for position, right in enumerate(token):
        for wrong in _CHARACTERS.replace(right, ""):
            changed = token[:position] + wrong + token[position + 1 :]
            try:
                check_token(changed)
            except UnknownKeyError:
                continue
            passed.append(changed)

    assert passed == []


@given(st.sampled_from(Mode), st.data())
def test_any_change_of_one_place_is_rejected(mode: Mode, data: st.DataObject) -> None:
    token = new_token(mode)
    position = data.draw(st.integers(0, len(token) - 1))
    wrong = data.draw(st.text(max_size=2).filter(lambda text: text != token[position]))

    with pytest.raises(UnknownKeyError):
        check_token(token[:position] + wrong + token[position + 1 :])


@given(st.text())
def test_any_other_text_is_rejected(text: str) -> None:
    with pytest.raises(UnknownKeyError):
        check_token(text)


def test_peppers_do_not_show_themselves() -> None:
    assert "pppp" not in repr(Peppers({1: b"pppp"}))
