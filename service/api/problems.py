"""From what went wrong to what is answered: one place turns exceptions into `application/problem+json`."""

import math
import re
from collections.abc import Callable
from typing import Any, cast

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from msgspec import UNSET, Struct, UnsetType

from service import errors
from service.api.asgi import Scope
from service.api.call import PROBLEM_JSON, Answer, Call, call_in
from service.api.limits import TooManyRequestsError, refused_headers
from service.api.methods import Methods
from service.connectors.sdk import faults
from service.db.pool import is_away
from service.db.region import FIRM_ELSEWHERE
from service.errors import ApiProblem, FieldError, Kind, Origin, VendorError
from service.telemetry import log_exception


class ProblemBody(Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457), with enough to act on without asking us."""

    type: str
    """Stable name of this kind of problem, the same wherever Tickmark is run."""
    title: str
    status: int
    detail: str
    """One sentence about this very call."""
    instance: str
    """`urn:tickmark:` and the request id."""
    code: str
    hint: str
    """What to do next."""
    origin: Origin
    """Whose it is: the client's, the platform's, the vendor's, or the connection's."""
    retryable: bool
    """True when the very same request may succeed later."""
    retry_after: int | UnsetType = UNSET
    """Seconds."""
    errors: tuple[FieldError, ...] = ()
    vendor: VendorError | UnsetType = UNSET
    request_id: str
    doc_url: str
    """A page that says what to do about it."""


DOCS_IN_SCOPE = "tickmark.docs"
"""Set by the edge where the portal has an address."""

_OWN_MACHINE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?")
_encode = msgspec.json.Encoder().encode
_DIGITS = re.compile(r"\b\d(?:[ -]?\d){6,18}\b")
_ADDRESSES = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def to_answer(problem: ApiProblem, call: Call) -> Answer:
    """The answer that tells of a problem."""
    kind = problem.kind
    retry_after = None if problem.retry_after_s is None else max(1, math.ceil(problem.retry_after_s))
    body = ProblemBody(
        type=errors.DOCS_URL + kind.code,
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        instance=f"urn:tickmark:{call.request_ref}",
        code=kind.code,
        hint=kind.hint,
        origin=kind.origin,
        retryable=kind.retryable,
        retry_after=UNSET if retry_after is None else retry_after,
        errors=problem.errors,
        vendor=problem.vendor or UNSET,
        request_id=call.request_ref,
        doc_url=_docs_url(call.scope) + kind.code,
    )
    headers = [(name.encode(), value.encode()) for name, value in problem.headers]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    if kind.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="tickmark"'))
    return Answer(kind.status, _encode(body), PROBLEM_JSON, tuple(headers))


def _docs_url(scope: Scope) -> str:
    """Where the pages about problems are: beside the portal, which on one's own machine has no set address."""
    told: str | None = scope.get(DOCS_IN_SCOPE)
    if told is not None:
        return told
    host = next((str(value, "latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return f"http://{host}/problems/" if _OWN_MACHINE.fullmatch(host) else errors.DOCS_URL


def to_problem(fault: faults.VendorFault, vendor: str, *, reading: bool = False) -> ApiProblem:
    """What a vendor did, as what we answer. The vendor's words go along only where they help, and redacted.

    A vendor that finds fault with our own question, when `reading`, is no fault of the caller's.
    """
    if reading and isinstance(fault, faults.Invalid) and fault.status is None:
        return _not_searchable(fault)
    if reading and isinstance(fault, faults.Conflict | faults.Invalid):
        kind, detail = errors.VENDOR_FAULT, "The vendor refused the call."
    else:
        kind, detail = _kind_of(fault)
    told = VendorError(
        name=vendor,
        http_status=fault.status,
        code=fault.code,
        message=redact(fault.message) if isinstance(fault, faults.Refused) else None,
        request_id=fault.request_id,
    )
    fields = tuple(FieldError(field.pointer, field.code, redact(field.message)) for field in fault.fields)
    retry_after_s = fault.retry_after_s
    if retry_after_s is None and kind.status == 503:
        retry_after_s = 5.0
    return ApiProblem(kind, detail, errors=fields, retry_after_s=retry_after_s, vendor=told)


def _not_searchable(fault: faults.Invalid) -> ApiProblem:
    """A filter whose value the vendor's language cannot express; the vendor was not asked."""
    found = tuple(
        FieldError(f"query/filter[{field.pointer.removeprefix('/filter/')}]", field.code, field.message)
        for field in fault.fields
    )
    return ApiProblem(errors.INVALID_PARAMETER, "The vendor cannot search for this value.", errors=found)


def redact(text: str) -> str:
    """A vendor's sentence without what could be a number or an address of somebody, and of bounded length."""
    return _ADDRESSES.sub("[address]", _DIGITS.sub("[number]", text))[:300]


def exception_handler(methods: Methods) -> Callable[[Request[Any, Any, Any], Exception], Response[Any]]:
    """Litestar's exception handler for everything: the last resort answers a generic problem and leaks nothing."""

    def handle(request: Request[Any, Any, Any], exception: Exception) -> Response[Any]:
        if isinstance(exception, MethodNotAllowedException):
            exception = methods.not_allowed(request.scope["path"])
        return _response(request, exception)

    return handle


def _response(request: Request[Any, Any, Any], exception: Exception) -> Response[Any]:
    call = call_in(cast(Scope, request.scope))
    answer = to_answer(as_problem(exception, call), call)
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type.decode(), headers=headers)


def as_problem(exception: Exception, call: Call) -> ApiProblem:
    """What to answer to an exception, whatever it is; one that nobody expected is logged without its words."""
    problem = _to_known_problem(exception)
    call.problem = problem
    if problem.kind is errors.INTERNAL:
        log_exception(exception, request_id=call.request_ref)
    return problem


def _to_known_problem(exception: Exception) -> ApiProblem:
    match exception:
        case ApiProblem():
            return exception
        case TooManyRequestsError():
            kind = errors.TOO_MANY_CONCURRENT if exception.concurrent else errors.RATE_LIMITED
            declared, state, _ = refused_headers(exception)
            return ApiProblem(
                kind,
                "The limit of this key or address is reached; nothing was carried out.",
                retry_after_s=exception.retry_after_s,
                headers=(("ratelimit-policy", declared.decode()), ("ratelimit", state.decode())),
            )
        case asyncpg.PostgresError() if exception.sqlstate == FIRM_ELSEWHERE:
            return _elsewhere(str(exception.message), str(exception.detail or ""))
        case _ if is_away(exception):
            return ApiProblem(errors.PLATFORM_UNAVAILABLE, "Our own storage does not answer.", retry_after_s=1)
        case NotFoundException():
            return ApiProblem(errors.NOT_FOUND, "There is nothing at this path.")
        case HTTPException() if 400 <= exception.status_code < 500:
            return ApiProblem(errors.INVALID_HEADER, "The request cannot be read.")
        case _:
            return ApiProblem(errors.INTERNAL, "The call was not carried out.")


def _elsewhere(region: str, url: str) -> ApiProblem:
    """`region` and `url` stand in the database, written by operators."""
    where = f": call {url}" if url else ""
    return ApiProblem(
        errors.WRONG_REGION,
        f"The firm's data are kept in region `{region}`{where}.",
        errors=(FieldError("header/host", "region", region),),
    )


def _kind_of(fault: faults.VendorFault) -> tuple[Kind, str]:
    match fault:
        case faults.CredentialsExpired() | faults.ConnectionRefused():
            return errors.CONNECTION_NEEDS_ATTENTION, "The vendor does not accept the firm's consent any more."
        case faults.RateLimited(code="budget"):
            return errors.VENDOR_RATE_LIMITED, "Our share of the vendor's limit is spent; the vendor was not called."
        case faults.RateLimited():
            return errors.VENDOR_RATE_LIMITED, "The vendor asked us to wait."
        case faults.TimedOut():
            return errors.VENDOR_TIMEOUT, "The vendor did not answer in time."
        case faults.Unavailable():
            return errors.VENDOR_UNAVAILABLE, "The vendor cannot be reached or failed on its side."
        case faults.NotFound():
            return errors.NOT_FOUND, "The vendor has no such record."
        case faults.Conflict():
            return errors.CONFLICT, "The vendor refused the write: something changed, or another record is in the way."
        case faults.Invalid():
            return errors.VALIDATION_FAILED, "The vendor refused the values."
        case faults.SchemaDrift():
            return errors.VENDOR_UNREADABLE, f"The vendor's answer does not fit its contract at {fault.path}."
        case faults.BrokenPaging():
            return errors.VENDOR_UNREADABLE, "The vendor's paging runs in a circle."
        case faults.Unreadable():
            return errors.VENDOR_UNREADABLE, "The vendor's answer cannot be read."
        case faults.NotWritten():
            return errors.NOT_CARRIED_OUT, "The vendor does not have what was to be written."
        case faults.OutcomeUnknown():
            return errors.OUTCOME_UNKNOWN, "The write was sent, and no answer came."
        case _:
            return errors.VENDOR_FAULT, "The vendor refused the call."
