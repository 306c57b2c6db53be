"""The rim of the API: every call comes in here and leaves from here, counted.

in    request id → key → limits → Litestar's routing and the route itself
out   problem or answer → one durable row → receipt → the caller

No usage and audit row, no data: when they cannot be made durable, the answer is thrown away and a 503 goes out instead.
"""

import time
from typing import Final

from billing import Caps, Invocation, InvocationRefused, MeteringDown, Reason, UsageLedger
from billing import Meter as BilledMeter
from service import errors
from service.accounts.authenticate import KeyRing
from service.accounts.caller import Caller
from service.accounts.errors import UnknownKeyError
from service.accounts.tokens import Mode
from service.api.asgi import App, Message, Receive, Scope, Send
from service.api.auth import Proxies, authenticate, client_address
from service.api.call import JSON, Answer, Call, Settling, kept_in_scope
from service.api.head import refuse_bad_head
from service.api.limits import Limits
from service.api.problems import DOCS_IN_SCOPE, as_problem, to_answer
from service.api.receipts import reason_of, receipt_headers
from service.api.routing import Routing
from service.api.spending import spending_of
from service.api.tape import Taper
from service.audit.calls import UNREACHABLE, CallLog
from service.connectors.sdk.faults import VendorFault
from service.errors import ApiProblem
from service.telemetry import CallRecord, Telemetry, fault_kind, log_exception

UNKNOWN_OPERATION: Final = "unknown"
API_PREFIX: Final = "/v1/"


class Edge:
    """The ASGI application that is served: the API behind its edge, everything else passed through."""

    def __init__(
        self,
        routing: Routing,
        keys: KeyRing,
        limits: Limits,
        caps: Caps,
        ledger: UsageLedger,
        audit: CallLog,
        telemetry: Telemetry,
        taper: Taper,
        *,
        max_header_bytes: int = 16 * 1024,
        proxies: Proxies = (),
        docs_url: str | None = None,
    ) -> None:
        self._routing = routing
        self._keys = keys
        self._limits = limits
        self._caps = caps
        self._ledger = ledger
        self._audit = audit
        self._telemetry = telemetry
        self._taper = taper
        self._max_header_bytes = max_header_bytes
        self._proxies = proxies
        self._docs_url = docs_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._routing(scope, receive, send)
            return
        call = self._call(scope, receive)
        with kept_in_scope(call):
            if call.path.startswith(API_PREFIX):
                await self._take(call, send)
            else:
                await self._routing(scope, receive, _Gate(self, call, send))

    def on_behalf_of(self, caller: Caller, settling: Settling) -> App:
        """The API for a caller who is known without a key being sent: for parts of ours that carry on what it began.

        Scopes, consents, limits, budgets, meter and audit are those of any call. What the server serves is the edge
        itself, so that nobody outside this process gets here, whatever they send.
        """

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            call = self._call(scope, receive)
            call.caller, call.settling = caller, settling
            with kept_in_scope(call):
                await self._take(call, send)

        return serve

    def _call(self, scope: Scope, receive: Receive) -> Call:
        if self._docs_url is not None:
            scope[DOCS_IN_SCOPE] = self._docs_url
        return Call(scope, receive)

    async def _take(self, call: Call, send: Send) -> None:
        try:
            await self._admit(call)
        except Exception as exception:
            await self.give(call, to_answer(as_problem(exception, call), call), send)
            return
        finally:
            call.admission_ns = time.perf_counter_ns() - call.started_ns
        self._ledger.under_way += 1
        try:
            await self._carry_out(call, send)
        finally:
            self._ledger.under_way -= 1
            self._limits.release(call.known_caller.key_id)
            if call.spending is not None:
                call.spending.end()

    async def _carry_out(self, call: Call, send: Send) -> None:
        if call.known_caller.mode is Mode.TEST:
            await self._taper.begin(call)
        answer = await self._routing.short_way(call)
        if isinstance(answer, Answer):
            await self.give(call, answer, send)
        else:
            onward = self._routing if answer is None else answer
            gate = _Gate(self, call, send)
            try:
                await onward(call.scope, call.receive, gate)
            finally:
                if gate.broken_off is not None:
                    self._ledger.take_back(gate.broken_off)

    async def give(self, call: Call, answer: Answer, send: Send) -> None:
        """Sends a whole answer with its receipt, once its row is durable."""
        given, reason, units = await self.record(call, answer)
        start, body = given.messages()
        start["headers"] += receipt_headers(call, reason, units)
        await send(start)
        await send(body)
        self.finish(call, given.status, reason, units)
        if call.tape is not None:
            await self._taper.keep(call, call.tape, given)

    async def _admit(self, call: Call) -> None:
        """Lets the call in, or raises the problem that keeps it out."""
        refuse_bad_head(call.scope, self._max_header_bytes)
        caller = call.caller or await self._authenticated(call)
        call.spending = await spending_of(self._caps, caller)
        limits, policy = self._limits, self._limits.policy_of(caller.calls_per_minute)
        call.admitted = limits.try_admit(caller.key_id, policy) or await limits.admit(caller.key_id, policy)

    async def _authenticated(self, call: Call) -> Caller:
        try:
            call.caller = await authenticate(call, self._keys, self._proxies)
        except ApiProblem as problem:
            if isinstance(problem.__cause__, UnknownKeyError):
                await self._limits.admit_unknown(client_address(call, self._proxies))
            raise
        return call.caller

    async def record(self, call: Call, answer: Answer) -> tuple[Answer, Reason, int]:
        """Makes the call's row durable and settles a claimed write; the answer to give, why, and the units."""
        reason = reason_of(call, answer.status)
        if reason is Reason.SUCCESS and call.spending is not None:
            answer, reason = await self._confirm_spending(call, answer)
        units = call.units if reason is Reason.SUCCESS else 0
        if call.caller is not None:
            started = time.perf_counter_ns()
            try:
                row = await self._audit.row(call, answer, reason, client_address(call, self._proxies))
                await self._ledger.record(_invocation(call, answer.status, reason, units), row)
            except (MeteringDown, InvocationRefused, *UNREACHABLE) as error:
                self._telemetry.metering_down(error)
                call.problem = ApiProblem(
                    errors.METERING_UNAVAILABLE,
                    "The call was not recorded, so it is neither answered nor billed.",
                    retry_after_s=1,
                )
                answer, reason, units = to_answer(call.problem, call), Reason.PLATFORM_ERROR, 0
            call.metering_ns = time.perf_counter_ns() - started
        if call.spending is not None:
            call.spending.settle(units)
        if call.settle is not None:
            await self._settle(call, answer)
        return answer, reason, units

    async def _confirm_spending(self, call: Call, answer: Answer) -> tuple[Answer, Reason]:
        """A call that outgrew its budget is refused; one whose reservation was lost on the way is answered for free."""
        assert call.spending is not None
        try:
            held = await call.spending.confirm(call)
        except ApiProblem as problem:
            return to_answer(as_problem(problem, call), call), Reason.CLIENT_ERROR
        return answer, Reason.SUCCESS if held else Reason.PLATFORM_ERROR

    async def _settle(self, call: Call, answer: Answer) -> None:
        """Keeps or releases a write's claim. Where that fails the claim runs out by itself: the call is done and
        recorded, and so it is answered all the same."""
        assert call.settle is not None
        try:
            await call.settle(call, answer)
        except Exception as error:
            log_exception(error, request_id=call.request_ref)

    def finish(self, call: Call, status: int, reason: Reason, units: int) -> None:
        """Tells telemetry of an answered call."""
        self._telemetry.observe(_told(call, status, reason, units))


class _Gate:
    """Holds the answer back until its row is durable, then sends it with its receipt."""

    __slots__ = ("_call", "_edge", "_replaced", "_send", "_sent", "_start", "broken_off")

    def __init__(self, edge: Edge, call: Call, send: Send) -> None:
        self._edge = edge
        self._call = call
        self._send = send
        self._start: Message | None = None
        self._sent = False
        self._replaced = False
        """Another answer went out, because this one could not be recorded: the rest of it is dropped."""
        self.broken_off: Invocation | None = None
        """A billed stream whose last byte has not been handed over yet."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self._sent:
                raise BrokenOffError("a problem after the answer's head has gone out")
            self._start = message
            return
        start = self._start
        if start is None or message["type"] != "http.response.body":
            if not self._replaced:
                await self._send(message)
            if not message.get("more_body", False):
                self.broken_off = None
            return
        self._start = None
        self._sent = True
        answer = _answer_in(start, message["body"])
        if message.get("more_body", False):
            await self._begin(answer, start, message)
        else:
            await self._edge.give(self._call, answer, self._send)

    async def _begin(self, answer: Answer, start: Message, message: Message) -> None:
        """The head and first part of a stream, or the problem that takes its place."""
        call = self._call
        given, reason, units = await self._edge.record(call, answer)
        if given is not answer:
            self._replaced = True
            start, message = given.messages()
        elif units:
            self.broken_off = _invocation(call, given.status, reason, units)
        start["headers"] = [*start["headers"], *receipt_headers(call, reason, units)]
        await self._send(start)
        await self._send(message)
        self._edge.finish(call, start["status"], reason, units)


class BrokenOffError(Exception):
    """A streamed answer cannot go on: the server closes the connection, so that the caller sees it is not whole."""


def _answer_in(start: Message, body: bytes) -> Answer:
    """The answer that two ASGI messages make, its length and type apart from its other headers."""
    media_type = JSON
    headers: list[tuple[bytes, bytes]] = []
    for name, value in start["headers"]:
        if name == b"content-type":
            media_type = value
        elif name != b"content-length":
            headers.append((name, value))
    return Answer(start["status"], body, media_type, tuple(headers))


def _invocation(call: Call, status: int, reason: Reason, units: int) -> Invocation:
    caller = call.known_caller
    operation = call.operation
    elapsed_ns = time.perf_counter_ns() - call.started_ns
    return Invocation(
        org_id=caller.org_id,
        request_id=call.request_id,
        key_id=caller.key_id,
        connection_id=call.connection_id,
        vendor=call.vendor,
        operation=operation.id if operation is not None else UNKNOWN_OPERATION,
        status=status,
        meter=BilledMeter(operation.meter.value) if units and operation is not None else None,
        units=units,
        billable=units > 0,
        reason=reason,
        rows=call.rows,
        vendor_us=call.leg.vendor_ns // 1000,
        platform_us=max(0, elapsed_ns - call.leg.vendor_ns - call.leg.waited_ns) // 1000,
    )


def _told(call: Call, status: int, reason: Reason, units: int) -> CallRecord:
    caller, operation, leg, problem = call.caller, call.operation, call.leg, call.problem
    cause = problem.__cause__ if problem is not None else None
    return CallRecord(
        request_id=call.request_id,
        operation=operation.id if operation is not None else UNKNOWN_OPERATION,
        method=call.method,
        route=operation.path if operation is not None else UNKNOWN_OPERATION,
        status=status,
        outcome=reason.value,
        started_at_ns=call.started_at_ns,
        duration_ns=time.perf_counter_ns() - call.started_ns,
        org_id=caller.org_id if caller is not None else None,
        key_id=caller.key_id if caller is not None else None,
        connection_id=call.connection_id,
        vendor=call.vendor,
        admission_ns=call.admission_ns,
        waited_ns=leg.waited_ns,
        vendor_ns=leg.vendor_ns,
        mapping_ns=call.mapping_ns,
        metering_ns=call.metering_ns,
        vendor_calls=leg.calls,
        retries=leg.retries,
        refreshes=leg.refreshes,
        rows=call.rows,
        units=units,
        metered=caller is not None and not (problem is not None and problem.kind is errors.METERING_UNAVAILABLE),
        error_code=problem.kind.code if problem is not None else None,
        fault=fault_kind(cause) if isinstance(cause, VendorFault) else None,
        traceparent=call.header(b"traceparent"),
    )
