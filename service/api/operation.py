"""Operations: each route with what the contract and the edge must know of it.

A route without scope, meter class or audit class does not start.
"""

from enum import StrEnum
from typing import Any, Literal, cast

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Struct

from service.api.asgi import Scope
from service.api.call import Answer, Call, Route, call_in
from service.api.query import read_query
from service.errors import INSUFFICIENT_SCOPE, ApiProblem, Kind, missing


class Meter(StrEnum):
    """What a success is counted as; `none` is never billed."""

    READ = "read"
    WRITE = "write"
    DOCUMENT = "document"
    PASSTHROUGH = "passthrough"
    NONE = "none"


class Audit(StrEnum):
    """What the audit log keeps of a call."""

    CLIENT_DATA = "client_data"
    MANAGEMENT = "management"


class Exports(StrEnum):
    """Whose data a file holds that is taken away, so whose second persons have to agree where their firms want one."""

    FIRM = "firm"
    """One firm's: the route says whose, by `call.firm_id`."""
    FIRMS = "firms"
    """Of every firm that the caller may know of, or of the connection it is filtered by."""
    ORGANIZATION = "organization"
    """Of every firm of the organization, whatever the caller is bound to."""
    ITSELF = "itself"
    """One firm's; the route asks for the second person by itself."""
    RECORD = "record"
    """One thing, read at the vendor under the firm's consent like any other record: no export."""
    NOBODY = "nobody"
    """No firm's: what stands between the organization and us, or invented data."""


class ByTestKey(StrEnum):
    """What a test key may change by an operation: nothing that live calls obey."""

    NEVER = "never"
    """It holds for live calls as well: refused."""
    WITHIN_SANDBOXES = "within_sandboxes"
    """What is a sandbox's, or for test keys alone: the route refuses all else."""
    FREELY = "freely"
    """Live calls are none the wiser."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of an operation, as the contract shows it; `schema` is JSON Schema 2020-12."""

    name: str
    place: Literal["query", "header", "path"]
    schema: dict[str, Any]
    description: str
    required: bool = False
    example: Any = None


class Operation(Struct, frozen=True, kw_only=True):
    """One route of the API."""

    id: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """With `{name}` for path parameters, all of them text."""
    tag: str
    about: str = ""
    """What the tag is about, where one of its operations is the place to say it; else `tags.py` does."""
    summary: str
    description: str
    scope: str | None
    """`resource:verb` that the key must have; None only for what every key may do."""
    meter: Meter
    audit: Audit
    answer: Any
    """The type of the answer's body."""
    status: int = 200
    other_answers: dict[int, Any] = {}
    """Types of further successful answers, by status."""
    body: Any = None
    """The type of the request's body, for writes and searches."""
    answer_media_type: str = "application/json"
    other_media_types: tuple[str, ...] = ()
    """Further ones that the caller may choose, where the answer is bytes."""
    body_media_type: str = "application/json"
    narrowed: bool = False
    """The caller may choose the fields of the records in the answer."""
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[Kind, ...] = ()
    example: Any = None
    """An answer to show; made of invented data."""
    body_example: Any = None
    freshness: str = ""
    exports: Exports | None = None
    """For what can be taken away as a file; such an operation does not start without."""
    by_test_key: ByTestKey | None = None
    """For what changes something of ours; `never` where nobody says."""
    run: Route

    @property
    def takes_query(self) -> bool:
        return any(parameter.place == "query" for parameter in self.parameters)


async def carry_out(call: Call, operation: Operation) -> Answer:
    """The operation's answer, once the key is known to have its scope."""
    _require_scope(call, operation)
    if call.scope["query_string"] and not operation.takes_query:
        read_query(call.scope["query_string"], {})
    return await operation.run(call)


def handler(operation: Operation) -> HTTPRouteHandler:
    """The Litestar handler of an operation: runs it and sends its answer as it is."""
    _refuse_unclassified(operation)

    async def handle(request: Request[Any, Any, Any]) -> ASGIApp:
        return cast(ASGIApp, await carry_out(call_in(cast(Scope, request.scope)), operation))

    handle.__name__ = operation.id
    return HTTPRouteHandler(
        litestar_path(operation.path),
        http_method=operation.method,
        name=operation.id,
        opt={"operation": operation},
        status_code=200,  # for Litestar's own checks: what goes out is the Answer, with its own status
        include_in_schema=False,
    )(handle)


def _require_scope(call: Call, operation: Operation) -> None:
    call.operation = operation
    if call.caller is None and needs_key(operation):
        raise missing()  # a spelling of the path that the edge did not take for one of the API
    scope = operation.scope
    if scope is not None and scope not in call.known_caller.scopes:
        raise ApiProblem(INSUFFICIENT_SCOPE, f"This call needs the scope `{scope}`.")


def needs_key(operation: Operation) -> bool:
    """True of all but what is outside the API proper: health and the contract."""
    return operation.path.startswith("/v1/")


def _refuse_unclassified(operation: Operation) -> None:
    if operation.meter is not Meter.NONE and operation.scope is None:
        raise ValueError(f"{operation.id}: a metered operation needs a scope")
    if is_file(operation) and operation.exports is None:
        raise ValueError(f"{operation.id}: say whose second person is asked before this is taken away")
    if not (operation.summary and operation.description):
        raise ValueError(f"{operation.id}: an operation needs a summary and a description")


def changes_ours(operation: Operation) -> bool:
    """True of what a key changes here rather than at a vendor, whose sandboxes take test keys alone."""
    return operation.method != "GET" and operation.audit is Audit.MANAGEMENT and needs_key(operation)


def is_file(operation: Operation) -> bool:
    """True of what is taken away rather than looked at: bytes, and whatever calls itself an export."""
    named = "export" in operation.path or operation.id.startswith(("export", "download"))
    return named or operation.answer in (bytes, str)


def litestar_path(path: str) -> str:
    """`/v1/clients/{id}` as Litestar writes it; `{path}` takes several segments."""
    return path.replace("}", ":str}").replace("{path:str}", "{path:path}")
