"""Folders. TaxDome lists none: they are what its documents lie in, so an area's documents are read to the end.

The ids are those that documents show as `folder`: area and path (see `documents.folder_id`).
"""

from collections import Counter
from typing import Any, Final

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import walk
from service.connectors.taxdome import calls
from service.connectors.taxdome.documents import AREAS, ROOTS, WireDocument, folder_id, page_of_root, tidy
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.common import Meta
from service.resources.document import Area, Document, Folder

UNSUPPORTED: Final = ("version",)
_META: Final = Meta(unsupported=UNSUPPORTED)
_MAX_PAGE: Final = 200
_ALL: Final = Query(limit=calls.MAX_PAGE)


def page(query: Query, book: Book) -> Flow[RemotePage[Folder]]:
    """The next folders of the area that the list is in, in the order of their paths; empty areas are passed over."""
    roots = [root for root in ROOTS if root in query.filters.get("area", ROOTS)]
    lane, start = (0, 0) if query.position is None else (int(part) for part in query.position.split("."))
    for index in range(lane, len(roots)):
        found = yield from _folders(roots[index], book)
        records, rest = found[start : start + query.limit], found[start + query.limit :]
        if rest:
            return RemotePage(records, f"{index}.{start + query.limit}")
        if records:
            return RemotePage(records, f"{index + 1}.0" if index + 1 < len(roots) else None)
        start = 0
    return RemotePage([], None)


def get(remote_id: str, book: Book) -> Flow[Folder]:
    """One folder. Raises NotFound also for one in which nothing lies, at any depth."""
    root = remote_id.partition(":")[0]
    if root in ROOTS:
        for folder in (yield from _folders(root, book)):
            if folder.remote_id == remote_id:
                return folder
    raise NotFound("no folder has such an id, or nothing lies in it")


def _folders(root: str, book: Book) -> Flow[list[Folder]]:
    """All folders of an area with something in them, those above them included."""
    documents: list[Document] = []
    yield from walk(lambda query, book: page_of_root(root, query, book), _ALL, book, documents.extend)
    counts = Counter(tidy(document.path) for document in documents if isinstance(document.path, str))
    paths = {above for path in counts for above in _lineage(path)}
    found = (_to_folder(root, path, counts[path], book) for path in sorted(paths))
    return [folder for folder in found if folder is not None]


def _to_folder(root: str, path: str, count: int, book: Book) -> Folder | None:
    """A folder; None where its path is too long for an id, so that documents do not name it either."""
    own_id = folder_id(root, path, book)
    if own_id is None:
        return None
    above, _, name = path.rpartition("/")
    return Folder(
        id=own_id,
        remote_id=f"{root}:{path}",
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", book.account),
        name=name or root,
        path=path,
        area=AREAS.get(root, Area.OTHER),
        parent=None if path == "/" else folder_id(root, above or "/", book),
        document_count=count,
        meta=_META,
    )


def _lineage(path: str) -> list[str]:
    """`/2025/Bank` → `/`, `/2025`, `/2025/Bank`."""
    parts = path.split("/")[1:] if path != "/" else []
    return ["/", *("/" + "/".join(parts[: depth + 1]) for depth in range(len(parts)))]


BINDING: Final = Binding[Folder, Any, Any](
    doc=DOC,
    wire=Wire(WireDocument, many=("items",)),
    raw=False,
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    filters={
        "area": Filter(kind="choice", choices=ROOTS, description="The folders of these areas; all when left out.")
    },
    max_page=_MAX_PAGE,
    paging="emulated",
    notes=f"{ASSUMED} TaxDome lists no folders: they are what the documents of an area lie in, so each page reads that "
    "area's documents to the end, a hundred with each call, and a folder with nothing in it is not seen; there is "
    "nothing raw to include. Areas come one after another and a page never mixes them; `/` is the area itself, under "
    f"its name. A client's login is refused the area `private`: name the others. {PAGES_MOVE}",
)
