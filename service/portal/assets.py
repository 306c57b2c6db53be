"""Stylesheet, scripts and drawings: all our own, read at start, named by their content so that they can be kept."""

import gzip
import hashlib
from pathlib import Path
from typing import Final

from service.portal.visit import Reply

_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_KEEP: Final = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"vary", b"accept-encoding"),
)


class Assets:
    """The files under `static`."""

    def __init__(self) -> None:
        files = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}
        self._digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:10]
        self._plain = {name: Reply(200, body, _TYPES[Path(name).suffix], _KEEP) for name, body in files.items()}
        self._packed = {
            name: Reply(
                200,
                gzip.compress(body, 9, mtime=0),
                _TYPES[Path(name).suffix],
                (*_KEEP, (b"content-encoding", b"gzip")),
            )
            for name, body in files.items()
        }

    def path(self, name: str) -> str:
        """Where a file is."""
        if name not in self._plain:
            raise KeyError(name)
        return f"/assets/{self._digest}/{name}"

    def reply(self, name: str, *, packed: bool) -> Reply | None:
        """The file; None if there is none."""
        return (self._packed if packed else self._plain).get(name)
