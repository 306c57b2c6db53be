"""Documents to list, fetch and write: the roots stay apart, and what hangs on a message is in none of them."""

import hashlib
import re
from collections.abc import Callable

from service.sandbox.http import Json, Request, Response, Stream
from service.sandbox.taxdome import files, plan, wishes
from service.sandbox.taxdome.errors import RefusalError, invalid, missing
from service.sandbox.taxdome.papers import ACCESS, Papers
from service.sandbox.taxdome.shelf import Shelf
from service.sandbox.taxdome.talk import Talk
from service.sandbox.taxdome.wire import instant, make_id, position_of
from service.sandbox.taxdome.wishes import understood

_ATTACHMENT = re.compile(r"att_([0-9a-f]{1,8})_([1-9]\d{0,5})")


class Filing:
    """The documents of all accounts and their bytes."""

    def __init__(self, seed: int, papers: Papers, talk: Talk, documents: Shelf, now_s: Callable[[], float]) -> None:
        self._seed = seed
        self._papers = papers
        self._talk = talk
        self._documents = documents
        self._now_s = now_s
        self._links = files.Links(seed)
        self._uploads: dict[str, Stream] = {}

    def reset(self) -> None:
        """Forgets what was uploaded."""
        self._uploads.clear()

    def rows(self, account: int, folder: str | None, is_firm: bool) -> list[Json]:
        """The documents of one root, newest row first."""
        if folder not in plan.FOLDERS:
            raise invalid("folder", f"must be among {', '.join(plan.FOLDERS)}")
        if folder == "private" and not is_firm:
            raise RefusalError("forbidden", "Private folders are the firm's own.")
        rows = (self._documents.row(position) for position in reversed(self._documents.positions(account)))
        return [row for row in rows if row["root"] == folder]

    def get(self, account: int, row_id: str, is_firm: bool) -> Json:
        """One document."""
        row = self._documents.get(account, row_id)
        if row["root"] == "private" and not is_firm:
            raise missing("documents")
        return row

    def link(self, request: Request, account: int, row_id: str, is_firm: bool) -> Json:
        """Where the bytes of a document or of a message's attachment can be fetched, for a while."""
        match = _ATTACHMENT.fullmatch(row_id)
        if match is None:
            self.get(account, row_id, is_firm)
        elif self._attached(match)[0] != account:
            raise missing("documents")
        until_s = int(self._now_s()) + files.LINK_LIFE_S
        return {"url": self._links.make(request, row_id, until_s), "expires_at": instant(until_s)}

    def fetch(self, request: Request, row_id: str) -> Response:
        """The bytes behind a link."""
        self._links.check(request, row_id, self._now_s())
        match = _ATTACHMENT.fullmatch(row_id)
        row = self._documents.anywhere(row_id) if match is None else self._attached(match)[1]
        if row is None:
            raise missing("documents")
        mark = hashlib.sha256(f"{self._seed} {row_id}".encode()).hexdigest()[:32]
        return files.answer(request, self._content(row_id, row), row["name"], f'"{mark}"')

    def upload(self, account: int, request: Request, by: str, is_firm: bool) -> Json:
        """A new document: its bytes are the body, folder, path and name are in the query."""
        folder, name = request.query.get("folder", ""), request.query.get("name", "")
        path = request.query.get("path", "/")
        if folder not in ("client_uploaded", "firm_shared", "private"):
            raise invalid("folder", "must be client_uploaded, firm_shared or private")
        if not is_firm and folder != "client_uploaded":
            raise RefusalError("forbidden", "Clients upload into their own folder alone.")
        if not name or not path.startswith("/"):
            raise invalid("name", "is required, and path must begin with a slash")
        content = request.large or files.kept(request.body)
        row: Json = {
            "id": self._documents.next_id(),
            "account_id": make_id("accounts", account),
            "root": folder,
            "path": path,
            "name": name,
            "size": content.size_bytes,
            "uploaded_at": instant(self._now_s()),
            "uploaded_by": by,
            "access": ACCESS[folder],
            "status": None,
        }
        self._documents.add(account, row)
        self._uploads[row["id"]] = content
        return row

    def change(self, account: int, row_id: str, body: Json) -> Json:
        """A document renamed, moved inside its root, or with another status; sealed ones are locked."""
        position = self._unsealed(account, row_id)
        row = {**self._documents.row(position), **understood(body, wishes.DocumentWish)}
        self._documents.put(position, row)
        return row

    def delete(self, account: int, row_id: str) -> None:
        """Puts a document into the trash."""
        self._documents.put(self._unsealed(account, row_id), None)

    def _unsealed(self, account: int, row_id: str) -> int:
        position = self._documents.find(account, row_id)
        if self._documents.row(position)["status"] == "sealed":
            raise RefusalError("document_sealed", "A sealed document cannot be edited, moved or deleted.")
        return position

    def _content(self, row_id: str, row: Json) -> Stream:
        if row_id in self._uploads:
            return self._uploads[row_id]
        # A renamed file keeps its bytes, so they follow from the name it was seeded with.
        first = self._papers.document(position_of("documents", row_id)) if row_id.startswith("doc_") else row
        return files.seeded(self._seed, row_id, first["size"], first["name"])

    def _attached(self, match: re.Match[str]) -> tuple[int, Json]:
        thread, at = int(match[1], 16), int(match[2]) - 1
        if thread >= self._talk.threads.size or at >= self._talk.size(thread) or at % 4 != 1:
            raise missing("documents")
        return self._talk.threads.locate(thread)[0], self._talk.attachment(thread, at)
