"""Operations of our own that are carried out once where the caller sends an Idempotency-Key, else each time."""

import re
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from service.api import parameters
from service.api.asgi import Message, Receive
from service.api.call import Answer, Call, Route, Settle
from service.api.operation import Operation
from service.errors import (
    IDEMPOTENCY_IN_FLIGHT,
    IDEMPOTENCY_KEY_REUSED,
    INVALID_HEADER,
    ApiProblem,
    FieldError,
)
from service.idempotency.claim import Claim, Idempotency, KeptAnswer, fingerprint
from service.idempotency.doubt import leaves_doubt

KEPT_STATUSES: Final = frozenset({200, 201, 204, 409, 412, 422})
"""Answers that a replay gives again; after any other the same request is tried anew."""
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
Keeps = Callable[[Answer], Answer]
"""What is kept of an answer, where not all of it may be."""
MAX_BODY_BYTES: Final = 64 * 1024
"""As much as these operations take."""
_PARAMETER: Final = replace(
    parameters.IDEMPOTENCY_KEY,
    required=False,
    description="Sent again within 30 days with the same request, it gives the first answer again and does nothing.",
)


def once_if_asked(operation: Operation, idempotency: Idempotency, keeps: Keeps | None = None) -> Operation:
    """The operation, which then takes an `Idempotency-Key`. `keeps` gives what of its answer is kept for a replay."""
    return replace(
        operation,
        parameters=(*operation.parameters, _PARAMETER),
        problems=(*operation.problems, IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED),
        run=_once(operation.run, idempotency, keeps),
    )


def key_of(call: Call) -> str | None:
    """The call's Idempotency-Key, if it has one; a problem for one that cannot be."""
    key = call.header(b"idempotency-key")
    if key is not None and _KEY.fullmatch(key) is None:
        raise ApiProblem(
            INVALID_HEADER,
            "`Idempotency-Key` has 1 to 255 printable ASCII characters.",
            errors=(FieldError("header/idempotency-key", "format", "1 to 255 printable ASCII characters."),),
        )
    return key


def settler(idempotency: Idempotency, claim: Claim, keeps: Keeps | None = None) -> Settle:
    """Keeps the answer for replays, or lets the claim go where the same request may be tried anew."""

    async def settle(call: Call, answer: Answer) -> None:
        if answer.status in KEPT_STATUSES:
            kept = answer if keeps is None else keeps(answer)
            whole = KeptAnswer(kept.status, kept.media_type, kept.headers, kept.body, call.request_id)
            await idempotency.keep(claim, whole)
        else:
            await idempotency.release(claim, in_doubt=claim.in_doubt or leaves_doubt(call))

    return settle


def replay(call: Call, kept: KeptAnswer) -> Answer:
    """The answer of the first time, again."""
    call.replayed = True
    return Answer(kept.status, kept.body, kept.media_type, (*kept.headers, (b"idempotency-replayed", b"true")))


def _once(run: Route, idempotency: Idempotency, keeps: Keeps | None) -> Route:
    async def run_once(call: Call) -> Answer:
        key = key_of(call)
        if key is None:
            return await run(call)
        body = await call.body(MAX_BODY_BYTES)
        call.receive = _again(body)
        caller = call.known_caller
        print_ = fingerprint(call.method, call.path, caller.key_id.bytes, body)
        claim = await idempotency.claim(caller.org_id, key, print_, call.request_id)
        if isinstance(claim, KeptAnswer):
            return replay(call, claim)
        call.settle = settler(idempotency, claim, keeps)
        return await run(call)

    return run_once


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
