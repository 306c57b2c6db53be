"""The bytes of documents, streamed both ways: never whole in memory, with `Range`, sizes and digests."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from math import ceil
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from service.api.asgi import Receive, Scope, Send
from service.api.bodies import encode
from service.api.call import Answer, Call
from service.api.problems import to_problem
from service.api.query import Reader as Read
from service.api.query import one_of, read_query, text
from service.connectors.sdk.binding import Download, NewDocument
from service.connectors.sdk.engine import Engine
from service.connectors.sdk.faults import TimedOut, VendorFault
from service.connectors.sdk.flow import Opened, Source
from service.errors import (
    BODY_TOO_LARGE,
    INVALID_HEADER,
    RANGE_NOT_SATISFIABLE,
    VALIDATION_FAILED,
    ApiProblem,
    FieldError,
)
from service.resources.document import Area
from service.unified.read import Reader, bound
from service.unified.routes.documents import DOCUMENTS
from service.unified.ways import Ways
from service.unified.write import Writer

UNIT_BYTES: Final = 10 * 1000 * 1000
"""Every started 10 MB counts as one unit."""
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")
_UPLOAD: Final[Mapping[str, Read]] = {
    "name": text,
    "client": text,
    "folder": text,
    "area": one_of(area.value for area in Area),
}


class Span(Struct, frozen=True):
    """A part of a document, in bytes; both ends included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


class Stream:
    """An answer that goes out as its bytes come in. An ASGI application."""

    def __init__(self, head: Answer, chunks: AsyncIterator[bytes], opened: Opened, size_bytes: int | None) -> None:
        self._head = head
        self._chunks = chunks
        self._opened = opened
        self._size_bytes = size_bytes

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        start, _ = self._head.messages()
        start["headers"] = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        if self._size_bytes is not None:
            start["headers"].append((b"content-length", b"%d" % self._size_bytes))
        try:
            await send(start)
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._opened.close()


class Documents:
    """Downloads and uploads."""

    def __init__(self, ways: Ways, reader: Reader, writer: Writer, engine: Engine, max_document_bytes: int) -> None:
        self._ways = ways
        self._reader = reader
        self._writer = writer
        self._engine = engine
        self._max_document_bytes = max_document_bytes

    async def download(self, call: Call) -> Any:
        """The bytes of one document, or the part of them that `Range` names."""
        read_query(call.scope["query_string"], {})
        way, remote_id = await self._ways.of_record(call, DOCUMENTS.prefix, call.params["id"])
        ask = bound(way, DOCUMENTS, "download").download
        assert ask is not None
        found = await self._reader.run(call, way, ask(remote_id, way.book))
        try:
            opened = await self._engine.open(found.request, way.link, call.leg)
        except VendorFault as fault:
            raise to_problem(fault, way.connector.slug, reading=True) from fault
        try:
            size_bytes = _announced(opened, found)
            span = _span(call.header(b"range"), size_bytes)
        except BaseException:
            await opened.close()
            raise
        sent_bytes = span.size_bytes if span is not None else size_bytes
        call.rows = 1
        call.units = max(1, ceil((sent_bytes or 0) / UNIT_BYTES))
        head = Answer(
            206 if span is not None else 200, b"", _media_type(opened, found), _headers(found, span, size_bytes)
        )
        return Stream(head, _part(opened.chunks, span, size_bytes), opened, sent_bytes)

    async def upload(self, call: Call) -> Answer:
        """A new document from the bytes of the body: 201 with the record as the vendor has it now."""
        asked = read_query(call.scope["query_string"], _UPLOAD)
        if "name" not in asked:
            raise ApiProblem(
                VALIDATION_FAILED,
                "`name` is needed.",
                errors=(FieldError("query/name", "missing", "The file's name."),),
            )
        size_bytes = self._size(call)
        new = NewDocument(
            name=asked["name"],
            media_type=call.header(b"content-type") or "application/octet-stream",
            client=asked.get("client"),
            folder=asked.get("folder"),
            area=asked.get("area"),
            size_bytes=size_bytes,
        )
        digest = _expected_digest(call.header(b"content-digest"))
        source = Source(_checked(self._body(call), digest), size_bytes)
        call.units = max(1, ceil((size_bytes or 0) / UNIT_BYTES))
        described = encode(new) + (digest or b"")
        return await self._writer.upload(call, DOCUMENTS, new, described, source)

    def _size(self, call: Call) -> int:
        announced = call.header(b"content-length")
        if announced is None or not announced.isdigit():
            raise ApiProblem(
                INVALID_HEADER,
                "`Content-Length` is needed: it decides what the upload counts as.",
                errors=(FieldError("header/content-length", "missing", "The number of bytes of the document."),),
            )
        if int(announced) > self._max_document_bytes:
            raise ApiProblem(BODY_TOO_LARGE, f"A document may have {self._max_document_bytes:,} bytes.")
        return int(announced)

    async def _body(self, call: Call) -> AsyncIterator[bytes]:
        while True:
            message = await call.receive()
            if message["type"] != "http.request":
                raise TimedOut("the caller went away during an upload")
            if part := message.get("body", b""):
                yield part
            if not message.get("more_body", False):
                return


def _announced(opened: Opened, found: Download) -> int | None:
    length = opened.headers.get("content-length")
    if length is not None and length.isdigit() and "content-encoding" not in opened.headers:
        return int(length)
    return found.size_bytes


def _span(header: str | None, size_bytes: int | None) -> Span | None:
    """The part that is asked for; None for all of it, also where a range makes no sense (RFC 9110, 14.2)."""
    asked = _RANGE.fullmatch(header or "")
    if asked is None or size_bytes is None or asked[0] == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:
        span = Span(max(0, size_bytes - int(last)), size_bytes - 1)
    else:
        span = Span(int(first), min(int(last), size_bytes - 1) if last else size_bytes - 1)
    if span.first > span.last:
        raise ApiProblem(
            RANGE_NOT_SATISFIABLE,
            f"The document has {size_bytes:,} bytes.",
            headers=(("content-range", f"bytes */{size_bytes}"),),
        )
    return span


async def _part(chunks: AsyncIterator[bytes], span: Span | None, size_bytes: int | None) -> AsyncIterator[bytes]:
    """The bytes of the span. Raises TimedOut when the vendor gives fewer than it announced."""
    first, last = (span.first, span.last) if span is not None else (0, None)
    at = 0
    async for chunk in chunks:
        end = at + len(chunk)
        if end > first:
            stop = len(chunk) if last is None else min(len(chunk), last + 1 - at)
            yield chunk[max(0, first - at) : stop]
        at = end
        if last is not None and at > last:
            return
    wanted = size_bytes if last is None else last + 1
    if wanted is not None and at < wanted:
        raise TimedOut("the vendor sent fewer bytes than it announced")


def _media_type(opened: Opened, found: Download) -> bytes:
    return (found.media_type or opened.headers.get("content-type") or "application/octet-stream").encode("latin-1")


def _headers(found: Download, span: Span | None, size_bytes: int | None) -> tuple[tuple[bytes, bytes], ...]:
    headers = [(b"accept-ranges", b"bytes" if size_bytes is not None else b"none")]
    name = f"; filename*=UTF-8''{quote(found.name)}" if found.name else ""
    headers.append((b"content-disposition", f"attachment{name}".encode()))
    if found.sha256 is not None and span is None:
        digest = b64encode(bytes.fromhex(found.sha256)).decode()
        headers.append((b"repr-digest", f"sha-256=:{digest}:".encode()))
    if span is not None:
        headers.append((b"content-range", f"bytes {span.first}-{span.last}/{size_bytes}".encode()))
    return tuple(headers)


def _expected_digest(header: str | None) -> bytes | None:
    """The SHA-256 in `Content-Digest` (RFC 9530)."""
    if header is None:
        return None
    found = _DIGEST.search(header)
    try:
        return b64decode(found[1], validate=True) if found is not None else _no_digest()
    except NotBase64:
        return _no_digest()


def _no_digest() -> bytes:
    message = "`sha-256=:<base64>:`"
    raise ApiProblem(
        INVALID_HEADER,
        f"`Content-Digest` has to be {message}.",
        errors=(FieldError("header/content-digest", "format", message),),
    )


async def _checked(chunks: AsyncIterator[bytes], digest: bytes | None) -> AsyncIterator[bytes]:
    """The bytes, the last piece held back until the digest is known to be right: a broken upload never ends well."""
    if digest is None:
        async for chunk in chunks:
            yield chunk
        return
    seen = sha256()
    held = b""
    async for chunk in chunks:
        seen.update(chunk)
        if held:
            yield held
        held = chunk
    if seen.digest() != digest:
        raise ApiProblem(
            VALIDATION_FAILED,
            "The bytes do not have the digest that `Content-Digest` says.",
            errors=(FieldError("header/content-digest", "mismatch", "The bytes arrived with another SHA-256."),),
        )
    yield held
