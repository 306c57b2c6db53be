"""Xero Practice Manager 3.1: one practice of a login that reaches two, and an organisation besides."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.consents import Endpoints
from service.sandbox.grants import Tokens
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.reading import ReadVendor
from service.sandbox.vendor import UnsupportedFaultError
from service.sandbox.xpm.markup import as_xml
from service.sandbox.xpm.practice import Clients, tenant_id

ROOT = "/practicemanager/3.1"
ACCESS_S = 1800
REFRESH_S = 60 * 86_400
SCOPES = frozenset({"offline_access", "practicemanager.client.read"})
_FAMILIES = ("client", "job", "staff", "time")
_KNOWN = SCOPES | {f"practicemanager.{name}{end}" for name in _FAMILIES for end in ("", ".read")}
_ENDPOINTS = Endpoints(
    authorize="/identity/connect/authorize",
    token="/connect/token",  # noqa: S106 - an address
    revoke="/connect/revocation",
    client_auth="basic",
    scopes=_KNOWN,
)


class Xpm(ReadVendor):
    """One practice, in XML, or in JSON for who asks for that."""

    name = "xpm"
    default_scopes = SCOPES

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(
            _ENDPOINTS, clock or VendorClock(), access_s=ACCESS_S, refresh_s=REFRESH_S, limit=("per_minute", 60, 60)
        )
        self.tenant = tenant_id(books.seed, 0)
        self._second = tenant_id(books.seed, 1)
        self._books_tenant = tenant_id(books.seed, 2)
        self._clients = Clients(books)
        self.add("GET", "/connections", self._connections)
        self.add("GET", f"{ROOT}/client.api/paged-list", self._clients_page)
        self.add("GET", f"{ROOT}/client.api/get/{{id}}", self._client)
        self.add("GET", f"{ROOT}/client.api/contacts", self._contacts_page)
        self.add("GET", f"{ROOT}/client.api/contact/{{id}}", self._contact)

    def handle(self, request: Request) -> Response:
        """Every call but those around OAuth names a practice that the token reaches."""
        response = super().handle(request)
        if not request.path.startswith(ROOT) or response.status in (401, 429):
            return response
        named = request.headers.get("xero-tenant-id")
        if named not in (self.tenant, self._second):
            return json_response(403, {"Type": None, "Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"})
        return response

    def translated(self, request: Request, response: Response) -> Response:
        """XML but for who asks for JSON."""
        return response if "application/json" in request.headers.get("accept", "") else as_xml(response)

    def grant_facts(self, tokens: Tokens) -> Json:
        del tokens
        return self.facts(self.tenant)

    def is_page(self, request: Request) -> bool:
        return request.path.endswith(("/paged-list", "/contacts"))

    def missing(self) -> Response:
        return _answer(404, _error("The requested resource was not found."))

    def unauthorized(self) -> Response:
        said = {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired"}
        return json_response(401, said)

    def throttled(self, retry_after: str | None) -> Response:
        return Response(429, b"", (("x-rate-limit-problem", "minute"), ("retry-after", retry_after or "1")))

    def server_error(self, status: int) -> Response:
        return _answer(status, _error("An exception occurred."))

    def fault_in_200(self) -> Response:
        return _answer(200, _error("The request could not be carried out."))

    def records(self, payload: Json) -> list[Json]:
        found = payload.get("Response", {})
        listed: Json = found.get("Clients") or found.get("Contacts") or found
        held: list[Json] | Json | None = listed.get("Client") or listed.get("Contact")
        return held if isinstance(held, list) else [held] if held else []

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        begin, size = _asked(request)
        match kind:
            case "repeated_cursor":
                held = payload["Response"].get("Clients") or payload["Response"].get("Contacts")
                return _paged(request, held, request.query.get("pageToken") or _token(begin + size))
            case "empty_middle_page":
                return _paged(request, None, _token(begin))
            case _:
                raise UnsupportedFaultError(kind)

    def supports_fault(self, kind: str) -> bool:
        return kind != "duplicate_page"

    def _connections(self, request: Request, _: Mapping[str, str]) -> Response:
        del request
        found = (
            (self.tenant, "PRACTICE", "Larkspur & Finch CPAs"),
            (self._second, "PRACTICE", "Larkspur & Finch Advisory"),
            (self._books_tenant, "ORGANISATION", "Larkspur & Finch (own books)"),
        )
        return json_response(
            200,
            [
                {"id": tenant, "tenantId": tenant, "tenantType": kind, "tenantName": name}
                | dict.fromkeys(("createdDateUtc", "updatedDateUtc"), "2026-02-03T04:05:06.0000000")
                for tenant, kind, name in found
            ],
        )

    def _clients_page(self, request: Request, _: Mapping[str, str]) -> Response:
        return self._page(request, "Client", self._clients.listed, self._clients.client)

    def _contacts_page(self, request: Request, _: Mapping[str, str]) -> Response:
        return self._page(request, "Contact", range(self._clients.people.size), self._clients.contact)

    def _page(self, request: Request, name: str, listed: Sequence[int], row: Callable[[int], Json]) -> Response:
        try:
            begin, size = _asked(request)
        except ValueError:
            return _answer(400, _error("pageSize or pageToken is not valid."))
        # The second practice is a new one, without clients yet.
        shown: Sequence[int] = listed if self._is_first(request) else ()
        rows = [row(number) for number in shown[begin : begin + size]]
        held: Json | None = {name: rows[0] if len(rows) == 1 else rows} if rows else None
        follows = _token(begin + size) if begin + size < len(shown) else None
        return _answer(200, _paged(request, held, follows)["Response"])

    def _client(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._clients.find(path["id"])
        if row is None or not self._is_first(request):
            return _answer(404, _error("There is no such client."))
        page = f"https://practicemanager.example/client/{path['id']}"
        return _answer(200, {"Status": "OK", "WebUrl": page, "Client": self._clients.client(row, whole=True)})

    def _contact(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._clients.find_contact(path["id"])
        if row is None or not self._is_first(request):
            return _answer(404, _error("There is no such contact."))
        return _answer(200, {"Status": "OK", "Contact": self._clients.contact(row)})

    def _is_first(self, request: Request) -> bool:
        return request.headers.get("xero-tenant-id") == self.tenant


def _answer(status: int, found: Json) -> Response:
    return json_response(status, {"Response": found})


def _error(text: str) -> Json:
    return {"Status": "ERROR", "ErrorDescription": text}


def _paged(request: Request, held: Json | None, follows: str | None) -> Json:
    first = f"https://api.xero.example{request.path}"
    links = {"First": first} | ({"Next": f"{first}?pageToken={follows}"} if follows else {})
    name = "Contacts" if request.path.endswith("/contacts") else "Clients"
    return {"Response": {"Status": "OK", name: held, "Pagination": {"Links": links}}}


def _token(begin: int) -> str:
    """Where a page begins; never the same twice, so that nobody reads anything into it."""
    return urlsafe_b64encode(f"{begin}.{secrets.token_hex(4)}".encode()).decode().rstrip("=")


def _asked(request: Request) -> tuple[int, int]:
    """Where the page begins and how long it may be; ValueError for what the vendor would not take."""
    size, token = int(request.query.get("pageSize", "50")), request.query.get("pageToken")
    begin = 0
    if token:
        begin = int(urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(".")[0])
    if not 1 <= size <= 500 or begin < 0:
        raise ValueError
    return begin, size
