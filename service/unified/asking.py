"""What the request of a write says beside its body."""

import re
from typing import Final

from service import ids
from service.api.call import Call
from service.api.query import boolean, read_query
from service.errors import IDEMPOTENCY_KEY_REQUIRED, INVALID_HEADER, ApiProblem, FieldError
from service.idempotency.once import key_of
from service.operations.asked import asked_of
from service.unified.ways import Way

_ETAG: Final = re.compile(r'"([\x21\x23-\x7e]{1,200})"')


def is_dry_run(call: Call) -> bool:
    """Whether the write is only rehearsed."""
    return read_query(call.scope["query_string"], {"dry_run": boolean}).get("dry_run") is True


def asked_at(call: Call, way: Way, body: bytes) -> bytes:
    """The whole request as it is kept, to be made again of the same account."""
    listed = way.connector.passthrough
    headers = () if listed is None or not call.path.startswith("/v1/passthrough/") else listed.headers
    return asked_of(call, ids.encode("con", way.home.connection), way.book.account, body, headers)


def idempotency_key(call: Call) -> str:
    """The call's `Idempotency-Key`; a problem where it has none."""
    key = key_of(call)
    if key is None:
        raise ApiProblem(IDEMPOTENCY_KEY_REQUIRED, "The `Idempotency-Key` header is missing.")
    return key


def if_match(call: Call, *, versioned: bool) -> str | None:
    """The version that the caller knows; a problem where the vendor has none."""
    header = call.header(b"if-match")
    if header is None:
        return None
    found = _ETAG.fullmatch(header)
    if found is None or not versioned:
        message = "One strong ETag in quotes." if versioned else "The vendor has no versions; leave it out."
        raise ApiProblem(
            INVALID_HEADER, f"`If-Match`: {message}", errors=(FieldError("header/if-match", "format", message),)
        )
    return found[1]
