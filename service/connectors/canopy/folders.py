"""Canopy's folders: a tree for each client."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC, reference
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import cursor_page
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


class _List(Struct, frozen=True, gc=False):
    folders: list[WireFolder]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WireFolder)


def page(query: Query, book: Book) -> Flow[RemotePage[Folder]]:
    answer = _read_list((yield search("folders", query)))
    return cursor_page(answer.folders, answer.next_cursor, query, to_folder, book, "$.folders")


def get(remote_id: str, book: Book) -> Flow[Folder]:
    return to_folder(_read_one((yield read_one("folders", remote_id))), book)


BINDING: Final = Binding[Folder, Any, Any](
    doc=DOC,
    wire=Wire(WireFolder, many=("folders",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    notes="Follow `parent` for the path. Shared and private files may lie in one folder, so `area` is `other`.",
)
