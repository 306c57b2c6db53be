"""What the smaller vendors have in common: keys instead of OAuth, one limit a minute, lists to read."""

from math import ceil

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Handler, Json, Request, Response, Router
from service.sandbox.limits import SlidingLimit
from service.sandbox.vendor import UnsupportedFaultError

KEY_LIFE_S = 365 * 86_400


class RefusalError(Exception):
    """The call is answered with a refusal in the vendor's own words."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Keyed:
    """A vendor that lets in who brings a key. A subclass adds routes and says how the vendor refuses."""

    name = ""
    account = ""
    rows = ""
    """What a page calls its rows."""
    default_scopes = frozenset({"api"})

    def __init__(self, books: Books, clock: VendorClock | None, per_minute: int | None) -> None:
        self.books = books
        self.clock = clock or VendorClock()
        self.grants = Grants(self.clock.true_s, access_s=KEY_LIFE_S, refresh_s=KEY_LIFE_S, hard_s=KEY_LIFE_S)
        self.writes = 0
        self.router = Router()
        self._lists: set[str] = set()
        self._limit = SlidingLimit(per_minute, 60, self.clock.true_s)
        self._pages: dict[str, tuple[list[Json], list[Json]]] = {}

    def add(self, pattern: str, handler: Handler, *, lists: bool = False) -> None:
        """A path to GET, and whether it gives a list."""
        self.router.add("GET", pattern, handler)
        if lists:
            self._lists.add(pattern)

    def key_of(self, request: Request) -> str | None:
        """The key of a call that brings all it needs; None for all others."""
        raise NotImplementedError

    def refused(self, status: int, message: str) -> Response:
        """A refusal as the vendor writes it."""
        raise NotImplementedError

    def route(self, request: Request) -> str:
        found = self.router.find(request.method, request.path)
        return found[2] if found else "(nothing)"

    def handle(self, request: Request) -> Response:
        try:
            response = self._answer(request)
        except RefusalError as refusal:
            return refusal.response
        payload = response.payload
        if self.is_page(request) and isinstance(payload, dict) and self.rows in payload:
            self._remember(request.path, payload[self.rows])  # pyright: ignore[reportUnknownArgumentType]
        return response

    def reset(self) -> None:
        self._limit.reset()
        self._pages.clear()

    def limits(self) -> dict[str, int | None]:
        return {"per_minute": self._limit.limit}

    def set_limits(self, limits: dict[str, int | None]) -> None:
        for name, value in limits.items():
            if name != "per_minute":
                raise KeyError(name)
            self._limit.limit = value

    def grant_facts(self, tokens: Tokens) -> Json:
        """The access token is what the firm types on the connect page, line by line."""
        return {"account": self.account, "authorize_path": "", "token_path": "", "revoke_path": None}

    def is_oauth(self, request: Request) -> bool:
        return False

    def is_write(self, request: Request) -> bool:
        return request.method != "GET"

    def is_page(self, request: Request) -> bool:
        return request.method == "GET" and self.route(request) in self._lists

    def throttled(self, retry_after: str | None) -> Response:
        response = self.refused(429, f"Rate limit is exceeded. Try again in {retry_after or 10} seconds.")
        return response if retry_after is None else response.plus(("retry-after", retry_after))

    def server_error(self, status: int) -> Response:
        return self.refused(status, "Something went wrong.")

    def fault_in_200(self) -> Response:
        return self.refused(200, "Something went wrong.")

    def records(self, payload: Json) -> list[Json]:
        rows: object = payload.get(self.rows)
        return rows if isinstance(rows, list) else [payload]  # pyright: ignore[reportUnknownVariableType]

    def supports_fault(self, kind: str) -> bool:
        return kind != "repeated_cursor"

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        if self.rows not in payload or kind == "repeated_cursor":
            raise UnsupportedFaultError(kind)
        before = self._pages[request.path][0] if kind == "duplicate_page" else []
        return {**payload, self.rows: before}

    def _remember(self, path: str, now: list[Json]) -> None:
        """The last two pages of a list: a page may be sent twice."""
        self._pages[path] = (self._pages.get(path, ([], []))[1], now)

    def _answer(self, request: Request) -> Response:
        key = self.key_of(request)
        if key is None or self.grants.scopes_of(key) is None:
            return self.refused(401, "Unauthenticated.")
        verdict = self._limit.check(key)
        if not verdict.admitted:
            return self.throttled(str(ceil(verdict.reset_in_s)))
        self._limit.count(key)
        found = self.router.find(request.method, request.path)
        if found is None:
            return self.refused(404, "Resource not found")
        handler, path, _ = found
        return handler(request, path)


def whole(request: Request, name: str, default: int) -> int | None:
    """A whole number in a query, `default` where it is not given, None where it is something else."""
    text = request.query.get(name, str(default))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
