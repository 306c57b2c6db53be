"""Canopy's folders: a tree for each client."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.wire import DOC, reference
from service.connectors.sdk.binding import Binding
from service.ids import Book
from service.resources.common import Meta
from service.resources.document import Area, Folder


class WireFolder(Struct, frozen=True, gc=False):
    folder_id: str
    name: str
    client_id: str | None = None
    parent_id: str | None = None
    file_count: int | None = None


UNSUPPORTED: Final = ("path", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_folder(wire: WireFolder, book: Book) -> Folder:
    """A folder. Its files may be shared or private, so it belongs to neither area."""
    return Folder(
        id=book.ref("fol_", wire.folder_id),
        remote_id=wire.folder_id,
        connection=book.connection,
        account=book.account,
        client=reference("cli_", wire.client_id, book),
        name=wire.name,
        area=Area.OTHER,
        parent=reference("fol_", wire.parent_id, book),
        document_count=wire.file_count,
        meta=_META,
    )


_FOLDERS: Final = Entity("folders", WireFolder, to_folder)


BINDING: Final = Binding[Folder, Any, Any](
    doc=DOC,
    wire=_FOLDERS.place,
    unsupported=UNSUPPORTED,
    page=_FOLDERS.page,
    get=_FOLDERS.get,
    notes="Follow `parent` for the path. Shared and private files may lie in one folder, so `area` is `other`. Folders "
    "are made in Canopy: nothing of its contract, documented or assumed, makes, renames or deletes one.",
)
