"""New and changed documents as TaxDome's requests. The names follow its screens: assumed."""

from typing import Final

from msgspec import UNSET, UnsetType

from service.connectors.sdk.binding import NewDocument
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.document import ApprovalState, DocumentUpdate

_UPLOADS: Final = ("client_uploaded", "firm_shared", "private")


def from_new_document(new: NewDocument, book: Book) -> tuple[tuple[str, str], ...]:
    """Where an upload goes, as the query of its request. Raises Invalid for another client's or an unknown place."""
    if new.client is not None and remote_id_of(new.client, "cli_", book, "query/client") != book.account:
        raise invalid("query/client", "other_account", "A document goes to the client whose account is asked.")
    root, path = _destination(new, book)
    return (("folder", root), ("path", path), ("name", new.name))


def _destination(new: NewDocument, book: Book) -> tuple[str, str]:
    """Area and path. Raises Invalid where the two given contradict each other, or where nothing can be uploaded to."""
    root, path = new.area, "/"
    if new.folder is not None:
        root, _, path = remote_id_of(new.folder, "fol_", book, "query/folder").partition(":")
        if new.area not in (None, root):
            raise invalid("query/folder", "contradiction", "The folder lies in another area.")
    if root not in _UPLOADS or not path.startswith("/"):
        raise invalid("query/area", "choice", f"One of: {', '.join(_UPLOADS)}.")
    return root, path


def from_document_update(new: DocumentUpdate) -> dict[str, object]:
    """What changes. Raises Invalid for what a document of TaxDome's cannot hold."""
    accept(new, ("name", "path", "approval"), "TaxDome")
    path = new.path if isinstance(new.path, UnsetType) else "/" + new.path.strip("/")
    body = {"name": new.name, "path": path, "status": _status(new.approval)}
    return {name: value for name, value in body.items() if value is not UNSET}


def _status(wanted: ApprovalState | UnsetType) -> str | None | UnsetType:
    """TaxDome's word. Approving is the client's own part."""
    if isinstance(wanted, UnsetType):
        return UNSET
    if wanted not in (ApprovalState.PENDING, ApprovalState.NONE):
        raise invalid("/approval", "unsupported", "`pending` asks the client, `none` takes the question back.")
    return "pending_approval" if wanted is ApprovalState.PENDING else None
