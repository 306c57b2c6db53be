"""Notes, of clients and of tasks alike.

Source: https://sodiumhq.com/docs/api/schemas/notedto.html, read 2026-11-20.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, UnsetType

from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sodium import calls
from service.connectors.sodium.rewriting import Row, rewrite
from service.connectors.sodium.wire import RefId, instant, reference
from service.ids import Book
from service.resources.common import Note, NoteInput


class WireNote(Struct, frozen=True, gc=False):
    """`content` and `author` are what older copies and the public MCP client say."""

    code: str | None = None
    text: str | None = None
    content: str | None = None
    pinnedLevel: int = 0
    date: datetime | None = None
    noteFromUser: RefId | None = None
    author: RefId | None = None
    stepNumber: int | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


def to_note(wire: WireNote, book: Book, step: int | None = None) -> Note:
    """One note; `step` is where it was found, where it does not say so itself."""
    return Note(
        id=wire.code or "",
        text=text_of(wire),
        pinned_level=wire.pinnedLevel,
        author=reference("usr_", wire.noteFromUser or wire.author, book),
        step=wire.stepNumber if wire.stepNumber is not None else step,
        noted_at=instant(wire.date),
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
    )


def pinned_first(notes: Sequence[WireNote]) -> list[WireNote]:
    return sorted(notes, key=lambda one: -one.pinnedLevel)


def text_of(wire: WireNote) -> str:
    """What is noted. Raises SchemaDrift where it stands under no name that we know."""
    text = wire.text if wire.text is not None else wire.content
    if text is None:
        raise SchemaDrift("$.data[].text", "Object missing required field `text`")
    return text


_POINTER: Final = "/note_entries"


def write_notes(path: str, wanted: Sequence[NoteInput]) -> Flow[None]:
    """Makes the notes at `path` those that are wanted."""
    rows = [Row(_id(one), _body(one)) for one in wanted]
    yield from rewrite(path, rows, _POINTER)


def _id(new: NoteInput) -> str | None:
    return None if isinstance(new.id, UnsetType) else new.id


def _body(new: NoteInput) -> dict[str, Any]:
    return calls.said({"text": new.text, "pinnedLevel": new.pinned_level})
