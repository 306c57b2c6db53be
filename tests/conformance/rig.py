"""A connector on its real engine and transport, in front of its running sandbox. Only waiting is not real."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from service.clock import now
from service.connectors.sdk.auth import AppCredentials, Grant, TokenReply
from service.connectors.sdk.binding import Binding, Query, RemotePage
from service.connectors.sdk.budget import BudgetSpec, Remaining
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.engine import Body, Engine, Leg, Link
from service.connectors.sdk.flow import Flow, Opened, Response
from service.connectors.sdk.paging import walk
from service.connectors.sdk.wire import raw_records
from service.connectors.transport import HttpTransport
from service.ids import Book
from service.sandbox.serve import SandboxGrant, SandboxServer
from tests.conformance.subject import Row, Subject
from tests.conformance.trees import is_array, is_object
from tests.connectors.flows import play

T = TypeVar("T")
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Patience:
    """A clock that jumps ahead when somebody sleeps on it."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._ahead_s += seconds


class Roomy:
    """A budget with room for everything, that remembers penalties."""

    def __init__(self) -> None:
        self.penalties_s: list[float] = []

    async def acquire(self, key: str, spec: BudgetSpec, *, wait_s: float) -> Remaining | None:
        return None

    async def penalize(self, key: str, spec: BudgetSpec, retry_after_s: float) -> None:
        self.penalties_s.append(retry_after_s)


class Middle:
    """The transport, with somebody in the middle who may change the body of a good answer, and who reads JSON only."""

    def __init__(self, transport: HttpTransport, as_json: Callable[[Response], Response] | None) -> None:
        self._transport = transport
        self._as_json = as_json
        self.change: Callable[[bytes], bytes] | None = None
        self.bodies: list[bytes] = []
        """Of the good answers."""
        self.sent: list[tuple[str, str, object]] = []
        """Method, URL and body of all but GETs."""
        self.asked: set[tuple[str, str]] = set()
        """Method and URL of all that was ever asked."""

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Opened:
        self.asked.add((method, url))
        return await self._transport.open(method, url, headers, body, timeout_s)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Response:
        self.asked.add((method, url))
        if method != "GET":
            self.sent.append((method, url, body))
        found = await self._transport.send(method, url, headers, body, timeout_s)
        if found.status != 200:
            return found
        if self._as_json is not None:
            found = self._as_json(found)
        if self.change is not None:
            found = msgspec.structs.replace(found, body=self.change(found.body))
        self.bodies.append(found.body)
        return found


class SandboxTokens:
    """The tokens of a sandbox grant, renewed at the vendor's own token endpoint."""

    def __init__(self, connector: Connector, url: str, grant: SandboxGrant, transport: HttpTransport) -> None:
        self._auth = connector.auth
        self._url = url
        self._app = AppCredentials(grant.client_id, grant.client_secret)
        self._transport = transport
        self._refreshing = asyncio.Lock()
        self.access = grant.access_token
        self._refresh = grant.refresh_token
        self.seen = {grant.access_token, grant.refresh_token, grant.client_secret}

    def held(self) -> str | None:
        return None

    async def access_token(self) -> str:
        return self.access

    async def renewed(self, refused: str) -> str:
        async with self._refreshing:
            if self.access == refused:
                await self._renew()
        return self.access

    async def _renew(self) -> None:
        flow = self._auth.renew(Grant(access_token=self.access, refresh_token=self._refresh), self._app, now)
        try:
            asked = next(flow)
            while True:
                headers = {"accept": asked.accept, "content-type": asked.content_type, **dict(asked.headers)}
                asked = flow.send(
                    await self._transport.send(asked.method, self._url + asked.path, headers, asked.body, 5)
                )
        except StopIteration as stop:
            reply: TokenReply = stop.value
        self.access, self._refresh = reply.access_token, reply.refresh_token or self._refresh
        self.seen |= {self.access, self._refresh}


class Rig:
    """One vendor with a fresh grant over fresh books."""

    def __init__(self, subject: Subject, server: SandboxServer, transport: HttpTransport) -> None:
        self.subject = subject
        self.connector = subject.connector
        self.server = server
        server.reset()
        server.limits(**dict.fromkeys(subject.unlimited))
        grant = server.grant(scopes=None if subject.login is None else [subject.login])
        self.book = Book(UUID(int=7), 0, grant.account, "USD")
        self.tokens = SandboxTokens(self.connector, server.url, grant, transport)
        self.budgets = Roomy()
        self.middle = Middle(transport, self.connector.as_json)
        self.patience = Patience()
        self.engine = Engine(self.middle, self.budgets, sleep=self.patience.sleep, monotonic=self.patience.monotonic)
        self.link = Link(self.connector, server.url, grant.account, "conformance", self.tokens)
        self.leg = Leg()

    def fault(self, resource: str, kind: str, **settings: object) -> None:
        """Queues a fault for the calls that the resource's rows come from."""
        path = self.subject.resources[resource].path
        self.server.fault(kind, **({"path": path} if path else {}), **settings)

    async def calls_of_a_page(self, resource: str) -> int:
        """How many calls one good page takes."""
        await self.page(resource)
        return self.leg.calls

    def binding(self, resource: str) -> Binding[Any, Any, Any]:
        return self.connector.bindings()[resource]

    async def run(self, flow: Flow[T], *, deadline_s: float = 60, wait_s: float = 5) -> T:
        self.leg = Leg()
        self.patience.slept.clear()
        self.middle.bodies.clear()
        self.middle.sent.clear()
        return await self.engine.run(flow, self.link, self.leg, deadline_s=deadline_s, wait_s=wait_s)

    def paging(self, resource: str, limit: int | None = None, **query: Any) -> Flow[RemotePage[Any]]:
        """The flow of one page."""
        binding = self.binding(resource)
        assert binding.page is not None
        return binding.page(Query(limit=limit or binding.max_page, **query), self.book)

    async def page(self, resource: str, limit: int | None = None, **query: Any) -> RemotePage[Any]:
        return await self.run(self.paging(resource, limit, **query))

    async def every(self, resource: str, limit: int | None = None, **query: Any) -> list[Any]:
        """All records, walked page by page."""
        binding = self.binding(resource)
        assert binding.page is not None
        found: list[Any] = []
        asked = Query(limit=limit or binding.max_page, **query)
        await self.run(walk(binding.page, asked, self.book, found.extend, most_pages=200))
        return found

    async def get(self, resource: str, remote_id: str) -> Any:
        binding = self.binding(resource)
        assert binding.get is not None
        return await self.run(binding.get(remote_id, self.book))

    def rows(self, resource: str, body: bytes | None = None, *, many: bool = True) -> list[Row]:
        """The vendor's own records in the last answer, or in `body`."""
        if body is None:
            assert self.leg.last is not None
            body = self.leg.last.body
        return raw_records(body, self.binding(resource).wire, many=many, redact=self.connector.redact)

    def edit(self, resource: str, change: Callable[[Row], object]) -> None:
        """From now on every record of a page is changed on its way."""
        self.middle.change = lambda body: edited(body, self.binding(resource).wire.many, change)

    def replay(self, resource: str, body: bytes) -> list[Any]:
        """The unified records of the page asked for last, had its last answer this body. Nobody is asked."""
        earlier = (Response(200, {}, before) for before in self.middle.bodies[:-1])
        played = play(self.connector, self.paging(resource), *earlier, Response(200, {}, body))
        records: list[Any] = played.value.records
        return records


def edited(body: bytes, way: tuple[str, ...], change: Callable[[Row], object]) -> bytes:
    """The body with each record at the end of `way` changed."""
    page: Any = msgspec.json.decode(body)
    found: object = page
    for names in way:
        held = found if is_object(found) else {}
        found = next((held[name] for name in names.split("|") if name in held), None)
    for row in found if is_array(found) else []:
        change(row)
    return _encode(page)
