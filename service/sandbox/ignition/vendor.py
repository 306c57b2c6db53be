"""Ignition's reporting API over one practice: clients, page by page."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from math import ceil

from service.sandbox.books import Books
from service.sandbox.canopy.ids import instant
from service.sandbox.clock import VendorClock
from service.sandbox.consents import Endpoints
from service.sandbox.grants import Tokens
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.people import STAFF
from service.sandbox.reading import ReadVendor
from service.sandbox.vendor import UnsupportedFaultError

ROOT = "/external/api/v1/reporting"
ACCESS_S = 7200
REFRESH_S = 365 * 86_400
MOST = 250
_USUAL = 100
_STATES = {"Active": "active", "Prospect": "lead", "Archived": "archived", "Other": "inactive"}
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
        self._books = books
        self.add("GET", f"{ROOT}/clients", self._page)

    def grant_facts(self, tokens: Tokens) -> Json:
        del tokens
        return self.facts("practice")

    def is_page(self, request: Request) -> bool:
        return request.path == f"{ROOT}/clients"

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

    def _page(self, request: Request, _: Mapping[str, str]) -> Response:
        try:
            begin, size = _asked(request)
            since = request.query.get("updated_from")
            since_s = None if since is None else datetime.fromisoformat(since).astimezone().timestamp()
        except ValueError:
            return _failure(400, "limit, cursor or updated_from is not valid")
        state = request.query.get("state")
        rows = [row for row in range(self._books.clients) if self._is_shown(row, state, since_s)]
        follows = _cursor(begin + size) if begin + size < len(rows) else None
        return json_response(200, _paged([self._client(row) for row in rows[begin : begin + size]], size, follows))

    def _is_shown(self, row: int, state: str | None, since_s: float | None) -> bool:
        """Archived clients only when they are asked for."""
        found = _STATES[self._books.shape(row).status]
        if found != state and (state is not None or found == "archived"):
            return False
        return since_s is None or self._books.client_times(row)[1] >= since_s

    def _client(self, row: int) -> Json:
        client = self._books.client(row)
        state = _STATES[client.shape.status]
        manager, partner = STAFF[row % 4], STAFF[row % 2]
        return {
            "slug": f"cli_{self._books.seed:x}{row + 1:06d}",
            "name": client.name,
            "email": client.email,
            "phone": client.phone,
            "state": state,
            "group_name": None,
            "external_client_id": f"C-{row + 1:06d}" if row % 3 else None,
            "xero_contact_id": None,
            "qbo_customer_id": row + 1 if state != "lead" else None,
            "manager": {"name": f"{manager.given} {manager.family}", "email": manager.email},
            "partner": {"name": f"{partner.given} {partner.family}", "email": partner.email},
            "tags": ["monthly"] if row % 4 == 0 else [],
            "link": f"https://app.ignition.example/clients/{row + 1}",
            "created_at": instant(client.created_s),
            "updated_at": instant(client.updated_s),
        }


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
