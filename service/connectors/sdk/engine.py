"""The engine: runs a flow against a vendor. The only place that sends, waits, retries, refreshes and gives up.

For each request a flow yields: budget → sign → send → classify → return the answer, or throw the fault into the flow.

    expired credentials    renewed once (single flight over all workers), then sent again; a second refusal asks a human
    reads, keyed writes    tried again after 5xx, lost connections and 429: full jitter, Retry-After honoured, and only
                           while the retry budget lasts
    other writes           never sent twice; when no answer came, OutcomeUnknown
    a flow run again       after a run that may have written: what is not keyed is not sent, but OutcomeUnknown
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Final, Literal, Protocol, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from msgspec.structs import replace

from service.connectors.sdk.addresses import checked_address, fault_at_address
from service.connectors.sdk.budget import BudgetExhausted, BudgetKeeper, BudgetSpec, Remaining
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.encoded import in_base64
from service.connectors.sdk.faults import (
    ConnectionRefused,
    CredentialsExpired,
    OutcomeUnknown,
    RateLimited,
    TimedOut,
    Unavailable,
    Unreachable,
    VendorFault,
)
from service.connectors.sdk.flow import Flow, Frame, Opened, Request, Response, Source
from service.connectors.sdk.references import at_account
from service.connectors.sdk.resilience import Breaker, RetryBudget, full_jitter

T = TypeVar("T")

_MAX_RETRIES = 3
_CONNECTION_FAILURES = 5
_VENDOR_FAILURES = 25
_BREAKER_PAUSE_S = 5.0
NOT_SENT_AGAIN: Final = "not_sent_again"
"""The code of the fault in place of a write that was not sent."""

Sends: TypeAlias = Literal["all", "keyed", "none"]
"""Which writes of a flow are sent: all, those alone that the vendor does once by its own key, or none."""

Body: TypeAlias = bytes | AsyncIterator[bytes]
_Send: TypeAlias = Callable[[str, str, Mapping[str, str], Body | None, float], Awaitable[Response]]


class Transport(Protocol):
    """One HTTP exchange. Follows no redirects; raises Unreachable, TimedOut or Malformed."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Response:
        """The whole answer."""
        ...

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Opened:
        """The answer's head; its bytes are read as they are asked for. Its `close` must be called."""
        ...


class CredentialSource(Protocol):
    """The access token of one connection."""

    def held(self) -> str | None:
        """A token that is good for now and at hand; None when it takes a while to get one."""
        ...

    async def access_token(self) -> str:
        """A token that is good for now. Raises ConnectionRefused when a human is needed."""
        ...

    async def renewed(self, refused: str) -> str:
        """A newer token than `refused`, renewed at the vendor if nobody has done so yet."""
        ...


class Link:
    """An open way to one account at a vendor."""

    __slots__ = ("_prefix", "base_url", "breaker", "budget_key", "connector", "credentials", "retries", "slots")

    def __init__(
        self, connector: Connector, base_url: str, account: str, budget_key: str, credentials: CredentialSource
    ) -> None:
        self.connector = connector
        self.base_url = at_account(base_url, account)
        self.budget_key = budget_key
        self.credentials = credentials
        self.retries = RetryBudget()
        concurrent = connector.budget.concurrent
        self.slots = asyncio.Semaphore(concurrent) if concurrent is not None else None
        """How many calls this process may have under way at once, where the vendor counts them."""
        self.breaker = Breaker(_CONNECTION_FAILURES, _BREAKER_PAUSE_S)
        self._prefix = self.base_url + connector.root.replace("{account}", quote(account, safe=""))

    def adopt(self, former: "Link") -> None:
        """Takes over what the former link to the same account has learned of the vendor's health."""
        self.retries = former.retries
        self.breaker = former.breaker
        self.slots = former.slots

    def url(self, request: Request) -> str:
        """The absolute address of a request. Raises Malformed for a handed-out one that must not be called."""
        if request.address is not None:
            return checked_address(request.address, self.base_url)
        address = self._prefix + request.path
        if not request.query:
            return address
        query = request.query
        return f"{address}?{_only_pair(query) if len(query) == 1 else urlencode(query, quote_via=quote)}"


class Leg:
    """What the vendor's side of one call came to; filled while the engine runs."""

    __slots__ = (
        "calls", "last", "refreshes", "remaining", "request_id", "retries", "status", "vendor_ns", "waited_ns",
        "writes", "written",
    )  # fmt: skip

    def __init__(self) -> None:
        self.calls = 0
        self.writes = 0
        """Writes that were sent, whatever became of them."""
        self.written = 0
        """Those that the vendor answered well."""
        self.retries = 0
        self.refreshes = 0
        self.vendor_ns = 0
        """Between sending and having the whole answer, summed over all exchanges."""
        self.waited_ns = 0
        """For the budget and between retries."""
        self.status: int | None = None
        self.request_id: str | None = None
        """The vendor's own trace id of the last exchange."""
        self.last: Response | None = None
        """The last answer of the record's own, for what may be shown beside the record."""
        self.remaining: Remaining | None = None


class Engine:
    """Runs flows. One for each process; holds the breakers of the vendors."""

    def __init__(
        self,
        transport: Transport,
        budgets: BudgetKeeper,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._budgets = budgets
        self._sleep = sleep
        self._monotonic = monotonic
        self._vendor_breakers: dict[str, Breaker] = {}

    async def run(
        self,
        flow: Flow[T],
        link: Link,
        leg: Leg,
        *,
        deadline_s: float = 30.0,
        wait_s: float = 5.0,
        source: Source | None = None,
        sends: Sends = "all",
    ) -> T:
        """The flow's value.

        `deadline_s` bounds the whole flow, `wait_s` each wait for a budget or a Retry-After: 0 fails at once.
        `source` is what a caller uploads, `sends` for flows that were run before. Raises what the flow lets through: a
        VendorFault.
        """
        ends_at = self._monotonic() + deadline_s
        try:
            request = next(flow)
            while True:
                try:
                    if sends != "all" and is_write(request):
                        _refuse_second(request, sends)
                    body: Body | None = request.body
                    if (frame := request.upload) is not None:
                        request, body = _sized(request, frame, source), _framed(frame, source)
                    answer = await self._answer(request, link, leg, ends_at, wait_s, self._transport.send, body)
                except VendorFault as fault:
                    request = flow.throw(fault)
                else:
                    request = flow.send(answer)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    async def open(
        self, request: Request, link: Link, leg: Leg, *, deadline_s: float = 30.0, wait_s: float = 5.0
    ) -> Opened:
        """The answer to one request with its bytes still to come; `deadline_s` bounds the wait for its head."""
        ends_at = self._monotonic() + deadline_s
        opened = await self._answer(request, link, leg, ends_at, wait_s, self._transport.open, request.body)
        assert isinstance(opened, Opened)
        return opened

    async def _answer(
        self,
        request: Request,
        link: Link,
        leg: Leg,
        ends_at: float,
        wait_s: float,
        send: _Send,
        body: Body | None,
    ) -> Response:
        """The vendor's good answer to one request, after as many tries as the rules above allow."""
        maybe_done = False
        try:
            token = link.credentials.held() or await self._in_time(link.credentials.access_token(), ends_at)
            may_renew = True
            attempt = 0
            while True:
                try:
                    return await self._try(request, link, leg, token, ends_at, wait_s, send, body)
                except CredentialsExpired as fault:
                    if not may_renew:
                        raise ConnectionRefused(
                            "the vendor refuses a renewed token",
                            status=fault.status,
                            code=fault.code,
                            request_id=fault.request_id,
                        ) from None
                    may_renew = False
                    token = await self._in_time(link.credentials.renewed(token), ends_at)
                    leg.refreshes += 1
                    if request.upload is not None:
                        raise Unavailable(
                            "the token expired on an upload, whose bytes are gone; it is renewed"
                        ) from None
                except (RateLimited, Unavailable) as fault:
                    maybe_done |= request.lane == "write" and isinstance(fault, TimedOut)
                    left_s = ends_at - self._monotonic()
                    pause_s = _pause_before_retry(fault, request, attempt, left_s, wait_s)
                    if pause_s is None or not link.retries.take():
                        raise
                    attempt += 1
                    leg.retries += 1
                    leg.waited_ns += int(pause_s * 1e9)
                    await self._sleep(pause_s)
        except (ConnectionRefused, RateLimited, Unavailable) as fault:
            if not maybe_done:
                raise
            # An earlier try may have been carried out, whatever became of the last one.
            raise OutcomeUnknown(
                "the vendor did not answer a write", status=fault.status, code=fault.code, request_id=fault.request_id
            ) from None

    async def _in_time(self, credentials: Awaitable[str], ends_at: float) -> str:
        """The token, unless renewing it takes longer than the call may."""
        limit = asyncio.timeout(ends_at - self._monotonic())
        try:
            async with limit:
                return await credentials
        except TimeoutError:
            if not limit.expired():
                raise
            raise Unreachable("no time left to renew the credentials") from None

    async def _try(
        self,
        request: Request,
        link: Link,
        leg: Leg,
        token: str,
        ends_at: float,
        wait_s: float,
        send: _Send,
        body: Body | None,
    ) -> Response:
        connector = link.connector
        vendor_breaker = self._vendor_breaker(connector.slug)
        _refuse_while_open(self._monotonic(), link.breaker, vendor_breaker)
        await self._take_budget(link, leg, request.counts_as, min(wait_s, ends_at - self._monotonic()))
        headers = {"accept": request.accept}
        if request.address is None:
            headers.update(connector.auth.sign(token))
        if body is not None:
            headers["content-type"] = request.content_type
        if request.headers:
            headers.update(request.headers)
        timeout_s = ends_at - self._monotonic()
        if timeout_s <= 0:
            raise Unreachable("no time left to call the vendor")
        leg.calls += 1
        leg.writes += is_write(request)
        link.retries.called()
        url = link.url(request)
        started = time.perf_counter_ns()
        try:
            if link.slots is None:
                response = await send(request.method, url, headers, body, timeout_s)
            else:
                async with link.slots:
                    response = await send(request.method, url, headers, body, timeout_s)
        except Unavailable:
            _failed(self._monotonic(), link.breaker, vendor_breaker)
            raise
        finally:
            leg.vendor_ns += time.perf_counter_ns() - started
        if connector.as_json is not None and not isinstance(response, Opened):
            response = connector.as_json(response)
        if not request.aside:
            leg.last = response
        leg.status = response.status
        if connector.request_id_headers:
            leg.request_id = next(filter(None, map(response.headers.get, connector.request_id_headers)), None)
        fault = connector.classify(request, response) if request.address is None else fault_at_address(response)
        if isinstance(fault, Unavailable):
            _failed(self._monotonic(), link.breaker, vendor_breaker)
        else:
            # Also a refusal comes from a vendor that is well.
            link.breaker.succeeded()
            vendor_breaker.succeeded()
        if fault is None:
            leg.written += is_write(request)
            return response
        if isinstance(fault, RateLimited):
            if fault.retry_after_s is None:
                fault.retry_after_s = connector.budget.default_retry_after_s
            # A call with a limit of its own has most likely met that one: what else there is goes on.
            key, spec = _budget_apart(link, request.counts_as) or (link.budget_key, connector.budget)
            await self._budgets.penalize(key, spec, fault.retry_after_s)
        fault.request_id = fault.request_id or leg.request_id
        raise fault

    async def _take_budget(self, link: Link, leg: Leg, counts_as: str | None, wait_s: float) -> None:
        started = time.perf_counter_ns()
        try:
            leg.remaining = await self._budgets.acquire(link.budget_key, link.connector.budget, wait_s=max(0.0, wait_s))
            if (apart := _budget_apart(link, counts_as)) is not None:
                left_s = wait_s - (time.perf_counter_ns() - started) / 1e9
                leg.remaining = await self._budgets.acquire(*apart, wait_s=max(0.0, left_s))
        except BudgetExhausted as spent:
            raise RateLimited(
                "our share of the vendor's limit is spent", code="budget", retry_after_s=spent.retry_after_s
            ) from None
        finally:
            leg.waited_ns += time.perf_counter_ns() - started

    def _vendor_breaker(self, slug: str) -> Breaker:
        breaker = self._vendor_breakers.get(slug)
        if breaker is None:
            breaker = self._vendor_breakers[slug] = Breaker(_VENDOR_FAILURES, _BREAKER_PAUSE_S)
        return breaker


def _budget_apart(link: Link, counts_as: str | None) -> tuple[str, BudgetSpec] | None:
    """The key and limits that some calls are counted under besides; None for all others."""
    limits = None if counts_as is None else link.connector.budget.apart.get(counts_as)
    return None if limits is None else (f"{link.budget_key}:{counts_as}", BudgetSpec(limits=limits))


@lru_cache(maxsize=64)
def _only_pair(query: tuple[tuple[str, str], ...]) -> str:
    """A query of one pair: nearly always a constant, such as a version."""
    return urlencode(query, quote_via=quote)


def _sized(request: Request, frame: Frame, source: Source | None) -> Request:
    """The upload with its length announced, where it is known: one that breaks off is then never taken for whole."""
    if source is None or source.size_bytes is None:
        return request
    size_bytes = frame.size_bytes(source.size_bytes)
    return replace(request, headers=(*request.headers, ("content-length", str(size_bytes))))


async def _framed(frame: Frame, source: Source | None) -> AsyncIterator[bytes]:
    """The frame around the caller's bytes, piece by piece."""
    if frame.before:
        yield frame.before
    if source is not None:
        async for chunk in in_base64(source.chunks) if frame.is_base64 else source.chunks:
            yield chunk
    if frame.after:
        yield frame.after


def is_write(request: Request) -> bool:
    """Whether it changes a record; moving a session about does not."""
    return request.lane == "write" and not request.aside


def _refuse_second(request: Request, sends: Sends) -> None:
    if sends == "none" or not request.repeatable:
        raise OutcomeUnknown("an earlier try may have been carried out", code=NOT_SENT_AGAIN)


def _refuse_while_open(now: float, *breakers: Breaker) -> None:
    blocked_s = max(breaker.blocked_for(now) for breaker in breakers)
    if blocked_s > 0:
        raise Unreachable("left alone after a run of failures", code="breaker_open", retry_after_s=blocked_s)


def _failed(now: float, *breakers: Breaker) -> None:
    for breaker in breakers:
        breaker.failed(now)


def _pause_before_retry(
    fault: VendorFault, request: Request, attempt: int, left_s: float, wait_s: float
) -> float | None:
    """Seconds to wait before the next try; None when there must not be one."""
    never_sent = isinstance(fault, Unreachable)
    if attempt >= _MAX_RETRIES or fault.code in ("budget", "breaker_open"):
        return None
    if not (request.may_retry or never_sent):
        return None
    pause_s = fault.retry_after_s if fault.retry_after_s is not None else full_jitter(attempt)
    return pause_s if pause_s <= wait_s and pause_s < left_s else None
