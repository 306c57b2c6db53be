"""The headers of answers, as the contract tells of them."""

from collections.abc import Iterator
from typing import Any, Final

from service.api.operation import Meter, Operation, needs_key

_TOLD: Final[dict[str, tuple[str, str]]] = {
    "Request-Id": ("string", "Names this call: `GET /v1/usage/{request_id}` has its receipt."),
    "Usage-Billable": ("string", "`?1` when the call is billed, `?0` when it is not."),
    "Usage-Units": ("integer", "What it counts as."),
    "Usage-Meter": ("string", "The meter it counts on."),
    "Usage-Reason": ("string", "Why it was or was not billed."),
    "Server-Timing": ("string", "Milliseconds spent by us and by the vendor."),
    "API-Version": ("string", "The version that the key keeps."),
    "RateLimit-Policy": ("string", "The limits of this key."),
    "RateLimit": ("string", "What is left of the limit that ends first: `r` calls, all back in `t` seconds."),
    "Upstream-RateLimit": ("string", "What is left of the vendor's limit, as far as it is known."),
    "Data-Source": ("string", "Where the data come from: `live` from the vendor."),
    "Data-As-Of": ("string", "When the vendor was asked."),
    "ETag": ("string", "The record's version, where the vendor has versions: for `If-None-Match` and `If-Match`."),
    "Location": ("string", "Where the record, or the operation, is found."),
    "Idempotency-Replayed": ("string", "`true` where this is the answer that the same write had before: it is free."),
    "Preference-Applied": ("string", "What of `Prefer` was done."),
    "Retry-After": ("integer", "Wait so many seconds before asking again."),
    "Accept-Ranges": ("string", "`bytes` where ranges can be asked for."),
    "Content-Range": ("string", "Which bytes these are, and of how many."),
    "Content-Disposition": ("string", "The file's name."),
    "Repr-Digest": ("string", "SHA-256 of the whole document, where the vendor says it (RFC 9530)."),
    "WWW-Authenticate": ("string", "How to send a key."),
    "Allow": ("string", "The methods that the path takes."),
}
_RECEIPT: Final = ("Request-Id", "Usage-Billable", "Usage-Units", "Usage-Meter", "Usage-Reason", "Server-Timing")
_WITH_KEY: Final = ("API-Version", "RateLimit-Policy", "RateLimit")
_FROM_VENDOR: Final = ("Upstream-RateLimit", "Data-Source", "Data-As-Of")
_BYTES: Final = ("Accept-Ranges", "Content-Disposition", "Repr-Digest")
_OF_PROBLEM: Final = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    503: ("Retry-After",),
}


def header_components() -> dict[str, Any]:
    """All headers, each told once."""
    return {name: {"description": told, "schema": {"type": type_}} for name, (type_, told) in _TOLD.items()}


def answer_headers(operation: Operation, status: int) -> dict[str, Any]:
    """Those of an operation's answer."""
    return _refs([*_RECEIPT, *_of_success(operation, status)])


def problem_headers(status: int) -> dict[str, Any]:
    """Those of a problem."""
    return _refs([*_RECEIPT, *_OF_PROBLEM.get(status, ())])


def _of_success(operation: Operation, status: int) -> Iterator[str]:
    if not needs_key(operation):
        return
    yield from _WITH_KEY
    if status == 202:
        yield from ("Location", "Retry-After", "Preference-Applied")
    elif operation.meter is not Meter.NONE:
        yield from _of_vendor(operation, status)


def _of_vendor(operation: Operation, status: int) -> Iterator[str]:
    taken = {parameter.name for parameter in operation.parameters}
    writes = "Idempotency-Key" in taken
    yield from _FROM_VENDOR
    if operation.answer is bytes:
        yield from _BYTES
        if status == 206:
            yield "Content-Range"
    elif status != 204 and operation.meter is not Meter.PASSTHROUGH and (writes or "If-None-Match" in taken):
        yield "ETag"
    if writes:
        yield "Idempotency-Replayed"
    if status == 201:
        yield "Location"


def _refs(names: list[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
