"""Ids, which are a prefix and a UUID, and instants: of clients without an offset, of contacts with a Z."""

from datetime import UTC, datetime
from uuid import UUID

from service.sandbox.dice import Dice

PREFIXES = {"clients": "CLI", "contacts": "CON"}
"""As a contact's example has them; in a client's own example its id begins with CON, too."""

_NODE = 1 << 48
_SPREAD = 0x5DEECE66D
_GATHER = pow(_SPREAD, -1, _NODE)


def make_id(noun: str, seed: int, position: int) -> str:
    """The id at a position; the last twelve digits hold the position, the others come from it and the seed."""
    dice = Dice(seed, 31, len(noun), position)
    number = dice.roll(1 << 62) << 66 | dice.roll(1 << 16) << 48 | (position + 1) * _SPREAD % _NODE
    return f"{PREFIXES[noun]}{UUID(int=number, version=4)}"


def position_of(noun: str, seed: int, row_id: str) -> int:
    """The position an id stands for; -1 for what is no id."""
    node = row_id[-12:]
    if not node.isascii() or not node.isalnum():
        return -1
    try:
        position = int(node, 16) * _GATHER % _NODE - 1
    except ValueError:
        return -1
    return position if make_id(noun, seed, position) == row_id else -1


def instant_of(noun: str, at_s: float) -> str:
    """Seconds since 1970 as the noun's examples write instants: both in UTC (assumed), only contacts say so."""
    text = datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text if noun == "clients" else f"{text}Z"
