"""The problems in the contract: a response for each status, telling of all its codes, with one of them as it looks."""

from itertools import groupby
from typing import Any, Final

from service import errors
from service.api.answer_headers import problem_headers
from service.errors import Kind

_REQUEST: Final = "req_06bqf9n9p5z1t8k4x2m7c3h0wd"
_WAITING: Final = frozenset({429, 503})


def problem_responses(schema: dict[str, Any]) -> dict[str, Any]:
    """By name, such as `Problem404`; each operation names its own codes under `x-problems`."""
    by_status = sorted(errors.KINDS, key=lambda kind: (kind.status, kind.code))
    return {
        f"Problem{status}": _response(status, list(kinds), schema)
        for status, kinds in groupby(by_status, key=lambda kind: kind.status)
    }


def _response(status: int, kinds: list[Kind], schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": "\n".join(f"- `{kind.code}`: {kind.title}. {kind.hint}" for kind in kinds),
        "headers": problem_headers(status),
        "content": {"application/problem+json": {"schema": schema, "example": _example(kinds[0])}},
    }


def _example(kind: Kind) -> dict[str, Any]:
    page = errors.DOCS_URL + kind.code
    found: dict[str, Any] = {
        "type": page,
        "title": kind.title,
        "status": kind.status,
        "detail": f"{kind.title}.",
        "instance": f"urn:tickmark:{_REQUEST}",
        "code": kind.code,
        "hint": kind.hint,
        "origin": kind.origin,
        "retryable": kind.retryable,
        "errors": [],
        "request_id": _REQUEST,
        "doc_url": page,
    }
    return found | {"retry_after": 1} if kind.status in _WAITING else found
