"""The bytes of documents on their way in: streamed, never whole in memory, their size and digest checked."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from typing import Any, Final

from service.api.bodies import encode
from service.api.call import Answer, Call
from service.api.query import Reader as Read
from service.api.query import boolean, one_of, read_query, text
from service.api.screen import refuse_numbers_in
from service.connectors.sdk.binding import NewDocument
from service.connectors.sdk.faults import TimedOut
from service.connectors.sdk.flow import Source
from service.errors import BODY_TOO_LARGE, INVALID_HEADER, VALIDATION_FAILED, ApiProblem, FieldError
from service.resources.document import Area
from service.unified.document_units import units_of
from service.unified.routes.documents import DOCUMENTS
from service.unified.write import Writer

_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")
_UPLOAD: Final[Mapping[str, Read]] = {
    "name": text,
    "client": text,
    "folder": text,
    "area": one_of(area.value for area in Area),
    "dry_run": boolean,
}


class Uploads:
    """The bytes of documents, from the caller to the vendor."""

    def __init__(self, writer: Writer, max_document_bytes: int) -> None:
        self._writer = writer
        self._max_document_bytes = max_document_bytes

    async def upload(self, call: Call) -> Answer:
        """A new document from the bytes of the body: 201 with the record as the vendor has it now."""
        asked = read_query(call.scope["query_string"], _UPLOAD)
        new, described, source = self._sent(call, asked)
        if asked.get("dry_run"):
            answer = await self._writer.dry_upload(call, DOCUMENTS, new)
            async for _ in source.chunks:
                pass  # read, so that the digest is known to be right and the caller gets to read the answer
            return answer
        return await self._writer.upload(call, DOCUMENTS, new, described, source)

    async def upload_version(self, call: Call) -> Answer:
        """New bytes for a document whose older ones are kept: 200 with the record as the vendor has it now."""
        asked = read_query(call.scope["query_string"], {"name": text})
        new, described, source = self._sent(call, asked)
        return await self._writer.upload_version(call, DOCUMENTS, new, described, source)

    def _sent(self, call: Call, asked: Mapping[str, Any]) -> tuple[NewDocument, bytes, Source]:
        """What is being uploaded, what stands for it in the fingerprint of the write, and its bytes."""
        if "name" not in asked:
            raise ApiProblem(
                VALIDATION_FAILED,
                "`name` is needed.",
                errors=(FieldError("query/name", "missing", "The file's name."),),
            )
        for name in ("name", "folder"):
            refuse_numbers_in(asked.get(name, ""), f"query/{name}")
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
        call.units = units_of(size_bytes)
        return new, encode(new) + (digest or b""), Source(_checked(self._body(call), digest), size_bytes)

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
