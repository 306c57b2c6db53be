"""Several calls in one: each admitted, answered, metered and recorded as if it had come alone."""

import asyncio
import re
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from service.api.asgi import App
from service.api.bodies import decode_body, encode, json_body
from service.api.call import JSON, PROBLEM_JSON, Answer, Call
from service.api.inner import Given, Inner, call_within
from service.errors import wrong_field

MOST_OPERATIONS: Final = 30
AT_ONCE: Final = 6
_PATH: Final = re.compile(r"/v1(/[A-Za-z0-9_~:-][A-Za-z0-9_.~:-]*)+/?(\?[\x21-\x7e]*)?")
_FILE: Final = re.compile(r"/(?:pdf|html|calls|export|evidence)/?$")
_NESTED: Final = "/v1/batch"
_HEADERS: Final = re.compile(
    r"connection-id|account-id|idempotency-key|if-match|if-none-match|prefer|api-version", re.IGNORECASE
)
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,500}")
_TOLD: Final = (
    "request-id", "usage-billable", "usage-units", "usage-meter", "usage-reason", "etag", "location", "retry-after",
    "idempotency-replayed", "upstream-ratelimit",
)  # fmt: skip


class BatchOperation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call of a batch."""

    method: str
    """`GET`, `POST`, `PATCH` or `DELETE`."""
    path: str
    """Below our host, with its query: `/v1/clients?limit=10`."""
    headers: dict[str, str] = {}
    """Those of a single call: `Connection-Id`, `Idempotency-Key`, `If-Match` and the like."""
    body: msgspec.Raw = field(default_factory=msgspec.Raw)
    """As of a single call."""


class Batch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls to carry out at once."""

    operations: list[BatchOperation]
    """1 to 30. They are carried out at the same time: none may need another's result."""


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """The answer to one operation."""

    status: int
    headers: dict[str, str]
    """Its own request id, receipt and ETag."""
    body: Any
    """A record, a list, a problem; null where there is none."""


class BatchAnswers(Struct, frozen=True, kw_only=True, tag_field="object", tag="batch"):
    """What became of each call of a batch."""

    data: tuple[BatchAnswer, ...]
    """In the order of the operations. One that failed stands here with its own status and problem."""


class Batches:
    """Carries out batches; `serve` is the whole API."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self.serve: App | None = None

    async def run(self, call: Call) -> Answer:
        """The answers to all operations: 200 whatever became of each."""
        batch: Batch = decode_body(await json_body(call, self._max_body_bytes, None), Batch)
        if not 1 <= len(batch.operations) <= MOST_OPERATIONS:
            raise wrong_field("/operations", f"1 to {MOST_OPERATIONS} operations.", "length")
        key = next(value for name, value in call.scope["headers"] if name == b"authorization")
        inner = [_checked(one, f"/operations/{at}", key) for at, one in enumerate(batch.operations)]
        serve, room = self.serve, asyncio.Semaphore(AT_ONCE)
        assert serve is not None

        async def carry_out(one: Inner) -> BatchAnswer:
            async with room:
                return _told(await call_within(serve, call.scope, one))

        return Answer(200, encode(BatchAnswers(data=tuple(await asyncio.gather(*map(carry_out, inner))))))


def _checked(one: BatchOperation, at: str, key: bytes) -> Inner:
    """The call to make. Raises a 422 problem at `at` for one that cannot stand in a batch."""
    if one.method not in ("GET", "POST", "PATCH", "DELETE"):
        raise wrong_field(f"{at}/method", "`GET`, `POST`, `PATCH` or `DELETE`.", "choice")
    path = one.path.partition("?")[0]
    if _PATH.fullmatch(one.path) is None:
        raise wrong_field(f"{at}/path", "A path of this API, such as `/v1/clients?limit=10`.", "format")
    if path.rstrip("/") == _NESTED:
        raise wrong_field(f"{at}/path", "A batch holds no other batch.", "nested")
    if path.endswith("/content") or (one.method, path.rstrip("/")) == ("POST", "/v1/documents"):
        raise wrong_field(f"{at}/path", "Bytes of documents go in calls of their own.", "bytes")
    if one.method == "GET" and _FILE.search(path) is not None:
        raise wrong_field(f"{at}/path", "Files are fetched by calls of their own: they are no JSON.", "bytes")
    headers = [(b"authorization", key)]
    for name, value in one.headers.items():
        if _HEADERS.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise wrong_field(f"{at}/headers", "Only headers of the operation itself, as plain text.", "unsupported")
        headers.append((name.lower().encode(), value.encode()))
    body = bytes(one.body)
    if body:
        headers.append((b"content-type", JSON))
    return Inner(one.method, one.path, tuple(headers), body)


def _told(given: Given) -> BatchAnswer:
    headers = {name: given.headers[name.encode()].decode() for name in _TOLD if name.encode() in given.headers}
    is_json = given.headers.get(b"content-type", b"") in (JSON, PROBLEM_JSON)
    return BatchAnswer(
        status=given.status, headers=headers, body=msgspec.Raw(given.body) if given.body and is_json else None
    )
