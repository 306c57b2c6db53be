"""Ignition's reporting API over one practice, list by list."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from math import ceil

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.consents import Endpoints
from service.sandbox.grants import Tokens
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.ignition.practice import Practice, Rows
from service.sandbox.reading import ReadVendor
from service.sandbox.vendor import UnsupportedFaultError

ROOT = "/external/api/v1/reporting"
ACCESS_S = 7200
REFRESH_S = 365 * 86_400
MOST = 250
_USUAL = 100
_ENDPOINTS = Endpoints(
    authorize="/oauth2/authorize",
    token="/oauth2/token",  # noqa: S106 - an address
    revoke="/oauth2/revoke",
    scopes=frozenset({"reporting"}),
)


class Ignition(ReadVendor):
    """One practice."""

    name = "ignition"
    default_scopes = frozenset({"reporting"})

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(
            _ENDPOINTS, clock or VendorClock(), access_s=ACCESS_S, refresh_s=REFRESH_S, limit=("per_hour", 1000, 3600)
        )
        self._lists = Practice(books).lists()
        self.add("GET", f"{ROOT}/{{list}}", self._page)

    def grant_facts(self, tokens: Tokens) -> Json:
        del tokens
        return self.facts("practice")

    def is_page(self, request: Request) -> bool:
        return request.path.removeprefix(f"{ROOT}/") in self._lists

    def missing(self) -> Response:
        return _failure(404, "Not found")

    def unauthorized(self) -> Response:
        return _failure(401, "The access token is invalid")

    def throttled(self, retry_after: str | None) -> Response:
        response = _failure(429, "Rate limit exceeded")
        if retry_after is None:
            return response
        reset = str(ceil(self.clock.said_s() + float(retry_after)))
        return response.plus(("x-ratelimit-reset", reset), ("date", self.clock.http_date()))

    def server_error(self, status: int) -> Response:
        return _failure(status, "Internal error")

    def fault_in_200(self) -> Response:
        return _failure(200, "Internal error")

    def records(self, payload: Json) -> list[Json]:
        return list(payload.get("data", []))

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        begin, size = _asked(request)
        match kind:
            case "repeated_cursor":
                return _paged(payload["data"], size, request.query.get("cursor") or _cursor(begin + size))
            case "empty_middle_page":
                return _paged([], size, _cursor(begin))
            case _:
                raise UnsupportedFaultError(kind)

    def supports_fault(self, kind: str) -> bool:
        return kind != "duplicate_page"

    def _page(self, request: Request, path: Mapping[str, str]) -> Response:
        if path["list"] not in self._lists:
            return self.missing()
        try:
            begin, size = _asked(request)
            since = request.query.get("updated_from")
            since_s = None if since is None else datetime.fromisoformat(since).astimezone().timestamp()
        except ValueError:
            return _failure(400, "limit, cursor or updated_from is not valid")
        state = request.query.get("state")
        rows = self._lists[path["list"]]
        shown = [row for row in range(rows.size) if self._is_shown(rows, row, state, since_s)]
        follows = _cursor(begin + size) if begin + size < len(shown) else None
        return json_response(200, _paged([rows.row(row) for row in shown[begin : begin + size]], size, follows))

    def _is_shown(self, rows: Rows, row: int, state: str | None, since_s: float | None) -> bool:
        """What is archived only when it is asked for."""
        found = rows.state(row)
        if found is not None and found != state and (state is not None or found == "archived"):
            return False
        return since_s is None or rows.updated_s(row) >= since_s


def _failure(status: int, detail: str) -> Response:
    return json_response(status, {"errors": [{"status": str(status), "detail": detail}]})


def _paged(rows: list[Json], size: int, follows: str | None) -> Json:
    pagination = {"has_more": follows is not None, "next_cursor": follows, "limit": size}
    return {"data": rows, "meta": {"pagination": pagination}}


def _cursor(begin: int) -> str:
    """Where a page begins; never the same twice, so that nobody reads anything into it."""
    return urlsafe_b64encode(f"{begin}.{secrets.token_hex(4)}".encode()).decode().rstrip("=")


def _asked(request: Request) -> tuple[int, int]:
    """Where the page begins and how long it may be; ValueError for what the vendor would not take."""
    size, cursor = int(request.query.get("limit", str(_USUAL))), request.query.get("cursor")
    begin = 0
    if cursor:
        begin = int(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(".")[0])
    if not 1 <= size <= MOST or begin < 0:
        raise ValueError
    return begin, size
