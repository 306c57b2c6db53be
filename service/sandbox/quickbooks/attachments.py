"""Attachables: files and notes hung on customers and transactions. Only what is known of them; bytes are elsewhere."""

from collections.abc import Mapping

from service.sandbox.books import Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError, invalid_reference, missing
from service.sandbox.quickbooks.wire import stamp, whole
from service.sandbox.shapes import counts
from service.sandbox.table import Table

_FIRST = 100_000_000_000_001
_FILE = 22
_KINDS = (("Image", "image/jpeg", "receipt.jpg"), ("Document", "application/pdf", "statement.pdf"))


def attachment_tables(books: Books, realm_id: str) -> dict[str, Table]:
    """The table of attachables: one file for each client with tasks, and a note for every fourth of them."""
    files = Layout(counts(lambda shape: min(1, shape.tasks)), books.clients)
    return {
        "Attachable": Table(
            seeded=files.size,
            row=lambda row: _attachable(books, realm_id, row, files.locate(row)[0]),
            updated_s=lambda row: books.client_times(files.locate(row)[0])[1],
            id_of=lambda position: str(_FIRST + position),
            position_of=lambda row_id: whole(row_id) - _FIRST,
        )
    }


def finish_attachable(row: Json, tables: Mapping[str, Table]) -> None:
    """Checks an attachable: it has a file's name or a note, and hangs on things that exist."""
    if not row.get("FileName") and not row.get("Note"):
        raise missing("Note")
    for link in row.get("AttachableRef", []):
        entity: Json = link.get("EntityRef") or {}
        kind, row_id = str(entity.get("type")), str(entity.get("value"))
        if kind not in tables:
            raise FaultError("2010", "Property Name:Can not instantiate EntityRef", "AttachableRef")
        if tables[kind].get(row_id) is None:
            raise invalid_reference(kind, row_id)


def _attachable(books: Books, realm_id: str, row: int, client: int) -> Json:
    created_s, updated_s = books.client_times(client)
    row_id = str(_FIRST + row)
    attachable: Json = {
        "domain": "QBO",
        "sparse": False,
        "Id": row_id,
        "SyncToken": str(row % 2),
        "MetaData": {"CreateTime": stamp(created_s), "LastUpdatedTime": stamp(updated_s)},
        "AttachableRef": [
            {"EntityRef": {"type": "Customer", "value": str(client + 1)}, "IncludeOnSend": row % 3 == 0},
        ],
    }
    if row % 4 == 3:
        return attachable | {"Note": f"Called about the statement, {row + 1}"}
    category, media_type, name = _KINDS[row % len(_KINDS)]
    return attachable | {
        "FileName": f"{row + 1}-{name}",
        "FileAccessUri": f"/v3/company/{realm_id}/download/{row_id}",
        "TempDownloadUri": f"https://files.quickbooks.example/{row_id}?X-Amz-Expires=900&X-Amz-Signature=invented",
        "Size": Dice(books.seed, _FILE, client).between(2_000, 400_000),
        "ContentType": media_type,
        "Category": category,
    }
