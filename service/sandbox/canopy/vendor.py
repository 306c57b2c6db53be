"""Canopy, as its contract is assumed: routes, scopes, limits and idempotency around searches and writes."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from math import ceil

import msgspec

from service.sandbox.books import Books
from service.sandbox.canopy import search
from service.sandbox.canopy.errors import RefusalError, envelope
from service.sandbox.canopy.files import Files, Sent, read_form
from service.sandbox.canopy.ids import PREFIXES, instant
from service.sandbox.canopy.oauth import SCOPES, OAuth
from service.sandbox.canopy.records import Records
from service.sandbox.canopy.writes import Writer
from service.sandbox.clock import VendorClock
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.limits import SlidingLimit, Verdict
from service.sandbox.taxdome.files import sha256
from service.sandbox.vendor import UnsupportedFaultError

ROOT = "/practice/v1"
ACCESS_S = 3600
REFRESH_S = 60 * 86_400
CALLS_PER_MINUTE = 120
KEY_LIFE_S = 86_400
_KEPT_KEYS = 100_000
_AREAS = {
    "contacts": "clients",
    "invoices": "billing",
    "payments": "billing",
    "credits": "billing",
    "folders": "documents",
    "questionnaires": "documents",
    "time_entries": "time",
}
_FREE = frozenset({"users"})
"""What any token may read."""


class _Kept(msgspec.Struct, frozen=True):
    """The first answer to an Idempotency-Key."""

    fingerprint: bytes
    response: Response
    until: float


class Canopy:
    """One firm at Canopy."""

    name = "canopy"
    default_scopes = SCOPES

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        self.clock = clock or VendorClock()
        self.grants = Grants(self.clock.true_s, access_s=ACCESS_S, refresh_s=REFRESH_S, hard_s=10 * 365 * 86_400)
        self.writes = 0
        self.firm_id = f"frm_{0x8000 + books.seed:x}"
        self._records = Records(books)
        self._tables = self._records.tables()
        self._writer = Writer(self._tables, self.clock.said_s)
        self._files = Files(books.seed)
        self._limit = SlidingLimit(CALLS_PER_MINUTE, 60, self.clock.true_s)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._last_pages: dict[str, object] = {}
        self._router = Router()
        self._oauth = OAuth(self.grants)
        self._add_routes()

    def route(self, request: Request) -> str:
        found = self._router.find(request.method, request.path)
        entity = found[1].get("entity", "") if found else ""
        is_known = found is not None and (not entity or entity in PREFIXES)
        return found[2].replace("{entity}", entity) if found and is_known else "(nothing)"

    def handle(self, request: Request) -> Response:
        found = self._router.find(request.method, request.path)
        if self.is_oauth(request):
            return found[0](request, found[1]) if found else envelope(404, "not_found", "Nothing lives here.")
        verdict: Verdict | None = None
        try:
            scopes = self.grants.scopes_of(request.bearer)
            if scopes is None:
                raise RefusalError("unauthorized", "The access token is missing, unknown or expired.")
            verdict = self._limit.check(request.bearer or "")
            if not verdict.admitted:
                return self._limited(self.throttled(str(ceil(verdict.reset_in_s))), verdict)
            self._limit.count(request.bearer or "")
            if found is None:
                raise RefusalError("not_found", "Nothing lives here.")
            _demand(scopes, found[1].get("entity"), self.is_write(request))
            response = self._once(request, found[1]) if self.is_write(request) else found[0](request, found[1])
        except RefusalError as refusal:
            response = refusal.response
        return response if verdict is None else self._limited(response, verdict)

    def reset(self) -> None:
        for table in self._tables.values():
            table.reset()
        self._files.reset()
        self._kept.clear()
        self._last_pages.clear()
        self._limit.reset()

    def limits(self) -> dict[str, int | None]:
        return {"per_minute": self._limit.limit}

    def set_limits(self, limits: dict[str, int | None]) -> None:
        for name, value in limits.items():
            if name != "per_minute":
                raise KeyError(name)
            self._limit.limit = value

    def grant_facts(self, tokens: Tokens) -> Json:
        return {
            "account": self.firm_id,
            "authorize_path": "/oauth/authorize",
            "token_path": "/oauth/token",
            "revoke_path": None,
        }

    def is_oauth(self, request: Request) -> bool:
        return request.path.startswith("/oauth/")

    def is_write(self, request: Request) -> bool:
        if self.is_oauth(request) or self.is_page(request):
            return False
        return request.method in {"POST", "PATCH", "PUT", "DELETE"}

    def is_page(self, request: Request) -> bool:
        return request.method == "POST" and request.path.endswith("/search")

    def throttled(self, retry_after: str | None) -> Response:
        response = envelope(429, "rate_limited", "Too many calls with this token.")
        return response.plus(("retry-after", retry_after or "1"))

    def server_error(self, status: int) -> Response:
        return envelope(status, "internal", "Something went wrong on our side.")

    def fault_in_200(self) -> Response:
        return envelope(200, "internal", "Something went wrong on our side.")

    def records(self, payload: Json) -> list[Json]:
        for entity in PREFIXES:
            if isinstance(payload.get(entity), list):
                return list(payload[entity])
        return [payload]

    def supports_fault(self, kind: str) -> bool:
        return True

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        entity = request.path.split("/")[-2]
        asked = search.parse(entity, request)
        match kind:
            case "repeated_cursor":
                page: Json = search.read_object(request).get("page") or {}
                sent: object = page.get("cursor")
                return {**payload, "next_cursor": sent or search.make_cursor(entity, asked, asked.behind)}
            case "empty_middle_page":
                return {entity: [], "next_cursor": search.make_cursor(entity, asked, asked.behind)}
            case "duplicate_page":
                return {**payload, entity: self._last_pages.get(entity, payload[entity])}
            case _:
                raise UnsupportedFaultError(kind)

    def _add_routes(self) -> None:
        self._router.add("GET", "/oauth/authorize", self._oauth.authorize)
        self._router.add("POST", "/oauth/token", self._oauth.token)
        self._router.add("GET", f"{ROOT}/me/sessions", self._sessions)
        self._router.add("POST", f"{ROOT}/{{entity}}/search", self._search)
        self._router.add("GET", f"{ROOT}/{{entity}}/{{id}}", self._get)
        self._router.add("GET", f"{ROOT}/documents/{{id}}/history", self._history)
        self._router.add("GET", f"{ROOT}/documents/{{id}}/content", self._content)
        self._router.add("GET", f"{ROOT}/documents/{{id}}/versions/{{version}}/content", self._content)
        self._router.add("POST", f"{ROOT}/documents/{{id}}/versions", self._replace)
        self._router.add("POST", f"{ROOT}/documents", self._upload)
        self._router.add("POST", f"{ROOT}/{{entity}}", self._create)
        self._router.add("PATCH", f"{ROOT}/{{entity}}/{{id}}", self._change)

    def _search(self, request: Request, path: Mapping[str, str]) -> Response:
        entity = _known(path["entity"])
        page = search.run(entity, self._tables[entity], self._records, search.parse(entity, request))
        response = json_response(200, page)
        self._last_pages[entity] = self._last_pages.pop(f"{entity} now", page[entity])
        self._last_pages[f"{entity} now"] = page[entity]
        return response

    def _get(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._tables[_known(path["entity"])].get(path["id"])
        if row is None:
            raise RefusalError("not_found", f"No such row in {path['entity']}.")
        return json_response(200, row)

    def _history(self, request: Request, path: Mapping[str, str]) -> Response:
        """What became of a file; lists and the file itself do not say."""
        row = self._file(request, path, writes=False)
        return json_response(200, {"file_id": row["file_id"], "history": self._records.history(row)})

    def _content(self, request: Request, path: Mapping[str, str]) -> Response:
        """The bytes of a file, or of one of its versions."""
        row = self._file(request, path, writes=False)
        number = path.get("version", str(row["version"]))
        return self._files.answer(request, row, int(number) if number.isdigit() else 0)

    def _upload(self, request: Request, _: Mapping[str, str]) -> Response:
        """A new file, with its bytes."""
        _demand(self.grants.scopes_of(request.bearer) or frozenset(), "documents", writes=True)
        row = self._writer.new_file(sent := read_form(request))
        return self._sent(row, sent)

    def _replace(self, request: Request, path: Mapping[str, str]) -> Response:
        """A new version of a file; those before it are kept."""
        old = self._file(request, path, writes=True)
        row = self._writer.new_version(old, sent := read_form(request))
        return self._sent(row, sent)

    def _sent(self, row: Json, sent: Sent) -> Response:
        self._files.keep(row["file_id"], row["version"], sent.content)
        self.writes += 1
        return json_response(201, row)

    def _file(self, request: Request, path: Mapping[str, str], *, writes: bool) -> Json:
        _demand(self.grants.scopes_of(request.bearer) or frozenset(), "documents", writes)
        row = self._tables["documents"].get(path["id"])
        if row is None:
            raise RefusalError("not_found", "No such row in documents.")
        return row

    def takes_file(self, method: str, path: str) -> bool:
        return method == "POST" and (path == f"{ROOT}/documents" or path.endswith("/versions"))

    def _create(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._writer.create(_known(path["entity"]), search.read_object(request))
        self.writes += 1
        return json_response(201, row)

    def _change(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._writer.change(_known(path["entity"]), path["id"], search.read_object(request))
        self.writes += 1
        return json_response(200, row)

    def _sessions(self, request: Request, _: Mapping[str, str]) -> Response:
        seen = instant(self.clock.said_s())
        device = {"device_id": "dev_a", "platform": "iOS", "last_seen": seen}
        return json_response(
            200,
            {
                "user_id": "usr_9931",
                "firm_id": self.firm_id,
                "firm_name": "Larkspur & Finch CPAs",
                "mfa_level": "phishing_resistant",
                "devices": [device],
            },
        )

    def _once(self, request: Request, path: Mapping[str, str]) -> Response:
        """Performs a write once per Idempotency-Key; answers of the first time are kept for a day, refusals too."""
        found = self._router.find(request.method, request.path)
        assert found is not None
        key = request.headers.get("idempotency-key")
        if key is None:
            return found[0](request, path)
        body = request.body if request.large is None else sha256(request.large).encode()
        fingerprint = hashlib.sha256(f"{request.method} {request.path} ".encode() + body).digest()
        kept = self._kept.get(key)
        if kept is not None and kept.until > self.clock.true_s():
            if kept.fingerprint != fingerprint:
                raise RefusalError("idempotency_conflict", "This Idempotency-Key was used for another request.")
            return kept.response
        try:
            response = found[0](request, path)
        except RefusalError as refusal:
            response = refusal.response
        self._kept[key] = _Kept(fingerprint, response, self.clock.true_s() + KEY_LIFE_S)
        if len(self._kept) > _KEPT_KEYS:
            self._kept.popitem(last=False)
        return response

    def _limited(self, response: Response, verdict: Verdict) -> Response:
        if verdict.limit is None:
            return response
        reset = ceil(self.clock.said_s() + verdict.reset_in_s)
        return response.plus(
            ("x-ratelimit-limit", str(verdict.limit)),
            ("x-ratelimit-remaining", str(max(0, verdict.remaining - 1))),
            ("x-ratelimit-reset", str(reset)),
        )


def _known(entity: str) -> str:
    if entity not in PREFIXES:
        raise RefusalError("not_found", f"There is no {entity}.")
    return entity


def _demand(scopes: frozenset[str], entity: str | None, writes: bool) -> None:
    if entity is None:
        return
    if entity in _FREE and not writes:
        return
    area = _AREAS.get(entity, entity)
    needed = f"{area}:{'write' if writes else 'read'}"
    if needed not in scopes and f"{area}:*" not in scopes and entity in PREFIXES:
        raise RefusalError("forbidden_scope", f"The token lacks {needed}.", ("scope", needed))
