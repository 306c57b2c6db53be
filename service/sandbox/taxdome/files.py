"""The bytes of files, and the links they are fetched by.

A file's bytes follow from (seed, id, size, name): any stretch is made when it is sent, so a gigabyte costs no memory,
and `sha256` tells a test what must arrive. A link is good for five minutes and needs no token.
"""

import hashlib
import hmac
import re
from functools import lru_cache
from urllib.parse import quote

from service.sandbox.http import Request, Response, Stream
from service.sandbox.taxdome.errors import RefusalError

LINK_LIFE_S = 300
BLOCK_BYTES = 65_536
_HASH_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TYPES = {
    "pdf": ("application/pdf", b"%PDF-1.7\n"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "csv": ("text/csv", b"date,amount\n"),
    "zip": ("application/zip", b"PK\x03\x04"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
}


def seeded(seed: int, file_id: str, size_bytes: int, name: str) -> Stream:
    """A seeded file: a block of noise over and over, each repetition headed by its number, the first by its type."""
    magic = media_type(name)[1]

    def read(begin: int, end: int) -> bytes:
        first, last = begin // BLOCK_BYTES, -(-end // BLOCK_BYTES)
        blocks = bytearray(_noise(seed, file_id) * (last - first))
        for number in range(first, last):
            at = (number - first) * BLOCK_BYTES
            blocks[at : at + 16] = number.to_bytes(16, "big") if number else magic.ljust(16, b"\n")
        return bytes(memoryview(blocks)[begin - first * BLOCK_BYTES : end - first * BLOCK_BYTES])

    return Stream(size_bytes, read)


def sha256(stream: Stream) -> str:
    """The digest of a whole file, in hexadecimal."""
    digest = hashlib.sha256()
    for begin in range(0, stream.size_bytes, _HASH_BYTES):
        digest.update(stream.read(begin, min(begin + _HASH_BYTES, stream.size_bytes)))
    return digest.hexdigest()


def kept(content: bytes) -> Stream:
    """A file that was uploaded."""
    return Stream(len(content), lambda begin, end: content[begin:end])


def media_type(name: str) -> tuple[str, bytes]:
    """What a file of this name is, and how its bytes begin."""
    return _TYPES.get(name.rpartition(".")[2].lower(), ("application/octet-stream", b""))


class Links:
    """Signs links and checks them."""

    def __init__(self, seed: int) -> None:
        self._secret = hashlib.sha256(f"links {seed}".encode()).digest()

    def make(self, request: Request, file_id: str, until_s: int) -> str:
        """A link on the host the caller used."""
        host = request.headers.get("host", "localhost")
        return f"http://{host}/files/{file_id}?expires={until_s}&signature={self._signature(file_id, until_s)}"

    def check(self, request: Request, file_id: str, now_s: float) -> None:
        """RefusalError unless the link is one of ours and still good."""
        expires = request.query.get("expires", "")
        until_s = int(expires) if re.fullmatch(r"\d{1,12}", expires) else 0
        signature = request.query.get("signature", "")
        if not hmac.compare_digest(self._signature(file_id, until_s).encode(), signature.encode()):
            raise RefusalError("link_invalid", "The link is not signed by us.")
        if now_s >= until_s:
            raise RefusalError("link_expired", "The link has expired.")

    def _signature(self, file_id: str, until_s: int) -> str:
        return hmac.new(self._secret, f"{file_id} {until_s}".encode(), hashlib.sha256).hexdigest()


def answer(request: Request, stream: Stream, name: str, etag: str) -> Response:
    """The file, or the one range asked for (RFC 9110, 14): several ranges or senseless ones are answered whole."""
    headers = (
        ("content-type", media_type(name)[0]),
        ("content-disposition", f"attachment; filename*=UTF-8''{quote(name)}"),
        ("accept-ranges", "bytes"),
        ("etag", etag),
    )
    wanted = _wanted(request, stream.size_bytes, etag)
    if wanted is None:
        return Response(200, b"", headers, stream=stream)
    begin, end = wanted
    if begin >= end:
        return Response(416, b"", (("content-range", f"bytes */{stream.size_bytes}"),))
    place = ("content-range", f"bytes {begin}-{end - 1}/{stream.size_bytes}")
    return Response(206, b"", (*headers, place), stream=stream.stretch(begin, end))


def _wanted(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    match = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if match is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


@lru_cache(64)
def _noise(seed: int, file_id: str) -> bytes:
    return hashlib.shake_128(f"{seed} {file_id}".encode()).digest(BLOCK_BYTES)
