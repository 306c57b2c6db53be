"""Data forms sent to a client, with the answers that came back.

Accepting an answer writes its value to the client's record at Sodium.
"""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire, given
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium import calls
from service.connectors.sodium.wire import Ref, RefId, assumed, instant, meta, name_of, reference
from service.ids import Book
from service.resources.organizer import (
    Answer,
    AnswerKind,
    AnswerSource,
    Organizer,
    OrganizerCreate,
    OrganizerStatus,
    OrganizerUpdate,
    ReviewVerdict,
)


class WireAnswer(Struct, frozen=True, gc=False):
    """One answer. The vendor names the schema and not its fields; questions are keyed by their code (documented)."""

    code: str | None = None
    questionCode: str | None = None
    question: Ref | str | None = None
    prompt: str | None = None
    section: str | None = None
    dataType: str | None = None
    questionType: str | None = None
    value: Any = None
    reviewStatus: str | None = None


class WireForm(Struct, frozen=True, gc=False):
    """`magicLinkToken` lets anybody in who has it: it is not read, and redacted from raw records."""

    code: str
    status: str
    dataForm: Ref | None = None
    client: RefId | None = None
    sentAt: datetime | None = None
    submittedAt: datetime | None = None
    answers: list[WireAnswer] | None = None
    task: RefId | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


UNSUPPORTED: Final = ("version",)
_META: Final = meta(*UNSUPPORTED)
_IN_LIST: Final = meta(*UNSUPPORTED, "answers")
_STATUSES: Final = {
    "PendingResponse": OrganizerStatus.PENDING,
    "ResponseReceived": OrganizerStatus.SUBMITTED,
}
_WORDS: Final = {status.value: word for word, status in _STATUSES.items()}
_KINDS: Final = {
    "Text": AnswerKind.TEXT,
    "TextArea": AnswerKind.TEXT,
    "Email": AnswerKind.TEXT,
    "Address": AnswerKind.TEXT,
    "Number": AnswerKind.NUMBER,
    "Date": AnswerKind.DATE,
    "Boolean": AnswerKind.BOOLEAN,
    "Select": AnswerKind.CHOICE,
    "MultiSelect": AnswerKind.CHOICES,
}
_VERDICTS: Final = {
    "Pending": ReviewVerdict.PENDING,
    "PendingReview": ReviewVerdict.PENDING,
    "Accepted": ReviewVerdict.ACCEPTED,
    "Rejected": ReviewVerdict.REJECTED,
}


@mapper
def to_organizer(wire: WireForm, book: Book) -> Organizer:
    return Organizer(
        id=book.ref("ogz_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        client=reference("cli_", wire.client, book),
        title=name_of(wire.dataForm) or wire.code,
        template=None if wire.dataForm is None else wire.dataForm.code,
        status=_STATUSES.get(wire.status, OrganizerStatus.OTHER),
        status_native=wire.status,
        answers=UNSET if wire.answers is None else [_answer(one, index) for index, one in enumerate(wire.answers)],
        sent_at=instant(wire.sentAt),
        submitted_at=instant(wire.submittedAt),
        task=reference("tsk_", wire.task, book),
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_IN_LIST if wire.answers is None else _META,
    )


def _answer(wire: WireAnswer, index: int) -> Answer:
    kind = wire.dataType or wire.questionType
    asked = name_of(wire.question) if isinstance(wire.question, Ref) else wire.question
    return Answer(
        question_key=_key(wire, index),
        question=wire.prompt if wire.question is None else asked,
        section=wire.section,
        kind=_KINDS.get(kind or "", AnswerKind.OTHER),
        kind_native=kind,
        value=wire.value,
        source=AnswerSource.CLIENT,
        review=None if wire.reviewStatus is None else _VERDICTS.get(wire.reviewStatus, ReviewVerdict.OTHER),
    )


def _key(wire: WireAnswer, index: int) -> str:
    """The question's code, else the answer's own, else its place."""
    asked = wire.question.code if isinstance(wire.question, Ref) else None
    return wire.questionCode or asked or wire.code or str(index + 1)


_read_list = json_reader(calls.Paged[WireForm])
_read_one = json_reader(WireForm)


def page(query: Query, book: Book) -> Flow[RemotePage[Organizer]]:
    start = calls.start_of(query)
    client = query.filters.get("client", ())
    # Which of its two names for this the vendor means here is not published; what it does not know it ignores.
    parameters = calls.repeated("client", client) + calls.repeated("clientCode", client)
    parameters += calls.repeated("status", tuple(_WORDS[choice] for choice in query.filters.get("status", ())))
    answer = _read_list((yield calls.list_rows("/data-form-requests", start, query.limit, parameters)))
    return calls.page_of(answer, start, query.limit, to_organizer, book)


def get(remote_id: str, book: Book) -> Flow[Organizer]:
    return to_organizer(_read_one((yield calls.read_one(_path(remote_id)))), book)


def create(new: OrganizerCreate, key: str, book: Book) -> Flow[Organizer]:
    """Sends a published form to a client; without addresses, to those that Sodium has of it."""
    del key
    calls.accept(new, ("client", "template", "message", "emails", "task"))
    if isinstance(new.template, UnsetType):
        raise invalid("/template", "required", "Sodium needs the form to send.")
    task = new.task
    fields: dict[str, object] = {
        "clientCode": remote_id_of(new.client, "cli_", book, "/client"),
        "message": new.message,
        "emails": new.emails,
        "taskCode": task if isinstance(task, UnsetType) else remote_id_of(task, "tsk_", book, "/task"),
    }
    body = {name: value for name, value in fields.items() if value is not UNSET}
    path = f"{calls.below('/data-forms', new.template)}/send"
    code = calls.code_of_new((yield calls.write("POST", path, body)))
    return (yield from calls.read_back(get(code, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", _path(remote_id))


def update(remote_id: str, new: OrganizerUpdate, version: str | None, key: str, book: Book) -> Flow[Organizer]:
    """Accepts or rejects answers one by one, in the order given. Raises Invalid before anything is sent."""
    del version, key
    calls.accept(new, ("answers",))
    path = _path(remote_id)
    answers = _read_one((yield calls.read_one(path))).answers or ()
    known = {_key(one, index): one for index, one in enumerate(answers)}
    verdicts: list[tuple[str, bool]] = []
    for index, verdict in enumerate(given(new.answers) or ()):
        answer = known.get(verdict.question_key)
        if answer is None:
            raise invalid(f"/answers/{index}/question_key", "not_found", "This form has no such answer.")
        if verdict.review not in (ReviewVerdict.ACCEPTED, ReviewVerdict.REJECTED):
            raise invalid(f"/answers/{index}/review", "unsupported", "A verdict is accepted or rejected.")
        verdicts.append((answer.code or verdict.question_key, verdict.review is ReviewVerdict.ACCEPTED))
    for code, accepted in verdicts:
        yield calls.write("PUT", f"{calls.below(f'{path}/answers', code)}/review", {"accepted": accepted})
    return (yield from calls.read_back(get(remote_id, book)))


def _path(remote_id: str) -> str:
    return calls.below("/data-form-requests", remote_id)


BINDING: Final = Binding[Organizer, OrganizerCreate, OrganizerUpdate](
    doc=assumed("schemas/dataformrequestdto.html"),
    wire=Wire(WireForm, many=("data",)),
    unsupported=UNSUPPORTED,
    record_only=("answers",),
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="The forms sent to one client."),
        "status": Filter(kind="choice", choices=tuple(_WORDS), description="Waiting for the client, or answered."),
    },
    max_page=calls.MAX_PAGE,
    notes="Answers come with the one record. Accepting an answer writes its value to the client's record at Sodium. "
    "Documented: the record, and where a form is sent from. Assumed: where what was sent is found, what is said when "
    "sending, the fields of an answer, and how one is accepted or rejected.",
)
