"""How long a call waits for a vendor's limit is the caller's choice, within bounds."""

import pytest

from service.api.call import Call
from service.api.preferences import DEFAULT_WAIT_S, LONGEST_WAIT_S, vendor_wait_s


async def no_body() -> dict[str, object]:
    raise AssertionError


def preferring(*headers: tuple[bytes, bytes]) -> float:
    return vendor_wait_s(Call({"type": "http", "headers": headers}, no_body))


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (b"wait=0", 0.0),
        (b"wait=12", 12.0),
        (b'respond-async, Wait = "3"', 3.0),
        (b"wait=7; foo=bar", 7.0),
        (b"wait=999999", LONGEST_WAIT_S),
        (b"wait=-1", DEFAULT_WAIT_S),
        (b"wait=1.5", DEFAULT_WAIT_S),
        (b"wait", DEFAULT_WAIT_S),
        (b"await=1", DEFAULT_WAIT_S),
        (b"wait=99999999999999999999", DEFAULT_WAIT_S),
        (b"\xff\xfe", DEFAULT_WAIT_S),
    ],
)
def test_preference_is_read_and_bounded(header: bytes, wait_s: float) -> None:
    assert preferring((b"host", b"x"), (b"prefer", header)) == wait_s


def test_without_a_preference_a_call_waits_a_little() -> None:
    assert preferring((b"host", b"x")) == DEFAULT_WAIT_S
