"""The bytes of files and of each of their versions, and files that are sent as forms (assumed).

`GET /documents/{id}/content` and `…/versions/{n}/content` answer bytes, ranges too. `POST /documents` and
`POST /documents/{id}/versions` take a form of the parts `metadata` (JSON) and `file`.
"""

import re

import msgspec

from service.sandbox.canopy.errors import RefusalError, invalid
from service.sandbox.http import Json, Request, Response, Stream
from service.sandbox.taxdome import files

_HEAD_BYTES = 64 * 1024
_FORM = re.compile(
    rb"--(?P<boundary>[^\r\n]{1,70})\r\n(?P<first>(?:[^\r\n]+\r\n)+)\r\n(?P<metadata>.*?)\r\n"
    rb"--(?P=boundary)\r\n(?P<second>(?:[^\r\n]+\r\n)+)\r\n",
    re.DOTALL,
)
_FILE_NAME = re.compile(rb'filename="([^"]{1,300})"')
_MEDIA_TYPE = re.compile(rb"content-type: *([^\r\n]{1,200})", re.IGNORECASE)


class Sent(msgspec.Struct, frozen=True):
    """A file as it was sent."""

    metadata: Json
    name: str
    media_type: str
    content: Stream


class Files:
    """The bytes of one firm's files."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._kept: dict[tuple[str, int], Stream] = {}

    def reset(self) -> None:
        """Forgets what was sent."""
        self._kept.clear()

    def keep(self, file_id: str, version: int, content: Stream) -> None:
        self._kept[file_id, version] = content

    def answer(self, request: Request, row: Json, number: int) -> Response:
        """The bytes of one version, or the range of them that is asked for."""
        version = next((one for one in row["versions"] if one["version"] == number), None)
        if version is None:
            raise RefusalError("not_found", "The file has no such version.")
        found = files.answer(request, self.content(row, version), row["name"], f'"{row["file_id"]}.{number}"')
        headers = tuple((key, row["mime"] if key == "content-type" else value) for key, value in found.headers)
        return msgspec.structs.replace(found, headers=headers)

    def content(self, row: Json, version: Json) -> Stream:
        """All bytes of one version."""
        kept = self._kept.get((row["file_id"], version["version"]))
        return kept or seeded(self._seed, row["file_id"], version["version"], version["size"], row["name"])


def seeded(seed: int, file_id: str, version: int, size_bytes: int, name: str) -> Stream:
    """The bytes of a file that was there from the start."""
    return files.seeded(seed, f"{file_id}.{version}", size_bytes, name)


def read_form(request: Request) -> Sent:
    """The file that a form brings; RefusalError for what is none."""
    whole = request.large or files.kept(request.body)
    found = _FORM.match(whole.read(0, min(_HEAD_BYTES, whole.size_bytes)))
    if found is None or b'name="metadata"' not in found["first"] or b'name="file"' not in found["second"]:
        raise invalid("body", "needs the parts metadata and file")
    closing = b"\r\n--" + found["boundary"] + b"--"
    tail_at = max(found.end() - 2, whole.size_bytes - len(closing) - 2)
    at = whole.read(tail_at, whole.size_bytes).rfind(closing)
    if at < 0:
        raise invalid("body", "does not end")
    name, media_type = _FILE_NAME.search(found["second"]), _MEDIA_TYPE.search(found["second"])
    try:
        metadata = msgspec.json.decode(found["metadata"], type=dict[str, object])
        file_name = name[1].decode() if name else "unnamed"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("metadata", "must be a JSON object") from error
    return Sent(
        metadata,
        file_name,
        media_type[1].decode("latin-1") if media_type else "application/octet-stream",
        whole.stretch(found.end(), tail_at + at),
    )
