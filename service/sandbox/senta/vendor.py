"""Senta: one practice, one key, everything in one list."""

from collections.abc import Mapping

from service.sandbox import names
from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.keyed import Keyed, RefusalError
from service.sandbox.people import STAFF, person

_FIRST = 0x5F10_0000_0000
_VIEW = "v08a1"
_STATES = {"Active": "Client", "Archived": "Former client", "Prospect": "Prospect", "Other": "On hold"}
_TYPES = (("Trust", "Trust"), ("Partners", "Partnership"), ("LLC", "LLP"))


class Senta(Keyed):
    """One practice."""

    name = "senta"
    rows = "docs"

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        super().__init__(books, clock, None)
        self.account = f"larkspur{books.seed}"
        self.add("/api/clients/search", self._search, lists=True)
        self.add("/api/clients/{id}", self._one)

    def key_of(self, request: Request) -> str | None:
        return request.headers.get("x-auth")

    def refused(self, status: int, message: str) -> Response:
        return json_response(status, {"error": message})

    def _search(self, request: Request, _: Mapping[str, str]) -> Response:
        rows = [{"_id": _id(row), "title": self.books.name(row)} for row in range(self.books.clients)]
        return json_response(200, {"docs": rows})

    def _one(self, request: Request, path: Mapping[str, str]) -> Response:
        if path["id"] == _VIEW:
            rows = [{"_id": _id(row), "Client name": self.books.name(row)} for row in range(min(3, self.books.clients))]
            return json_response(200, {"docs": rows})
        row = self._row(path["id"])
        if row is None:
            raise RefusalError(self.refused(404, "Not found"))
        return json_response(200, {"doc": self._client(row)})

    def _row(self, text: str) -> int | None:
        try:
            row = int(text, 16) - _FIRST
        except ValueError:
            return None
        return row if 0 <= row < self.books.clients and _id(row) == text else None

    def _client(self, row: int) -> Json:
        client = self.books.client(row)
        line, town, district, postcode = client.address
        people = [person(self.books, row, place) for place in range(client.shape.contacts)]
        return {
            "_id": _id(row),
            "title": client.name,
            "clientstate": _STATES[client.shape.status],
            "clienttype": _type(client.name, is_person=client.given is not None),
            "businessarea": "General",
            "accountmanager": f"{STAFF[row % len(STAFF)].given} {STAFF[row % len(STAFF)].family}",
            "fees": 1200 + row,
            "paymentmethod": "Direct debit",
            "vatservice": "Quarterly",
            "telephone": client.phone,
            "web": f"https://{names.slug(client.name)}.example",
            "twitter": "",
            "address1": line,
            "address2": "",
            "town": town,
            "district": district,
            "postcode": postcode,
            "utr": f"55501{row:05d}",
            "favouritecolour": "green",
            "contacts": [
                {
                    "firstname": one.given,
                    "lastname": one.family,
                    "email": one.email,
                    "mobile": one.phone,
                    "shareholding": 0,
                }
                for one in people
            ],
        }


def _id(row: int) -> str:
    return f"{_FIRST + row:x}"


def _type(name: str, *, is_person: bool) -> str:
    if is_person:
        return "Individual"
    return next((kind for ending, kind in _TYPES if name.endswith(ending)), "Limited company")
