"""Financial Cents: one firm, pages by number, a token that lapses."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.keyed import Keyed, RefusalError, whole
from service.sandbox.people import STAFF, person

_FIRST = 41_001
_MOST = 200
_PER_MINUTE = 250
_ORDERS = {"created_at": 0, "updated_at": 1}


class FinancialCents(Keyed):
    """One firm."""

    name = "financial_cents"
    rows = "data"

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(books, clock, _PER_MINUTE)
        self.account = str(9000 + books.seed)
        self.add("/api/v1/clients", self._list, lists=True)
        self.add("/api/v1/clients/{id}", self._one)
        self.add("/api/v1/users", self._users, lists=True)

    def key_of(self, request: Request) -> str | None:
        return request.bearer

    def refused(self, status: int, message: str) -> Response:
        return json_response(status, {"message": message})

    def _list(self, request: Request, _: Mapping[str, str]) -> Response:
        found = self._ordered(request, [row for row in range(self.books.clients) if self._matches(request, row)])
        return self._page(request, found, self._client)

    def _users(self, request: Request, _: Mapping[str, str]) -> Response:
        return self._page(request, list(range(len(STAFF))), _user)

    def _page(self, request: Request, found: list[int], show: Callable[[int], Json]) -> Response:
        number, size = whole(request, "page", 1), whole(request, "per_page", 100)
        if not number or not size or size > _MOST:
            errors = {"per_page": [f"The per page must be between 1 and {_MOST}."]}
            raise RefusalError(json_response(422, {"message": "The given data was invalid.", "errors": errors}))
        first = (number - 1) * size
        meta = {
            "current_page": number,
            "last_page": max(1, -(-len(found) // size)),
            "per_page": size,
            "total": len(found),
        }
        return json_response(200, {"data": [show(row) for row in found[first : first + size]], "meta": meta})

    def _one(self, request: Request, path: Mapping[str, str]) -> Response:
        text = path["id"]
        row = int(text) - _FIRST if text.isascii() and text.isdigit() and len(text) < 12 else -1
        if not 0 <= row < self.books.clients:
            raise RefusalError(self.refused(404, "No query results for model [App\\Models\\Client]."))
        return json_response(200, {"data": self._client(row)})

    def _matches(self, request: Request, row: int) -> bool:
        said = {name: request.query.get(f"search[{name}]") for name in ("field", "operation", "value")}
        if not any(said.values()):
            return True
        if said["field"] != "name" or said["operation"] != "contains" or not said["value"]:
            errors = {"search": ["The search is invalid."]}
            raise RefusalError(json_response(422, {"message": "The given data was invalid.", "errors": errors}))
        return said["value"].casefold() in self.books.name(row).casefold()

    def _ordered(self, request: Request, rows: list[int]) -> list[int]:
        place = _ORDERS.get(request.query.get("order_by", ""))
        if place is None:
            return rows
        descends = request.query.get("order_dir") == "desc"
        return sorted(rows, key=lambda row: self.books.client_times(row)[place], reverse=descends)

    def _client(self, row: int) -> Json:
        client = self.books.client(row)
        is_archived = client.shape.status == "Archived"
        people = [person(self.books, row, place) for place in range(client.shape.contacts)]
        return {
            "id": _FIRST + row,
            "company_id": int(self.account),
            "name": client.name,
            "display_name": client.name,
            "company_name": None if client.given else client.name,
            "is_archived": is_archived,
            "archived_at": _instant(client.updated_s) if is_archived else None,
            "contacts": [
                {"id": row * 10 + place, "name": f"{one.given} {one.family}", "email": one.email, "phone": one.phone}
                for place, one in enumerate(people)
            ],
            "groups": [],
            "custom_fields": [],
            "relationships": [],
            "created_at": _instant(client.created_s),
            "updated_at": _instant(client.updated_s),
        }


def _user(row: int) -> Json:
    staff = STAFF[row]
    return {"id": 701 + row, "name": f"{staff.given} {staff.family}", "email": staff.email}


def _instant(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
