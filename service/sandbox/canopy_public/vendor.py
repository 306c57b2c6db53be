"""Canopy's public API, version 3: what a firm's own apps are given, next to nothing of what Canopy has.

Written from the specification (third-party mirror: github.com/nfbs2000/vibe-with-upwork-canopy-n8n,
specs/canopy-public-api-v3.yaml, read 2026-11-20). Where it contradicts itself, contacts are answered as its examples
have them and taken in either form: `answers`, `wishes`. It says nothing of these, which are assumed: OAuth 2 and its
consent page, scopes and what they open, how long tokens live, 120 calls a minute and their 429. The token address and
the form of a scope are from a public client (read 2026-11-20). A consent that names no scope has all of them.
"""

from collections.abc import Callable, Mapping

from service.sandbox.books import Books
from service.sandbox.canopy_public import answers, lists
from service.sandbox.canopy_public.errors import RefusalError, refusal
from service.sandbox.canopy_public.fields import FIELDS
from service.sandbox.canopy_public.lists import Asked, Lists
from service.sandbox.canopy_public.records import Records
from service.sandbox.canopy_public.writes import Writer
from service.sandbox.clock import VendorClock
from service.sandbox.consents import Endpoints
from service.sandbox.grants import Tokens
from service.sandbox.http import Handler, Json, Request, Response, json_response
from service.sandbox.reading import ReadVendor
from service.sandbox.vendor import UnsupportedFaultError

ROOT = "/public/v3"
ACCESS_S = 3600
REFRESH_S = 60 * 86_400
CALLS_PER_MINUTE = 120
SCOPES = frozenset({"clients:read", "clients:write", "contacts:read", "contacts:write", "custom_fields:read"})
NOUNS = ("clients", "contacts")
_ENDPOINTS = Endpoints(
    authorize="/oauth/authorize",
    token=f"{ROOT}/token",
    scopes=SCOPES,
)


class CanopyPublic(ReadVendor):
    """One firm."""

    name = "canopy_public"
    default_scopes = SCOPES

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        limit = ("per_minute", CALLS_PER_MINUTE, 60.0)
        super().__init__(_ENDPOINTS, clock or VendorClock(), access_s=ACCESS_S, refresh_s=REFRESH_S, limit=limit)
        records = Records(books)
        self._tables = records.tables()
        self._lists = Lists(records, self._tables)
        self._writer = Writer(self._tables, self.clock.said_s)
        self._pages: dict[str, tuple[list[Json], list[Json]]] = {}
        for noun in NOUNS:
            self._add_routes(noun)
        self.add("GET", f"{ROOT}/custom_fields", self._custom_fields)

    def handle(self, request: Request) -> Response:
        try:
            return super().handle(request)
        except RefusalError as refused:
            return refused.response

    def reset(self) -> None:
        super().reset()
        for table in self._tables.values():
            table.reset()
        self._writer.reset()
        self._pages.clear()

    def token_answer(self, tokens: Tokens, payload: Json) -> Json:
        return payload | {"scope": " ".join(sorted(tokens.scopes or SCOPES))}

    def grant_facts(self, tokens: Tokens) -> Json:
        """Nothing in the API names the firm."""
        del tokens
        return self.facts("firm")

    def is_page(self, request: Request) -> bool:
        return request.method == "GET" and request.path.removesuffix("/search") in {f"{ROOT}/{noun}" for noun in NOUNS}

    def missing(self) -> Response:
        return refusal(404, "Not Found")

    def unauthorized(self) -> Response:
        return refusal(401, "Unauthorized user")

    def throttled(self, retry_after: str | None) -> Response:
        return refusal(429, "Too Many Requests").plus(("retry-after", retry_after or "1"))

    def server_error(self, status: int) -> Response:
        return refusal(status, "Internal Server Error")

    def fault_in_200(self) -> Response:
        response = refusal(500, "Internal Server Error")
        return json_response(200, response.payload)

    def records(self, payload: Json) -> list[Json]:
        for name in (*NOUNS, "custom_fields"):
            if isinstance(payload.get(name), list):
                return list(payload[name])
        return [payload.get("client") or payload.get("contact") or payload]

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        if not self.is_page(request):
            raise UnsupportedFaultError(kind)
        asked = _asked(request)
        match kind:
            case "repeated_cursor":
                sent = request.query.get("next_cursor")
                return {**payload, "next_cursor": sent or lists.make_cursor(asked, asked.behind)}
            case "empty_middle_page":
                return {asked.noun: [], "next_cursor": lists.make_cursor(asked, asked.behind)}
            case _:
                return {**payload, asked.noun: self._pages[request.path][0]}

    def _add_routes(self, noun: str) -> None:
        def writing(write: Callable[[Request, Mapping[str, str]], Response]) -> Handler:
            return self._demanding(f"{noun}:write", write)

        def create(request: Request, _: Mapping[str, str]) -> Response:
            return self._written(201, noun, self._writer.create(noun, request))

        def get(_: Request, path: Mapping[str, str]) -> Response:
            return json_response(200, self._shown(noun, self._writer.read(noun, path["id"])))

        def change(request: Request, path: Mapping[str, str]) -> Response:
            return self._written(200, noun, self._writer.change(noun, path["id"], request))

        def delete(_: Request, path: Mapping[str, str]) -> Response:
            self._writer.delete(noun, path["id"])
            self.writes += 1
            return Response(204)

        one = f"{ROOT}/{noun}/{{id}}"
        self.add("GET", f"{ROOT}/{noun}", self._demanding(f"{noun}:read", self._page))
        self.add("GET", f"{ROOT}/{noun}/search", self._demanding(f"{noun}:read", self._page))
        self.add("GET", one, self._demanding(f"{noun}:read", get))
        self.add("POST", f"{ROOT}/{noun}", writing(create))
        self.add("PATCH", one, writing(change))
        self.add("DELETE", one, writing(delete))

    def _demanding(self, scope: str, handler: Handler) -> Handler:
        def demanded(request: Request, path: Mapping[str, str]) -> Response:
            self._demand(request, scope)
            return handler(request, path)

        return demanded

    def _demand(self, request: Request, *any_of: str) -> None:
        scopes = self.grants.scopes_of(request.bearer) or SCOPES
        if scopes.isdisjoint(any_of):
            raise RefusalError(403, "User does not have permission", f"one of {', '.join(any_of)} is needed")

    def _page(self, request: Request, _: Mapping[str, str]) -> Response:
        asked = _asked(request)
        page = self._lists.page(asked)
        self._pages[request.path] = (self._pages.get(request.path, ([], page[asked.noun]))[1], page[asked.noun])
        return json_response(200, page)

    def _custom_fields(self, request: Request, _: Mapping[str, str]) -> Response:
        self._demand(request, "custom_fields:read", "clients:read")
        return json_response(200, {"custom_fields": FIELDS})

    def _written(self, status: int, noun: str, row: Json) -> Response:
        self.writes += 1
        return json_response(status, self._shown(noun, row))

    def _shown(self, noun: str, row: Json) -> Json:
        return answers.shown(noun, row, lambda client: str(self._writer.read("clients", client)["display_name"]))


def _asked(request: Request) -> Asked:
    noun = request.path.split("/")[3]
    return lists.asked_search(noun, request) if request.path.endswith("/search") else lists.asked_list(noun, request)
