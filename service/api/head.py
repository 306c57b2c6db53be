"""The head of a request: what is too large, or says in two ways what may be said in one, is refused.

Of two headers that may stand once, a proxy may take the last where we take the first: then one of us is deceived.
"""

from typing import Final

from service.api.asgi import Scope
from service.api.versions import KNOWN, VERSION
from service.errors import HEADERS_TOO_LARGE, INVALID_HEADER, URI_TOO_LONG, ApiProblem, FieldError

MAX_URL_BYTES: Final = 8 * 1024
_ONCE: Final = frozenset(
    {
        b"account-id", b"authorization", b"confirm-connection", b"connection-id", b"content-digest",
        b"content-encoding", b"content-type", b"host", b"idempotency-key", b"if-match", b"if-range", b"range",
        b"ticket-reference", b"transfer-encoding",
    }
)  # fmt: skip


def refuse_bad_head(scope: Scope, max_header_bytes: int) -> None:
    """Raises the problem of a URL or headers that are too long, and of headers that cannot stand together."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_URL_BYTES:
        raise ApiProblem(URI_TOO_LONG, f"Path and query may have {MAX_URL_BYTES:,} bytes.")
    size = 0
    seen: set[bytes] = set()
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in _ONCE:
            if name in seen:
                raise _refused(name.decode(), "repeated", "Send it once.")
            seen.add(name)
        if name == b"transfer-encoding" and value.lower() != b"chunked":  # the server would not unpack it
            raise _refused("transfer-encoding", "unsupported", "`chunked` alone: bodies come as they are, not packed.")
        if name == b"api-version" and value not in KNOWN:
            raise _refused("api-version", "unknown", f"There is {VERSION}.")
        if name == b"host" and not value:  # as the server tells of none
            raise _refused("host", "missing", "HTTP/1.1 asks for it (RFC 9112, 3.2).")
    if size > max_header_bytes:
        raise ApiProblem(HEADERS_TOO_LARGE, f"All headers together may have {max_header_bytes:,} bytes.")


def _refused(name: str, code: str, message: str) -> ApiProblem:
    return ApiProblem(INVALID_HEADER, f"`{name}`: {message}", errors=(FieldError(f"header/{name}", code, message),))
