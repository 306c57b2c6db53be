"""Uku, version 3: a token, or a key and a company in two headers; lists that go on by cursor or row."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from math import ceil
from uuid import UUID

from service.sandbox.books import Books
from service.sandbox.canopy.ids import instant
from service.sandbox.clock import VendorClock
from service.sandbox.consents import Consents, Endpoints
from service.sandbox.dice import Layout
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.keyed import KEY_LIFE_S, Keyed, whole
from service.sandbox.people import person
from service.sandbox.shapes import counts

_MOST = 200
_NEVER_S = 10 * 365 * 86_400
_PER_MINUTE = 60
_FIRST_ID = 4001
_CODES = {400: "VALIDATION_ERROR", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RATE_LIMITED"}
_ACCESS_S = 24 * 3600
_REFRESH_S = 90 * 86_400
_ENDPOINTS = Endpoints(
    authorize="/oauth/authorize",
    token="/oauth/token",  # noqa: S106 - an address
    revoke="/oauth/revoke",
    scopes=frozenset({"read", "write"}),
)
_STATUSES = {"Active": "active", "Prospect": "active", "Archived": "archived", "Other": "inactive"}


class _Grants(Grants):
    """Keys that a company made live long, what somebody consented to does not."""

    def __init__(self, now_s: Callable[[], float], *, access_s: float, refresh_s: float) -> None:
        super().__init__(now_s, access_s=KEY_LIFE_S, refresh_s=KEY_LIFE_S, hard_s=_NEVER_S, reuse_revokes=True)
        self._token_life = access_s, refresh_s

    def redeem(self, code: str, redirect_uri: str, verifier: str | None) -> Tokens:
        self._life = (*self._token_life, _NEVER_S)
        try:
            return super().redeem(code, redirect_uri, verifier)
        finally:
            self._life = (KEY_LIFE_S, KEY_LIFE_S, _NEVER_S)


class Uku(Keyed):
    """One company."""

    name = "uku"
    rows = "data"

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(books, clock, _PER_MINUTE)
        self.account = str(UUID(int=0x0F4C7D1E8A514C599B5E6A9D1D0A0000 + books.seed))
        self.grants: Grants = _Grants(self.clock.true_s, access_s=_ACCESS_S, refresh_s=_REFRESH_S)
        self._consents = Consents(self.grants, _ENDPOINTS, lambda _, usual: usual, lambda error: {"error": error})
        self._consents.add_to(self.router)
        people = Layout(counts(lambda shape: shape.contacts), books.clients)
        self._people = people
        self._rows: dict[str, tuple[int, Callable[[int], Json]]] = {
            "clients": (books.clients, self._client),
            "contacts": (people.size, self._contact),
        }
        for name in self._rows:
            self.add(f"/api/v3/{name}", self._list, lists=True)
            self.add(f"/api/v3/{name}/{{id}}", self._one)

    def grant_facts(self, tokens: Tokens) -> Json:
        """The access token is what a call needs: the key, and the company."""
        return {**super().grant_facts(tokens), "access_token": f"{tokens.access_token}\n{self.account}"}

    def handle(self, request: Request) -> Response:
        if self.is_oauth(request):
            found = self.router.find(request.method, request.path)
            return found[0](request, found[1]) if found else self.refused(404, "Not found.")
        if request.bearer is not None:
            return super().handle(request)  # the company is the token's; what a header says of it is ignored
        company = request.headers.get("x-uku-company")
        if company != self.account:
            return _refusal(400, "INVALID_COMPANY" if company else "MISSING_COMPANY", "Company is not valid.")
        return super().handle(request)

    def is_oauth(self, request: Request) -> bool:
        return request.path in _ENDPOINTS.paths

    def is_write(self, request: Request) -> bool:
        return super().is_write(request) and not self.is_oauth(request)

    def key_of(self, request: Request) -> str | None:
        return request.bearer or request.api_key

    def refused(self, status: int, message: str) -> Response:
        return _refusal(status, _CODES.get(status, "INTERNAL"), message)

    def throttled(self, retry_after: str | None) -> Response:
        response = self.refused(429, "Too many requests.")
        if retry_after is None:
            return response
        reset = str(ceil(self.clock.said_s() + float(retry_after)))
        headers = ("x-ratelimit-reset", reset), ("x-ratelimit-tier", "read"), ("date", self.clock.http_date())
        return response.plus(*headers)

    def records(self, payload: Json) -> list[Json]:
        data: list[Json] | Json = payload.get("data", [])
        return data if isinstance(data, list) else [data]

    def supports_fault(self, kind: str) -> bool:
        return kind != "duplicate_page"

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        begin, size = self._asked(request) or (0, _MOST)
        if kind == "repeated_cursor":
            return self._paged(request, begin, size, request.query.get("cursor") or _cursor(begin + size))
        if kind == "empty_middle_page":
            return {**self._paged(request, begin, size, _cursor(begin)), "data": []}
        return super().page_fault(kind, request, payload)

    def _list(self, request: Request, _: Mapping[str, str]) -> Response:
        asked = self._asked(request)
        if asked is None:
            return self.refused(400, "limit, offset or cursor is not valid")
        begin, size = asked
        follows = _cursor(begin + size) if begin + size < self._sort(request)[0] else None
        return json_response(200, self._paged(request, begin, size, follows))

    def _sort(self, request: Request) -> tuple[int, Callable[[int], Json]]:
        """How many rows there are of what a call is about, and how one is made."""
        return self._rows[request.path.split("/")[3]]

    def _paged(self, request: Request, begin: int, size: int, follows: str | None) -> Json:
        total, make = self._sort(request)
        rows = [make(row) for row in range(begin, min(begin + size, total))]
        meta = {
            "total": total,
            "offset": begin,
            "limit": size,
            "has_more": follows is not None,
            "next_cursor": follows,
        }
        return {"data": rows, "meta": meta, "warnings": None}

    def _one(self, request: Request, path: Mapping[str, str]) -> Response:
        text = path["id"]
        total, make = self._sort(request)
        row = int(text) - _FIRST_ID if text.isascii() and text.isdigit() and len(text) < 12 else -1
        if not 0 <= row < total:
            return self.refused(404, "Not found.")
        return json_response(200, {"data": make(row)})

    def _client(self, row: int) -> Json:
        client = self.books.client(row)
        return {
            "id": _FIRST_ID + row,
            "account_id": 77,
            "name": client.name,
            "client_initials": client.name[:2].upper(),
            "address_country_code": "US" if row % 5 else None,
            "locale_code": "en",
            "status": _STATUSES[client.shape.status],
            "type": "person" if client.given else "company",
            "default_person_id": 900 + row % 4 if row % 3 else None,
            "groups": [],
            "fields": {"tier": "Gold"} if row % 4 == 0 else {},
            "billing_settings": {},
            "created_at": instant(client.created_s),
            "updated_at": instant(client.updated_s),
        }

    def _contact(self, row: int) -> Json:
        number, place = self._people.locate(row)
        found = person(self.books, number, place)
        created_s, updated_s = self.books.client_times(number)
        return {
            "id": _FIRST_ID + row,
            "client_id": _FIRST_ID + number,
            "name": found.given,
            "surname": found.family,
            "email": found.email,
            "job_title": None,
            "mobile_phone": found.phone if row % 3 == 0 else None,
            "work_phone": found.phone,
            "birthday": found.born,
            "is_primary": 1 if place == 0 else 0,
            "ext_contact_id": None,
            "created_at": instant(created_s),
            "updated_at": instant(updated_s),
        }

    def _asked(self, request: Request) -> tuple[int, int] | None:
        """Where the page begins and how long it may be; None for what the vendor would not take."""
        size, begin = whole(request, "limit", 50), whole(request, "offset", 0)
        cursor = request.query.get("cursor")
        if cursor:
            try:
                begin = int(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(".")[0])
            except ValueError:
                return None
        return None if begin is None or size is None or not 1 <= size <= _MOST else (begin, size)


def _refusal(status: int, code: str, message: str) -> Response:
    request_id = ("x-request-id", secrets.token_hex(8))
    return json_response(status, {"error": {"code": code, "message": message, "details": None}}, request_id)


def _cursor(begin: int) -> str:
    """Where a page begins; never the same twice, so that nobody reads anything into it."""
    return urlsafe_b64encode(f"{begin}.{secrets.token_hex(4)}".encode()).decode().rstrip("=")
