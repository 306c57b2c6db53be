"""How a write ended, and what is kept of that."""

from typing import Final

import msgspec
from msgspec import Struct

from service.api.call import Answer, Call
from service.errors import OUTCOME_UNKNOWN, OUTCOME_UNSETTLED
from service.idempotency.claim import Claim, KeptAnswer
from service.idempotency.doubt import leaves_doubt
from service.idempotency.once import KEPT_STATUSES
from service.operations.store import State


class Ended(Struct, frozen=True, array_like=True):
    """An end as it is kept."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def state_of(call: Call, claim: Claim, answer: Answer) -> State | None:
    """None where this try says nothing of what an earlier one may have done."""
    if answer.status < 400:
        return State.SUCCEEDED
    if is_in_doubt(call, answer) or (call.problem is not None and call.problem.kind is OUTCOME_UNSETTLED):
        return State.UNKNOWN
    return None if claim.in_doubt and answer.status not in KEPT_STATUSES else State.FAILED


def is_in_doubt(call: Call, answer: Answer) -> bool:
    """Whether the write may have happened, though nobody says so."""
    if answer.status < 400 or answer.status in KEPT_STATUSES:
        return False
    return (call.problem is not None and call.problem.kind is OUTCOME_UNKNOWN) or leaves_doubt(call)


class _Coded(Struct):
    code: str = ""


_read_code: Final = msgspec.json.Decoder(_Coded).decode


def state_kept(kept: KeptAnswer) -> State:
    """The end that an answer stands for which is given again."""
    if kept.status < 400:
        return State.SUCCEEDED
    return State.UNKNOWN if _read_code(kept.body).code == OUTCOME_UNSETTLED.code else State.FAILED
