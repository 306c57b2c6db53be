"""QuickBooks Online: routes, tokens, throttling and `requestid` around reads and writes of one company."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Handler, Json, Request, Response, Router, json_response
from service.sandbox.limits import SlidingLimit
from service.sandbox.quickbooks import errors, oauth, query, reads
from service.sandbox.quickbooks.attachments import attachment_tables
from service.sandbox.quickbooks.batch import run_batch
from service.sandbox.quickbooks.changes import changed_entities
from service.sandbox.quickbooks.errors import FaultError
from service.sandbox.quickbooks.files import Files, read_upload
from service.sandbox.quickbooks.lists import company_info, list_tables, preferences
from service.sandbox.quickbooks.names import Names
from service.sandbox.quickbooks.once import Once
from service.sandbox.quickbooks.records import Records
from service.sandbox.quickbooks.schema import BY_PATH, READ_ONLY
from service.sandbox.quickbooks.staff import staff_tables
from service.sandbox.quickbooks.wire import answer_time, whole
from service.sandbox.quickbooks.writes import Writer
from service.sandbox.vendor import UnsupportedFaultError

ACCESS_S = 3600
REFRESH_S = 100 * 86_400
HARD_S = 5 * 365 * 86_400
_COMPANY = "/v3/company/{realm}"
_MAX_REQUEST_ID = 50
_NO_CURSORS = frozenset({"repeated_cursor", "empty_middle_page"})


Found: TypeAlias = tuple[Handler, Mapping[str, str]]


class QuickBooks:
    """One company."""

    name = "quickbooks"
    default_scopes = oauth.SCOPES

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        self.clock = clock or VendorClock()
        self.grants = Grants(self.clock.true_s, access_s=ACCESS_S, refresh_s=REFRESH_S, hard_s=HARD_S)
        self.writes = 0
        self.realm_id = f"91303500{books.seed:08d}"
        self._records = Records(books)
        self._tables = {
            **self._records.tables(),
            **list_tables(),
            **staff_tables(books),
            **attachment_tables(books, self.realm_id),
        }
        self._files = Files(books.seed, self.clock.true_s)
        self._names = Names(books, self._records)
        self._writer = Writer(self._tables, self._names, self.clock.said_s)
        self._singles = {"CompanyInfo": company_info(self.realm_id), "Preferences": preferences()}
        self._limits = {
            "per_second": SlidingLimit(10, 1, self.clock.true_s),
            "per_minute": SlidingLimit(500, 60, self.clock.true_s),
            "batch_per_minute": SlidingLimit(40, 60, self.clock.true_s),
        }
        self._once = Once(lambda: answer_time(self.clock.said_s()))
        self._pages: dict[str, tuple[object, object]] = {}
        self._calls = 0
        self._oauth = oauth.OAuth(self.grants, self.realm_id)
        self._router = Router()
        self._add_routes()

    def route(self, request: Request) -> str:
        found = self._router.find(request.method, request.path)
        entity = found[1].get("entity", "") if found else ""
        is_known = found is not None and (not entity or entity in BY_PATH)
        return found[2].replace("{entity}", entity) if found and is_known else "(nothing)"

    def handle(self, request: Request) -> Response:
        found = self._router.find(request.method, request.path)
        if self.is_oauth(request):
            return found[0](request, found[1]) if found else Response(404)
        if request.path.startswith("/files/"):
            return self._files.fetch(request, self._tables["Attachable"].get(request.path.rpartition("/")[2]))
        self._calls += 1
        trace = f"1-{int(self.clock.said_s()):x}-{self._calls:024x}"
        return self._admitted(request, found and (found[0], found[1])).plus(
            ("intuit_tid", trace), ("qbo-version", "75")
        )

    def reset(self) -> None:
        for table in self._tables.values():
            table.reset()
        for limit in self._limits.values():
            limit.reset()
        self._names.reset()
        self._files.reset()
        self._once.reset()
        self._pages.clear()

    def limits(self) -> dict[str, int | None]:
        return {name: limit.limit for name, limit in self._limits.items()}

    def set_limits(self, limits: dict[str, int | None]) -> None:
        for name, value in limits.items():
            self._limits[name].limit = value

    def grant_facts(self, tokens: Tokens) -> Json:
        return {
            "account": self.realm_id,
            "authorize_path": oauth.AUTHORIZE,
            "token_path": oauth.TOKEN,
            "revoke_path": oauth.REVOKE,
        }

    def is_oauth(self, request: Request) -> bool:
        return request.path in oauth.PATHS

    def is_write(self, request: Request) -> bool:
        return request.method == "POST" and not self.is_oauth(request) and not self.is_page(request)

    def is_page(self, request: Request) -> bool:
        return request.path.endswith("/query")

    def throttled(self, retry_after: str | None) -> Response:
        return errors.throttled(answer_time(self.clock.said_s()), retry_after)

    def server_error(self, status: int) -> Response:
        return errors.envelope(FaultError("10000", "An unexpected error occurred"), self._time(), status)

    def fault_in_200(self) -> Response:
        return errors.envelope(FaultError("6000", "The books could not be opened just now"), self._time(), 200)

    def records(self, payload: Json) -> list[Json]:
        holder = payload.get("QueryResponse", payload)
        rows: list[Json] = []
        for name, value in holder.items():
            if name in READ_ONLY or name in self._tables or name in self._singles:
                rows.extend(value if isinstance(value, list) else [value])  # pyright: ignore[reportUnknownArgumentType]
        return rows

    def supports_fault(self, kind: str) -> bool:
        return kind not in _NO_CURSORS

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        response: Json = payload["QueryResponse"]
        for entity, (before, _) in self._pages.items():
            if kind == "duplicate_page" and entity in response and before is not None:
                return {**payload, "QueryResponse": {**response, entity: before}}
        raise UnsupportedFaultError(kind)

    def _add_routes(self) -> None:
        self._router.add("GET", oauth.AUTHORIZE, self._oauth.authorize)
        self._router.add("POST", oauth.TOKEN, self._oauth.token)
        self._router.add("POST", oauth.REVOKE, self._oauth.revoke)
        self._router.add("GET", f"{_COMPANY}/query", self._query)
        self._router.add("POST", f"{_COMPANY}/query", self._query)
        self._router.add("GET", f"{_COMPANY}/cdc", self._cdc)
        self._router.add("POST", f"{_COMPANY}/batch", self._batch)
        self._router.add("GET", f"{_COMPANY}/preferences", self._preferences)
        self._router.add("GET", f"{_COMPANY}/companyinfo/{{id}}", self._company_info)
        self._router.add("GET", f"{_COMPANY}/download/{{id}}", self._download)
        self._router.add("POST", f"{_COMPANY}/upload", self._upload)
        self._router.add("GET", f"{_COMPANY}/{{entity}}/{{id}}", self._get)
        self._router.add("POST", f"{_COMPANY}/{{entity}}", self._write)

    def _admitted(self, request: Request, found: Found | None) -> Response:
        scopes = self.grants.scopes_of(request.bearer)
        if scopes is None:
            return errors.unauthorized(self.clock.said_s(), known=request.bearer is not None)
        try:
            if found is None:
                raise FaultError("500", f"Operation {request.path.rpartition('/')[2]} is not supported")
            if found[1].get("realm") != self.realm_id or oauth.SCOPES.isdisjoint(scopes):
                raise FaultError("3100", "The application is not authorized for this company or environment")
            if not self._has_room(request.path.endswith("/batch")):
                return self.throttled(None)
            return found[0](request, found[1])
        except FaultError as error:
            return errors.envelope(error, self._time())

    def _has_room(self, is_batch: bool) -> bool:
        limits = [limit for name, limit in self._limits.items() if is_batch or name != "batch_per_minute"]
        if not all(limit.check(self.realm_id).admitted for limit in limits):
            return False
        for limit in limits:
            limit.count(self.realm_id)
        return True

    def _query(self, request: Request, _: Mapping[str, str]) -> Response:
        response = self._select(_text(request.body) if request.method == "POST" else request.query.get("query", ""))
        if "Attachable" in response:
            response["Attachable"] = [self._files.linked(row, request) for row in response["Attachable"]]
        for entity in self._tables:
            if entity in response:
                self._pages[entity] = (self._pages.get(entity, (None, None))[1], response[entity])
        return self._answer({"QueryResponse": response})

    def _select(self, statement: str) -> Json:
        return reads.run(query.parse(statement), self._tables, self._records.cheap, self._singles)

    def _get(self, request: Request, path: Mapping[str, str]) -> Response:
        entity = _entity(path["entity"])
        if whole(path["id"]) < 0:
            raise FaultError("2030", f"Invalid ID : {path['id']}", "Id")
        row = self._tables[entity].get(path["id"]) if entity in self._tables else None
        if row is None:
            raise errors.not_found()
        return self._answer({entity: self._files.linked(row, request) if entity == "Attachable" else row})

    def _download(self, request: Request, path: Mapping[str, str]) -> Response:
        row = self._tables["Attachable"].get(path["id"])
        if row is None or "FileName" not in row:
            raise errors.not_found()
        return Response(200, self._files.link(path["id"], request).encode(), (("content-type", "text/plain"),))

    def _upload(self, request: Request, _: Mapping[str, str]) -> Response:
        metadata, content = read_upload(request)

        def write() -> Response:
            row = self._perform("Attachable", metadata, {})
            table, row_id = self._tables["Attachable"], row["Id"]
            uri = f"/v3/company/{self.realm_id}/download/{row_id}"
            row = {**row, "Size": content.size_bytes, "FileAccessUri": uri, "TempDownloadUri": uri}
            table.put(table.find(row_id) or 0, row, int(self.clock.said_s()))
            self._files.keep(row_id, content)
            return self._answer({"AttachableResponse": [{"Attachable": self._files.linked(row, request)}]})

        return self._once.perform(request, _MAX_REQUEST_ID, write)

    def takes_file(self, method: str, path: str) -> bool:
        """Whether the body of such a call is a file."""
        return method == "POST" and path.endswith("/upload")

    def _preferences(self, request: Request, _: Mapping[str, str]) -> Response:
        return self._answer({"Preferences": self._singles["Preferences"]})

    def _company_info(self, request: Request, path: Mapping[str, str]) -> Response:
        if path["id"] not in {"1", self.realm_id}:
            raise errors.not_found()
        return self._answer({"CompanyInfo": self._singles["CompanyInfo"]})

    def _write(self, request: Request, path: Mapping[str, str]) -> Response:
        entity = _entity(path["entity"])
        if entity not in READ_ONLY:
            raise FaultError("500", f"Operation create on {entity} is not supported by this sandbox")

        def write() -> Response:
            return self._answer({entity: self._perform(entity, _object(request.body), request.query)})

        return self._once.perform(request, _MAX_REQUEST_ID, write)

    def _perform(self, entity: str, body: Json, options: Mapping[str, str]) -> Json:
        operation = options.get("operation", "")
        includes = options.get("include", "").split(",")
        if operation == "delete":
            row = self._writer.delete(entity, body)
        elif operation == "void" or "void" in includes:
            row = self._writer.void(entity, body)
        elif operation in {"", "create", "update"}:
            row = self._writer.save(entity, body, allow_duplicate_number="allowduplicatedocnum" in includes)
        else:
            raise FaultError("500", f"Operation {operation} is not supported")
        self.writes += 1
        return row

    def _batch(self, request: Request, _: Mapping[str, str]) -> Response:
        once = self._once.in_batch(request)
        answers = run_batch(_object(request.body), self._select, self._perform, once)
        return self._answer({"BatchItemResponse": answers})

    def _cdc(self, request: Request, _: Mapping[str, str]) -> Response:
        responses = changed_entities(self._tables, request, self.clock.said_s())
        return self._answer({"CDCResponse": [{"QueryResponse": responses}]})

    def _answer(self, payload: Json) -> Response:
        return json_response(200, {**payload, "time": self._time()})

    def _time(self) -> str:
        return answer_time(self.clock.said_s())


def _entity(name: str) -> str:
    """Entities stand in lower case in a path."""
    if name not in BY_PATH:
        raise FaultError("500", f"Operation {name} is not supported")
    return BY_PATH[name]


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise FaultError("500", "The body is not UTF-8") from error


def _object(body: bytes) -> Json:
    try:
        found: object = msgspec.json.decode(_text(body))
    except msgspec.DecodeError as error:
        raise FaultError("2010", "Property Name:Unexpected end of file or malformed JSON") from error
    if not isinstance(found, dict):
        raise FaultError("2010", "Property Name:Can not instantiate from a value that is no object")
    return found  # pyright: ignore[reportUnknownVariableType]
