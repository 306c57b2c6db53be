"""SmartVault over one firm on a structured plan, and a second one that the same login reaches."""

from collections.abc import Mapping

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.consents import Endpoints
from service.sandbox.grants import Tokens
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.people import person
from service.sandbox.reading import ReadVendor

FIRMS = "/nodes/entity/SmartVault.Accounting.Firm"
ACCESS_S = 3600
REFRESH_S = 14 * 86_400
MOST = 500
_USUAL = 100
_ENDPOINTS = Endpoints(
    authorize="/users/secure/IntegratedApplications.aspx",
    token="/auto/auth/dtoken/2",  # noqa: S106 - an address
    refresh="/auto/auth/rtoken/2",
    needs_id_to_refresh=False,
)


class SmartVault(ReadVendor):
    """Two firms; the books are the first one's."""

    name = "smartvault"
    default_scopes = frozenset[str]()

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(
            _ENDPOINTS, clock or VendorClock(), access_s=ACCESS_S, refresh_s=REFRESH_S, limit=("per_second", None, 1)
        )
        self._books = books
        self.firm = f"{0x51000 + books.seed:x}"
        self._second = f"{0x52000 + books.seed:x}"
        self.add("GET", FIRMS, self._firms)
        self.add("GET", f"{FIRMS}/{{firm}}/SmartVault.Accounting.FirmClient", self._clients)
        self.add("GET", f"{FIRMS}/{{firm}}/SmartVault.Accounting.FirmClient/{{id}}", self._client)

    def token_answer(self, tokens: Tokens, payload: Json) -> Json:
        told = {"refresh_token_expires_in": round(tokens.refresh_s), "id": "ada.finch@larkspurfinch.example"}
        return _good(payload | told)

    def token_refusal(self, error: str) -> Json:
        return _bad(error)

    def grant_facts(self, tokens: Tokens) -> Json:
        del tokens
        return self.facts(self.firm)

    def is_page(self, request: Request) -> bool:
        return request.path.endswith("/SmartVault.Accounting.FirmClient")

    def missing(self) -> Response:
        return json_response(404, _bad("not_found"))

    def unauthorized(self) -> Response:
        return json_response(400, _bad("invalid_token"))

    def throttled(self, retry_after: str | None) -> Response:
        return json_response(429, _bad("too_many_requests"), ("retry-after", retry_after or "1"))

    def server_error(self, status: int) -> Response:
        return json_response(status, _bad("internal"))

    def fault_in_200(self) -> Response:
        return json_response(200, _bad("refused"))

    def records(self, payload: Json) -> list[Json]:
        message = payload.get("message", {})
        return list(message["children"]) if "children" in message else [message]

    def supports_fault(self, kind: str) -> bool:
        return kind not in ("duplicate_page", "repeated_cursor", "empty_middle_page")

    def _firms(self, request: Request, _: Mapping[str, str]) -> Response:
        found = ((self.firm, "Larkspur & Finch CPAs"), (self._second, "Larkspur & Finch Advisory"))
        rows = [_node(f"{FIRMS}/{firm}", f"/nodes/pth/{name}") for firm, name in found]
        return _paged(request, rows)

    def _clients(self, request: Request, path: Mapping[str, str]) -> Response:
        if path["firm"] not in (self.firm, self._second):
            return self.missing()
        # The second firm is a new one, without clients yet.
        count = self._books.clients if path["firm"] == self.firm else 0
        try:
            page, size = _asked(request)
        except ValueError:
            return json_response(400, _bad("page or per_page is not valid"))
        rows = [self._row(row, request) for row in range(page * size, min((page + 1) * size, count))]
        return json_response(200, _good({"name": "SmartVault.Accounting.FirmClient", "children": rows,
                                         "total_children": count}))  # fmt: skip

    def _client(self, request: Request, path: Mapping[str, str]) -> Response:
        number = path["id"].removeprefix("CL")
        row = int(number) - 1 if number.isascii() and number.isdigit() else -1
        if path["firm"] != self.firm or not 0 <= row < self._books.clients or path["id"] != f"CL{row + 1:05d}":
            return self.missing()
        return json_response(200, _good(self._row(row, request)))

    def _row(self, row: int, request: Request) -> Json:
        client = self._books.client(row)
        uri = f"{FIRMS}/{self.firm}/SmartVault.Accounting.FirmClient/CL{row + 1:05d}"
        found = _node(uri, f"/nodes/pth/Larkspur & Finch CPAs/{client.name}")
        if request.query.get("eprop") != "true":
            return found
        found["entityExProperties"] = {
            "smart_vault": {
                "accounting": {
                    "client": {
                        "type_qualifier": client.shape.filing_type,
                        "client_id": f"C-{row + 1:06d}",
                        "persons": [self._person(row, place) for place in range(client.shape.contacts)],
                        "tags": [{"value": "monthly"}] if row % 4 == 0 else [],
                        "aliases": [{"Domain": "qbo", "Type": "customer", "Value": str(row + 1)}],
                        "end_of_fiscal_year": "12/31",
                    }
                }
            }
        }
        return found

    def _person(self, row: int, place: int) -> Json:
        found = person(self._books, row, place)
        return {
            "names": [{"FirstName": found.given, "MiddleName": None, "LastName": found.family}],
            "email_addresses": [{"address": found.email}] if found.email else [],
            "phone_numbers": [{"Number": found.phone}],
            "is_primary": place == 0,
        }


def _node(uri: str, dav_uri: str) -> Json:
    return {
        "name": uri.rpartition("/")[2],
        "uri": uri,
        "dav_uri": dav_uri,
        "nodeType": "ContainerNodeType",
        "createdOn": "2026-02-03T04:05:06Z",
        "modifiedOn": "2026-02-03T04:05:06Z",
    }


def _good(message: Json) -> Json:
    return {"error": {"success": True}, "message": message}


def _bad(code: str) -> Json:
    return {"error": {"success": False, "error_code": code}}


def _paged(request: Request, rows: list[Json]) -> Response:
    page, size = _asked(request)
    return json_response(200, _good({"children": rows[page * size : (page + 1) * size], "total_children": len(rows)}))


def _asked(request: Request) -> tuple[int, int]:
    """Which page, counted from 0, and how long it may be; ValueError for what the vendor would not take."""
    page, size = int(request.query.get("page", "0")), int(request.query.get("per_page", str(_USUAL)))
    if page < 0 or not 1 <= size <= MOST:
        raise ValueError
    return page, size
