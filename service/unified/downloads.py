"""The bytes of documents on their way out: streamed, never whole in memory, whole or the `Range` that is asked for.

A range is asked of the vendor too; one that answers with the whole document all the same is read up to the range's end.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from service.api.asgi import Receive, Scope, Send
from service.api.call import Answer, Call
from service.api.preferences import vendor_wait_s
from service.api.problems import to_problem
from service.api.query import read_query, whole_number
from service.connectors.sdk.binding import Download
from service.connectors.sdk.engine import Engine
from service.connectors.sdk.faults import Malformed, VendorFault
from service.connectors.sdk.flow import Flow, Opened, Response
from service.ids import Book
from service.unified.document_units import units_of
from service.unified.ranges import Span, Wanted, cut, out_of_range, read_content_range, read_range
from service.unified.read import Reader, bound
from service.unified.routes.documents import DOCUMENTS
from service.unified.ways import Way, Ways

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}(; ?[\w.+-]{1,40}=\"?[\w.+ -]{1,80}\"?){0,3}", re.ASCII)


class Downloads:
    """The bytes of documents, from the vendor to the caller."""

    def __init__(self, ways: Ways, reader: Reader, engine: Engine) -> None:
        self._ways = ways
        self._reader = reader
        self._engine = engine

    async def download(self, call: Call) -> Any:
        """The bytes of one document, or the part of them that `Range` names."""
        number = read_query(call.scope["query_string"], {"version": whole_number(1, 10**9)}).get("version")
        way, remote_id = await self._ways.of_record(call, DOCUMENTS.prefix, call.params["id"])
        ask = _asking(way, number)
        if call.by_client:  # whose document it is stands in its record alone
            get = bound(way, DOCUMENTS, "get").get
            assert get is not None
            record = await self._reader.run(call, way, get(remote_id, way.book))
            await self._ways.consented.check(call, way.connection, DOCUMENTS.name, [record])
        found = await self._reader.run(call, way, ask(remote_id, way.book))
        wanted = read_range(call.header(b"range")) if call.header(b"if-range") is None else None
        opened = await self._open(call, way, found, wanted)
        try:
            span, size_bytes = _placed(opened, found, wanted)
            sent_bytes = span.size_bytes if span is not None else size_bytes
            chunks = cut(opened.chunks, span if opened.status != 206 else None, sent_bytes)
            first = await anext(chunks, b"")  # before the head goes out: a vendor that fails at once is still a problem
        except VendorFault as fault:
            await opened.close()
            raise to_problem(fault, way.connector.slug, reading=True) from fault
        except BaseException:
            await opened.close()
            raise
        call.rows = 1
        call.units = units_of(sent_bytes)
        status = 206 if span is not None else 200
        head = Answer(status, b"", _media_type(opened, found), _headers(found, span, size_bytes))
        return Stream(head, first, chunks, opened, sent_bytes)

    async def _open(self, call: Call, way: Way, found: Download, wanted: Wanted | None) -> Opened:
        request = found.request
        if wanted is not None:
            request = replace(request, headers=(*request.headers, ("range", wanted.header)))
        try:
            return await self._engine.open(request, way.link, call.leg, wait_s=vendor_wait_s(call))
        except VendorFault as fault:
            if wanted is not None and fault.status == 416:
                raise out_of_range(_size_in(call.leg.last, found)) from None
            raise to_problem(fault, way.connector.slug, reading=True) from fault


class Stream:
    """An answer that goes out as its bytes come in. An ASGI application.

    Where they stop coming it raises, and the server closes the connection: nobody takes a part for the whole. Where the
    caller goes away it ends without its end, so that the edge knows that not all has been handed over.
    """

    def __init__(
        self, head: Answer, first: bytes, chunks: AsyncIterator[bytes], opened: Opened, size_bytes: int | None
    ) -> None:
        self._head = head
        self._first = first
        self._chunks = chunks
        self._opened = opened
        self._size_bytes = size_bytes

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        start, _ = self._head.messages()
        start["headers"] = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        if self._size_bytes is not None:
            start["headers"].append((b"content-length", b"%d" % self._size_bytes))
        gone = asyncio.create_task(_left(receive))  # the server takes what is sent to nobody without a word
        try:
            await send(start)
            await send({"type": "http.response.body", "body": self._first, "more_body": True})
            async for chunk in self._chunks:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            await self._opened.close()


async def _left(receive: Receive) -> None:
    """Returns when the caller has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _asking(way: Way, number: int | None) -> Callable[[str, Book], Flow[Download]]:
    """How the vendor is asked for the bytes: of a document as it is, or of one of its versions."""
    if number is None:
        ask = bound(way, DOCUMENTS, "download").download
        assert ask is not None
        return ask
    of_version = bound(way, DOCUMENTS, "download_version").download_version
    assert of_version is not None
    return lambda remote_id, book: of_version(remote_id, number, book)


def _placed(opened: Opened, found: Download, wanted: Wanted | None) -> tuple[Span | None, int | None]:
    """The part that goes out, None for all, and the size of the whole. Raises a 416 problem where there is none."""
    if opened.status == 206:
        placed = read_content_range(opened.headers.get("content-range"))
        if placed is None or wanted is None:
            raise Malformed("a part that was not asked for", status=206)
        return placed
    length = opened.headers.get("content-length", "")
    is_plain = length.isdigit() and "content-encoding" not in opened.headers
    size_bytes = int(length) if is_plain else found.size_bytes
    if wanted is None or size_bytes is None:
        return None, size_bytes
    return wanted.within(size_bytes), size_bytes


def _size_in(refusal: Response | None, found: Download) -> int | None:
    """The size of the whole in a refused range: `bytes */1234`."""
    told = refusal.headers.get("content-range", "") if refusal is not None else ""
    size = told.removeprefix("bytes */")
    return int(size) if size.isdigit() else found.size_bytes


def _media_type(opened: Opened, found: Download) -> bytes:
    told = found.media_type or opened.headers.get("content-type") or ""
    return told.encode() if _MEDIA_TYPE.fullmatch(told) else b"application/octet-stream"


def _headers(found: Download, span: Span | None, size_bytes: int | None) -> tuple[tuple[bytes, bytes], ...]:
    headers = [(b"accept-ranges", b"bytes" if size_bytes is not None else b"none")]
    name = f"; filename*=UTF-8''{quote(found.name, safe='')}" if found.name else ""
    headers.append((b"content-disposition", f"attachment{name}".encode()))
    if found.sha256 is not None:
        digest = b64encode(bytes.fromhex(found.sha256)).decode()
        headers.append((b"repr-digest", f"sha-256=:{digest}:".encode()))
    if span is not None:
        headers.append(
            (
                b"content-range",
                f"bytes {span.first}-{span.last}/{size_bytes if size_bytes is not None else '*'}".encode(),
            )
        )
    return tuple(headers)
