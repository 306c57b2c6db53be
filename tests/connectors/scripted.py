"""An engine whose vendor, clock and budget are scripts: plain classes that do what they are told and remember it."""

from collections.abc import Callable, Mapping, Sequence

from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetExhausted, BudgetSpec, Limit, Remaining
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.engine import Body, Engine, Leg, Link
from service.connectors.sdk.faults import (
    CredentialsExpired,
    NotFound,
    RateLimited,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Flow, Opened, Request, Response
from service.connectors.sdk.retry_after import retry_after_s

READ = Request(method="GET", path="/things", lane="read")
WRITE = Request(method="POST", path="/things", body=b"{}", lane="write")
APART = Request(method="POST", path="/things", body=b"{}", lane="write", counts_as="many")
KEYED = Request(method="POST", path="/things", body=b"{}", lane="write", repeatable=True)
OK = Response(200, {}, b"fine")
SENT_AT = "Fri, 20 Nov 2026 12:00:00 GMT"

Step = Response | BaseException | Callable[[], Response]


def answer(status: int, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


class Time:
    """A clock that moves when somebody sleeps on it, and at no other time."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class Vendor:
    """Answers with the next step of its script, then with the last one for ever."""

    def __init__(self, *script: Step) -> None:
        self.script = list(script)
        self.urls: list[str] = []
        self.tokens: list[str] = []
        self.timeouts_s: list[float] = []

    def plays(self, *script: Step) -> None:
        """A new script."""
        self.script = list(script)

    @property
    def calls(self) -> int:
        return len(self.urls)

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Opened:
        raise NotImplementedError

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Response:
        self.urls.append(url)
        self.tokens.append(headers["authorization"].removeprefix("Bearer "))
        self.timeouts_s.append(timeout_s)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, Response) else step()


class Tokens:
    """Credentials that can be renewed as often as asked."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def held(self) -> str | None:
        return None

    async def access_token(self) -> str:
        return f"token-{len(self.refused)}"

    async def renewed(self, refused: str) -> str:
        self.refused.append(refused)
        return f"token-{len(self.refused)}"


class Budgets:
    """Has room for `room` calls; None is no limit."""

    def __init__(self, room: int | None = None) -> None:
        self.room = room
        self.taken: list[str] = []
        self.waits_s: list[float] = []
        self.penalized: list[str] = []
        self.penalties_s: list[float] = []

    async def acquire(self, key: str, spec: BudgetSpec, *, wait_s: float) -> Remaining | None:
        self.taken.append(f"{key} {spec.limits}")
        self.waits_s.append(wait_s)
        if self.room is not None:
            if self.room == 0:
                raise BudgetExhausted(7.0)
            self.room -= 1
        return Remaining(10, self.room or 0, 1.0)

    async def penalize(self, key: str, spec: BudgetSpec, retry_after_s: float) -> None:
        self.penalized.append(key)
        self.penalties_s.append(retry_after_s)


def classify(request: Request, response: Response) -> VendorFault | None:
    status = response.status
    if status < 300:
        return None
    kinds: dict[int, type[VendorFault]] = {401: CredentialsExpired, 404: NotFound, 429: RateLimited}
    return kinds.get(status, Unavailable)(status=status, retry_after_s=retry_after_s(response))


CONNECTOR = Connector(
    slug="acme",
    name="Acme",
    base_urls={},
    root="/v1/{account}",
    auth=OAuth2(token_url=None, token_path="/token"),
    budget=BudgetSpec(limits=(), apart={"many": (Limit(40, 60.0),)}, default_retry_after_s=4.0),
    classify=classify,
    request_id_headers=("x-trace", "x-other-trace"),
)


class Stage:
    """One engine, one link and everything around them."""

    def __init__(self, *script: Step, room: int | None = None) -> None:
        self.vendor = Vendor(*script)
        self.time = Time()
        self.tokens = Tokens()
        self.budgets = Budgets(room)
        self.engine = Engine(self.vendor, self.budgets, sleep=self.time.sleep, monotonic=self.time.monotonic)
        self.link = self.new_link()
        self.leg = Leg()

    def new_link(self) -> Link:
        return Link(CONNECTOR, "https://acme.example", "a b", "acme:1", self.tokens)

    async def ask(
        self, request: Request = READ, *, link: Link | None = None, deadline_s: float = 30, wait_s: float = 5
    ) -> bytes:
        """What the vendor answers to one request."""
        flow = once(request)
        return await self.engine.run(flow, link or self.link, self.leg, deadline_s=deadline_s, wait_s=wait_s)


def once(request: Request) -> Flow[bytes]:
    return (yield request).body


def several(requests: Sequence[Request]) -> Flow[list[int]]:
    found: list[int] = []
    for request in requests:
        found.append((yield request).status)  # noqa: PERF401 - a comprehension cannot yield
    return found
