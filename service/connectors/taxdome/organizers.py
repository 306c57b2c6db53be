"""Organizers: what a client was asked, to the single answer and the files attached to it."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Query, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import walk
from service.connectors.sdk.references import invalid
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.sdk.written import read_back
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant
from service.ids import Book
from service.resources.common import Meta
from service.resources.organizer import (
    Answer,
    AnswerKind,
    AnswerSource,
    Organizer,
    OrganizerCreate,
    OrganizerStatus,
    OrganizerUpdate,
)


class WireOrganizer(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    title: str
    status: str
    submitted_at: Instant | None


class WireFile(Struct, frozen=True, gc=False):
    """A file that hangs on an answer or a message; what else is known of it stands in its document."""

    id: str
    name: Annotated[str | None, UNMAPPED] = None
    size: Annotated[int | None, UNMAPPED] = None


class WireAnswer(Struct, frozen=True, gc=False):
    question_key: str
    type: str
    section: str | None
    value: Any
    files: list[WireFile]


UNSUPPORTED: Final = ("template", "sent_at", "task", "created_at", "updated_at", "version")
_IN_LIST: Final = Meta(unsupported=(*UNSUPPORTED, "answers"))
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "pending": OrganizerStatus.PENDING,
    "in_progress": OrganizerStatus.IN_PROGRESS,
    "submitted": OrganizerStatus.SUBMITTED,
    "sealed": OrganizerStatus.SEALED,
}
_KINDS: Final = {
    "free_entry": AnswerKind.TEXT,
    "number": AnswerKind.NUMBER,
    "date": AnswerKind.DATE,
    "choice": AnswerKind.CHOICE,
    "checkbox": AnswerKind.CHOICES,
    "file": AnswerKind.FILE,
}


def to_organizer(wire: WireOrganizer, book: Book) -> Organizer:
    """An organizer as a list shows it, without its answers."""
    return Organizer(
        id=book.ref("ogz_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.account_id),
        title=wire.title,
        status=_STATUSES.get(wire.status, OrganizerStatus.OTHER),
        status_native=wire.status,
        submitted_at=instant(wire.submitted_at),
        meta=_IN_LIST,
    )


def to_answer(wire: WireAnswer, book: Book) -> Answer:
    return Answer(
        question_key=wire.question_key,
        section=wire.section,
        kind=_KINDS.get(wire.type, AnswerKind.OTHER),
        kind_native=wire.type,
        value=wire.value,
        files=[book.ref("doc_", file.id) for file in wire.files],
        source=AnswerSource.CLIENT,
    )


_ALL: Final = Query(limit=calls.MAX_PAGE)
_read_list = json_reader(calls.Paged[WireOrganizer])
_read_one = json_reader(WireOrganizer)
_read_answers = json_reader(calls.Paged[WireAnswer])


def create(new: OrganizerCreate, key: str, book: Book) -> Flow[Organizer]:
    """An organizer sent to the client whose account is asked."""
    del key
    calls.accept(new, ("client", "title"))
    calls.own_client(new.client, book)
    if isinstance(new.title, UnsetType):
        raise invalid("/title", "required", "TaxDome asks for the title of an organizer.")
    body = {"title": new.title}
    made = yield from calls.written("POST", "/organizers", body, _read_one, to_organizer, book)
    return (yield from read_back(get(made.remote_id, book)))


def update(remote_id: str, new: OrganizerUpdate, version: str | None, key: str, book: Book) -> Flow[Organizer]:
    """Fills in answers in the client's place, as a draft, and hands the organizer in."""
    del version, key
    calls.accept(new, ("values", "status"))
    if new.status not in (UNSET, OrganizerStatus.SUBMITTED):
        raise invalid("/status", "unsupported", "An organizer is handed in: `submitted`.")
    path = calls.below("/organizers", remote_id)
    if not isinstance(new.values, UnsetType):
        answers = [{"question_key": one.question_key, "value": one.value} for one in new.values]
        yield from calls.ask(calls.write("PATCH", f"{path}/answers", {"answers": answers}, book), book)
    if new.status is OrganizerStatus.SUBMITTED:
        yield from calls.ask(calls.write("POST", f"{path}/submit", {}, book), book)
    return (yield from read_back(get(remote_id, book)))


def get(remote_id: str, book: Book) -> Flow[Organizer]:
    """The organizer with all of its answers: two calls, and one more for every hundred answers."""
    path = calls.below("/organizers", remote_id)
    answers: list[Answer] = []
    yield from walk(calls.pages(f"{path}/answers", _read_answers, to_answer), _ALL, book, answers.extend)
    wire = _read_one((yield from calls.ask(calls.read_one(path, book), book)))
    return replace(to_organizer(wire, book), answers=answers, meta=_META)


BINDING: Final = Binding[Organizer, OrganizerCreate, OrganizerUpdate](
    doc=DOC,
    wire=Wire(WireOrganizer, many=("items",)),
    unsupported=UNSUPPORTED,
    record_only=("answers",),
    page=calls.pages("/organizers", _read_list, to_organizer),
    get=get,
    create=create,
    update=update,
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} Answers come with the one record. Their files are documents in the area `organizer`. "
    "A new one asks what TaxDome asks of such an account; the firm may fill in answers and hand it in. "
    f"{PAGES_MOVE}",
)
