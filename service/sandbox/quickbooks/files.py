"""The bytes of attachables: a link for a quarter of an hour, and uploads as multipart forms.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/attachable, read 2026-11-20:
`GET download/{id}` answers the link as text, `POST upload` takes `file_metadata_0` (JSON) and `file_content_0`, and
answers `AttachableResponse`. How the link is signed is chosen here.
"""

import re
from collections.abc import Callable

import msgspec

from service.sandbox.http import Json, Request, Response, Stream
from service.sandbox.quickbooks.errors import FaultError
from service.sandbox.taxdome import files
from service.sandbox.taxdome.errors import RefusalError

_LINK_LIFE_S = 900
_HEAD_BYTES = 64 * 1024
_PART = re.compile(
    rb"--(?P<boundary>[^\r\n]{1,70})\r\n(?P<first>(?:[^\r\n]+\r\n)+)\r\n(?P<metadata>.*?)\r\n"
    rb"--(?P=boundary)\r\n(?P<second>(?:[^\r\n]+\r\n)+)\r\n",
    re.DOTALL,
)


class Files:
    """The bytes of one company's attachables."""

    def __init__(self, seed: int, now_s: Callable[[], float]) -> None:
        self._seed = seed
        self._now_s = now_s
        self._links = files.Links(seed)
        self._uploads: dict[str, Stream] = {}

    def reset(self) -> None:
        """Forgets what was uploaded."""
        self._uploads.clear()

    def linked(self, row: Json, request: Request) -> Json:
        """The attachable with a link that is good now, if it has a file."""
        if "TempDownloadUri" not in row:
            return row
        return {**row, "TempDownloadUri": self.link(row["Id"], request)}

    def link(self, row_id: str, request: Request) -> str:
        """Where the bytes can be fetched for a while, without a token."""
        return self._links.make(request, row_id, int(self._now_s()) + _LINK_LIFE_S)

    def fetch(self, request: Request, row: Json | None) -> Response:
        """The bytes behind a link."""
        row_id = request.path.rpartition("/")[2]
        try:
            self._links.check(request, row_id, self._now_s())
        except RefusalError:
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>", (("content-type", "application/xml"),))
        if row is None:
            return Response(404, b"<Error><Code>NoSuchKey</Code></Error>", (("content-type", "application/xml"),))
        content = self._uploads.get(row_id) or files.seeded(self._seed, row_id, row["Size"], row["FileName"])
        return files.answer(request, content, row["FileName"], f'"{row_id}"')

    def keep(self, row_id: str, content: Stream) -> None:
        """Keeps the bytes of an upload."""
        self._uploads[row_id] = content


def read_upload(request: Request) -> tuple[Json, Stream]:
    """The metadata and the bytes of a multipart upload; FaultError for what is none."""
    whole = request.large or files.kept(request.body)
    found = _PART.match(whole.read(0, min(_HEAD_BYTES, whole.size_bytes)))
    if found is None or b'name="file_metadata_0"' not in found["first"] or b"file_content_0" not in found["second"]:
        raise FaultError("2010", "Property Name:The multipart form needs file_metadata_0 and file_content_0")
    closing = b"\r\n--" + found["boundary"] + b"--"
    end = whole.size_bytes - len(closing)
    tail = whole.read(max(0, end - 2), whole.size_bytes)
    at = tail.rfind(closing)
    if at < 0:
        raise FaultError("2010", "Property Name:The multipart form does not end")
    end = whole.size_bytes - (len(tail) - at)
    try:
        metadata = msgspec.json.decode(found["metadata"], type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FaultError("2010", "Property Name:malformed JSON") from error
    return metadata, whole.stretch(found.end(), end)
