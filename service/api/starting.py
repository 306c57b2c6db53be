"""Stands for the API until its parts are open: the process lives, is not ready, and carries nothing out."""

from typing import Final

from billing import Reason
from service.api.asgi import Receive, Scope, Send
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.health import Health
from service.api.problems import to_answer
from service.api.receipts import receipt_headers
from service.errors import PLATFORM_UNAVAILABLE, ApiProblem

_AGAIN_IN_S: Final = 1.0


async def starting(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application: `/healthz` is answered 200, all else 503 with when to come again."""
    if scope["type"] != "http":
        return
    call = Call(scope, receive)
    answer, reason = _answer(call)
    start, body = answer.messages()
    start["headers"] += receipt_headers(call, reason, 0)
    await send(start)
    await send(body)


def _answer(call: Call) -> tuple[Answer, Reason]:
    if call.path == "/healthz":
        return answer_of(Health()), Reason.MANAGEMENT
    problem = ApiProblem(PLATFORM_UNAVAILABLE, "Not ready: starting.", retry_after_s=_AGAIN_IN_S)
    return to_answer(problem, call), Reason.PLATFORM_ERROR
