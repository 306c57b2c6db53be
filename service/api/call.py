"""One call, from the first byte to the receipt: what the edge, the routes and the meter say to each other."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from msgspec import Struct

from service import ids
from service.accounts.caller import Caller
from service.api.asgi import Message, Receive, Scope, Send
from service.api.limits import Admitted
from service.api.tape import Tape
from service.connectors.sdk.engine import Leg
from service.errors import BODY_TOO_LARGE, BODY_TOO_SLOW, MALFORMED_JSON, ApiProblem, missing

if TYPE_CHECKING:
    from service.api.operation import Operation
    from service.api.spending import Spending

JSON = b"application/json"
PROBLEM_JSON = b"application/problem+json"
_IN_SCOPE = "tickmark.call"
BODY_WITHIN_S = 30.0
_BODILESS = (204, 304)


class Answer(Struct, frozen=True):
    """What a route gives back. It is an ASGI application, so it goes out without further wrapping."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        start, body = self.messages()
        await send(start)
        await send(body)

    def messages(self) -> tuple[Message, Message]:
        """The answer as ASGI says it. Of a body that can never be (204, 304) nothing is said."""
        headers = list(self.headers)
        if self.status not in _BODILESS:
            headers[:0] = (b"content-type", self.media_type), (b"content-length", b"%d" % len(self.body))
        return (
            {"type": "http.response.start", "status": self.status, "headers": headers},
            {"type": "http.response.body", "body": self.body, "more_body": False},
        )


class Settling(Struct, frozen=True):
    """Why a write is made again, for the key that began it, without that key being sent.

    A part of ours gives it to the edge with the caller (`Edge.on_behalf_of`); nothing in a request becomes one.
    """

    may_send: bool = True
    """The key may still write. What a revoked one began is looked for at the vendor, and not sent again."""
    by: Literal["worker"] | None = None
    """Who does it; None for a caller who asks for the operation with the key itself."""


Route = Callable[["Call"], Awaitable[Answer]]
Settle = Callable[["Call", Answer], Awaitable[None]]


class Call:
    """One call under way. The edge makes it, each stage fills in what it knows, the meter reads it at the end."""

    __slots__ = (
        "admission_ns",
        "admitted",
        "by_client",
        "caller",
        "connection_id",
        "consents",
        "deferred",
        "dry_run",
        "faulted",
        "firm_id",
        "leg",
        "mapping_ns",
        "metering_ns",
        "operation",
        "problem",
        "purpose",
        "receive",
        "records",
        "replayed",
        "request_id",
        "request_ref",
        "rows",
        "scope",
        "settle",
        "settling",
        "spending",
        "started_at_ns",
        "started_ns",
        "tape",
        "ticket",
        "units",
        "vendor",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.started_ns = time.perf_counter_ns()
        self.started_at_ns = time.time_ns()
        self.request_id: UUID = ids.new_uuid(self.started_at_ns)
        self.request_ref = ids.encode("req", self.request_id)
        self.scope = scope
        self.receive = receive
        self.caller: Caller | None = None
        self.admitted: Admitted | None = None
        self.operation: Operation | None = None
        self.connection_id: UUID | None = None
        self.vendor: str | None = None
        self.firm_id: UUID | None = None
        self.consents: tuple[UUID, ...] = ()
        """The consents that cover what the call hands out."""
        self.by_client = False
        """No consent covers all of the firm's clients: every record's client has to be looked at."""
        self.purpose: str | None = None
        """What those consents are for."""
        self.ticket: str | None = None
        """The caller's own reference for why, where one is asked for."""
        self.leg = Leg()
        self.rows = 0
        self.records: tuple[str, ...] = ()
        """The ids of what was written, where neither the path nor the answer is one record's."""
        self.faulted = False
        """The vendor refused all that one call carried: its answer goes out as it came, and is no success."""
        self.units = 1
        """What a success counts as on its meter."""
        self.replayed = False
        self.dry_run = False
        self.deferred = False
        """It was answered 202: what it comes to is recorded when it ends, as a call of its own."""
        self.problem: ApiProblem | None = None
        self.spending: Spending | None = None
        """What it holds of the caller's budgets; None where there is none."""
        self.settle: Settle | None = None
        """Set by a write that claimed its Idempotency-Key: called once with what is answered, after it is recorded."""
        self.settling: Settling | None = None
        """Set where a write is made again that may have been done."""
        self.tape: Tape | None = None
        """What was sent, where the bodies of this call are kept."""
        self.admission_ns = 0
        self.mapping_ns = 0
        self.metering_ns = 0

    def twin(self) -> "Call":
        """The same call, to be carried out under a request id of its own."""
        made = Call(self.scope, self.receive)
        for name in _SHARED:
            setattr(made, name, getattr(self, name))
        return made

    def take_over(self, twin: "Call") -> None:
        """Makes what a twin has come to this call's own."""
        for name in _OUTCOME:
            setattr(self, name, getattr(twin, name))

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    @property
    def params(self) -> Mapping[str, Any]:
        """The path's parameters."""
        found: Mapping[str, Any] = self.scope["path_params"]
        return found

    def named(self, prefix: str) -> UUID:
        """The id of ours in the path; the plain 404 for what is no id of that sort."""
        try:
            return ids.decode(prefix, self.params["id"])
        except ids.MalformedIdError:
            raise missing() from None

    @property
    def known_caller(self) -> Caller:
        """The caller, on routes that are behind authentication."""
        assert self.caller is not None
        return self.caller

    def header(self, name: bytes) -> str | None:
        """The first header of that name (given in lower case), as text."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value, "latin-1")
        return None

    def listed(self, name: bytes) -> str:
        """All headers of that name (given in lower case) as the one list that they are together; empty for none."""
        return ", ".join(str(value, "latin-1") for key, value in self.scope["headers"] if key == name)

    async def body(self, limit_bytes: int) -> bytes:
        """The whole body; a problem as soon as it is over the limit, where it breaks off, and where it dawdles."""
        announced = self.header(b"content-length")
        if announced is not None and announced.isdigit() and int(announced) > limit_bytes:
            raise _too_large(limit_bytes)
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                return await self._received(limit_bytes)
        except TimeoutError:
            raise ApiProblem(BODY_TOO_SLOW, f"The body may take {BODY_WITHIN_S:g} seconds to come.") from None

    async def _received(self, limit_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                raise ApiProblem(MALFORMED_JSON, "The body breaks off before its end.")
            part = message.get("body", b"")
            size += len(part)
            if size > limit_bytes:
                raise _too_large(limit_bytes)
            parts.append(part)
            if not message.get("more_body", False):
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)


_OUTCOME = ("consents", "faulted", "leg", "mapping_ns", "problem", "purpose", "records", "rows", "units")
_SHARED = (
    *(name for name in _OUTCOME if name != "leg"),
    "by_client", "caller", "connection_id", "firm_id", "operation", "replayed", "settling", "spending", "ticket",
    "vendor",
)  # fmt: skip


class kept_in_scope:  # noqa: N801 (a context manager, as in contextlib)
    """Leaves the call where the routes find it, for the length of the block.

    Taken away at the end: call and scope name each other, and the vendor's whole answer hangs on the call, so it would
    stay in memory until the garbage collector comes by, thousands of calls later.
    """

    __slots__ = ("_state",)

    def __init__(self, call: Call) -> None:
        self._state: dict[str, Any] = {_IN_SCOPE: call}
        call.scope["state"] = self._state

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self._state.clear()


def call_in(scope: Scope) -> Call:
    """The call that this scope belongs to."""
    call: Call = scope["state"][_IN_SCOPE]
    return call


def _too_large(limit_bytes: int) -> ApiProblem:
    return ApiProblem(BODY_TOO_LARGE, f"The body may have {limit_bytes:,} bytes.")
