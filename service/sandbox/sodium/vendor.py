"""Sodium: API keys, tenants, and the public pages around what each tenant holds."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Handler, Json, Request, Response, Router, json_response
from service.sandbox.limits import SlidingLimit
from service.sandbox.sodium import links, wire
from service.sandbox.sodium.acceptance import Acceptance
from service.sandbox.sodium.accounting import Accounting
from service.sandbox.sodium.arrangements import Arrangements
from service.sandbox.sodium.asking import Asking, MagicLinks
from service.sandbox.sodium.custom_values import CustomValues
from service.sandbox.sodium.document_requests import DocumentRequests
from service.sandbox.sodium.documents import Documents
from service.sandbox.sodium.engagements import Engagements
from service.sandbox.sodium.errors import RefusalError, invalid, missing, refused
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.forms import Forms
from service.sandbox.sodium.mail import Mail
from service.sandbox.sodium.office import Office
from service.sandbox.sodium.particulars import Particulars
from service.sandbox.sodium.planning import Planning
from service.sandbox.sodium.roster import Roster
from service.sandbox.vendor import UnsupportedFaultError

KEY_LIFE_S = 365 * 86_400
SCOPES = frozenset({"api"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SECOND_FIRM_CLIENTS = 12


class KeyBody(wire.Body, frozen=True):
    """An API key to make."""

    name: str
    expires_in_days: int = 365


class Tenant:
    """One tenant: what it holds and the operations on it."""

    def __init__(self, books: Books, code: str, name: str, clock: VendorClock) -> None:
        self.firm = Firm(books, code, name, clock.said_s)
        self.router = Router()
        Roster(self.firm, self.router)
        Particulars(self.firm, self.router)
        CustomValues(self.firm, self.router)
        Arrangements(self.firm, self.router)
        self.engagements = Engagements(self.firm, self.router)
        Accounting(self.firm, self.router)
        self.documents = Documents(self.firm, self.router)
        DocumentRequests(self.firm, self.documents, self.router)
        self.asking = Asking(self.firm, Forms(self.firm, self.router), self.router)
        Planning(self.firm, self.router)
        Mail(self.firm, self.router)
        Office(self.firm, self.router)


class Sodium:
    """Two tenants under one login: the firm of the books, and a small second office."""

    name = "sodium"
    default_scopes = SCOPES

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        self.clock = clock or VendorClock()
        self.grants = Grants(self.clock.true_s, access_s=KEY_LIFE_S, refresh_s=KEY_LIFE_S, hard_s=KEY_LIFE_S)
        self.writes = 0
        self.account = f"larkspur{books.seed}"
        second = Books(books.seed + 1, min(books.clients, _SECOND_FIRM_CLIENTS))
        self._tenants = {
            tenant.firm.code: tenant
            for tenant in (
                Tenant(books, self.account, "Larkspur & Finch CPAs", self.clock),
                Tenant(second, f"larkspurwest{books.seed}", "Larkspur & Finch West", self.clock),
            )
        }
        self._limit = SlidingLimit(None, 60, self.clock.true_s)
        self._keys: dict[str, Json] = {}
        self._last_pages: dict[str, list[Json]] = {}
        self._public = Router()
        self._private = Router()
        self._add_routes()

    def route(self, request: Request) -> str:
        found = self._find(request)
        return found[2] if found else "(nothing)"

    def handle(self, request: Request) -> Response:
        try:
            response = self._answer(request)
        except RefusalError as refusal:
            return refusal.response
        if self.is_write(request) and response.status < 300:
            self.writes += 1
        if self.is_page(request) and isinstance(response.payload, dict):
            self._remember(request, response.payload)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return response

    def reset(self) -> None:
        for tenant in self._tenants.values():
            tenant.firm.reset()
        self._limit.reset()
        self._keys.clear()
        self._last_pages.clear()

    def limits(self) -> dict[str, int | None]:
        return {"per_minute": self._limit.limit}

    def set_limits(self, limits: dict[str, int | None]) -> None:
        for name, value in limits.items():
            if name != "per_minute":
                raise KeyError(name)
            self._limit.limit = value

    def grant_facts(self, tokens: Tokens) -> Json:
        """The access token is the API key. There is no OAuth here: its flows are told to partners alone."""
        return {"account": self.account, "authorize_path": "", "token_path": "", "revoke_path": None}

    def is_oauth(self, request: Request) -> bool:
        return False

    def is_write(self, request: Request) -> bool:
        return request.method in _WRITES

    def is_page(self, request: Request) -> bool:
        if request.method != "GET":
            return False
        last = request.path.rstrip("/").rpartition("/")[2]
        return last.isalpha() or ("-" in last and not any(character.isdigit() for character in last))

    def throttled(self, retry_after: str | None) -> Response:
        response = refused(429, "Too many requests.")
        return response if retry_after is None else response.plus(("retry-after", retry_after))

    def server_error(self, status: int) -> Response:
        return refused(status, "An unexpected error occurred.")

    def fault_in_200(self) -> Response:
        return refused(200, "An unexpected error occurred.")

    def records(self, payload: Json) -> list[Json]:
        data: object = payload.get("data")
        return data if isinstance(data, list) else [payload]  # pyright: ignore[reportUnknownVariableType]

    def supports_fault(self, kind: str) -> bool:
        return kind != "repeated_cursor"

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        if "data" not in payload:
            raise UnsupportedFaultError(kind)
        if kind == "duplicate_page":
            return {**payload, "data": self._last_pages.get(request.path, payload["data"])}
        if kind == "empty_middle_page":
            return {**payload, "data": [], "hasMore": True}
        raise UnsupportedFaultError(kind)

    def _add_routes(self) -> None:
        desks = list(self._tenants.values())
        Acceptance([*desks], self._public, self.clock.said_s)
        MagicLinks([desk.asking for desk in desks], self._public)
        self._public.add("GET", "/blobs/{tenant}/{code}", self._blob)
        for method, pattern, handler in (
            ("GET", "/account/keys", self._list_keys),
            ("POST", "/account/keys", self._make_key),
            ("DELETE", "/account/keys/{key}", self._drop_key),
            ("GET", "/users/me", self._me),
            ("GET", "/tenants", self._list_tenants),
            ("GET", "/tenants/{tenant}", self._get_tenant),
            ("GET", "/tenants/{tenant}/my-access", self._my_access),
        ):
            self._private.add(method, pattern, handler)

    def _find(self, request: Request) -> tuple[Handler, Mapping[str, str], str] | None:
        """What answers a call. Both spellings of the prefix are seen in the documentation, so both are answered."""
        path = request.path.removeprefix("/api") if request.path.startswith("/api/") else request.path
        found = self._public.find(request.method, path) or self._private.find(request.method, path)
        if found is not None:
            return found
        head, _, rest = path.removeprefix("/tenants/").partition("/")
        if head == path or not rest:
            return None
        tenant = self._tenants.get(head)
        inside = (tenant or next(iter(self._tenants.values()))).router.find(request.method, f"/{rest}")
        if inside is None:
            return None
        handler = inside[0] if tenant is not None else _forbidden
        return handler, inside[1], f"/tenants/{{tenant}}{inside[2]}"

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api") if request.path.startswith("/api/") else request.path
        found = self._public.find(request.method, path)
        if found is not None:
            return found[0](request, found[1])
        if self.grants.scopes_of(request.api_key) is None:
            raise RefusalError(401, "The API key is missing or not valid.")
        verdict = self._limit.check(request.api_key or "")
        if not verdict.admitted:
            return self.throttled(str(ceil(verdict.reset_in_s)))
        self._limit.count(request.api_key or "")
        inside = self._find(request)
        if inside is None:
            raise missing("Resource")
        return inside[0](request, inside[1])

    def _remember(self, request: Request, payload: Json) -> None:
        now: list[Json] = payload.get("data", [])
        name = f"{request.path} now"
        self._last_pages[request.path] = self._last_pages.pop(name, now)
        self._last_pages[name] = now

    def _blob(self, request: Request, path: Mapping[str, str]) -> Response:
        """The bytes behind a download link, as a storage account gives them: ranges, and XML when it refuses."""
        tenant = self._tenants.get(path["tenant"])
        if tenant is None or not links.opens(request, self.clock.said_s()):
            xml = (("content-type", "application/xml"),)
            return Response(403, b'<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>', xml)
        content, media_type = tenant.documents.content(path["code"])
        head = (("content-type", media_type), ("accept-ranges", "bytes"))
        begin, end = _range(request.headers.get("range", ""), len(content))
        if begin is None:
            return Response(200, content, head)
        if begin >= len(content):
            return Response(416, b"", (*head, ("content-range", f"bytes */{len(content)}")))
        part = content[begin:end]
        return Response(206, part, (*head, ("content-range", f"bytes {begin}-{begin + len(part) - 1}/{len(content)}")))

    def _list_keys(self, request: Request, _: Mapping[str, str]) -> Response:
        keys = [{name: key[name] for name in key if name != "apiKey"} for key in self._keys.values()]
        return wire.page(keys, wire.window(request), lambda key: key)

    def _make_key(self, request: Request, _: Mapping[str, str]) -> Response:
        body = wire.read(request, KeyBody)
        if not 0 < body.expires_in_days <= 365:
            raise invalid("expiresInDays", "The field expiresInDays must be between 1 and 365.")
        life_s = body.expires_in_days * 86_400
        now_s = self.clock.said_s()
        row: Json = {
            "key": str(uuid.uuid4()),
            "name": body.name,
            "apiKey": self.grants.consent(SCOPES, life_s, life_s).access_token,
            "createdDate": wire.instant(now_s),
            "expiryDate": wire.instant(now_s + life_s),
        }
        self._keys[row["key"]] = row
        return json_response(201, row)

    def _drop_key(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._keys.pop(path["key"], None)
        if row is None:
            raise missing("API key")
        self.grants.revoke(row["apiKey"])
        return Response(204)

    def _me(self, request: Request, _: Mapping[str, str]) -> Response:
        firm = self._tenants[self.account].firm
        user = firm.users.get(firm.me["code"])
        names = ("code", "firstName", "lastName", "email")
        return json_response(200, {**{name: user[name] for name in names}, "isEmailVerified": True})

    def _list_tenants(self, request: Request, _: Mapping[str, str]) -> Response:
        return wire.page(list(self._tenants.values()), wire.window(request), _tenant)

    def _get_tenant(self, request: Request, path: Mapping[str, str]) -> Response:
        return json_response(200, _tenant(self._known(path["tenant"])))

    def _my_access(self, request: Request, path: Mapping[str, str]) -> Response:
        self._known(path["tenant"])
        permissions = ["Clients", "Tasks", "Engagements", "PracticeDetails"]
        return json_response(200, {"systemRole": "Admin", "permissions": permissions})

    def _known(self, code: str) -> Tenant:
        tenant = self._tenants.get(code)
        if tenant is None:
            raise _not_a_member()
        return tenant


def _tenant(tenant: Tenant) -> Json:
    created = wire.instant(datetime(2022, 5, 2, tzinfo=UTC).timestamp())
    return {"code": tenant.firm.code, "name": tenant.firm.name, "status": "Active", "createdDate": created}


def _forbidden(request: Request, path: Mapping[str, str]) -> Response:
    raise _not_a_member()


def _not_a_member() -> RefusalError:
    return RefusalError(403, "You do not belong to this tenant.")


def _range(header: str, size: int) -> tuple[int | None, int]:
    """The begin and end of `bytes=a-b` or `bytes=a-`; None for all else, which gets the whole."""
    unit, _, span = header.partition("=")
    begin, _, end = span.partition("-")
    if unit != "bytes" or not begin.isdigit() or not (end.isdigit() or not end):
        return None, size
    return int(begin), min(int(end) + 1, size) if end else size
