"""Canopy's questionnaires. Smart Intake suggests answers; a suggestion is never shown as the answer itself."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.wire import DOC
from service.connectors.sdk.binding import Binding, Filter, given
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import accept, invalid, remote_id_of
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
    ReviewVerdict,
)


class WireAnswer(Struct, frozen=True, gc=False):
    question_key: str
    type: str
    value: Any = None
    suggested_value: Any = UNSET
    source: str | None = None


class WireQuestionnaire(Struct, frozen=True, gc=False):
    questionnaire_id: str
    client_id: str
    status: str
    answers: list[WireAnswer]
    name: str | None = None


UNSUPPORTED: Final = ("template", "sent_at", "submitted_at", "task", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "draft": OrganizerStatus.DRAFT,
    "sent": OrganizerStatus.PENDING,
    "in_progress": OrganizerStatus.IN_PROGRESS,
    "submitted": OrganizerStatus.SUBMITTED,
}
_KINDS: Final = {kind.value: kind for kind in AnswerKind}
_SOURCES: Final = {"client": AnswerSource.CLIENT, "ai": AnswerSource.AI}


def to_organizer(wire: WireQuestionnaire, book: Book) -> Organizer:
    """A questionnaire with its answers in their order. One without a name is called Questionnaire."""
    return Organizer(
        id=book.ref("ogz_", wire.questionnaire_id),
        remote_id=wire.questionnaire_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client_id),
        title=wire.name or "Questionnaire",
        status=_STATUSES.get(wire.status, OrganizerStatus.OTHER),
        status_native=wire.status,
        answers=[_answer(answer) for answer in wire.answers],
        meta=_META,
    )


def _answer(wire: WireAnswer) -> Answer:
    source = wire.source
    return Answer(
        question_key=wire.question_key,
        kind=_KINDS.get(wire.type, AnswerKind.OTHER),
        kind_native=wire.type,
        value=wire.value,
        source=None if source is None else _SOURCES.get(source, AnswerSource.OTHER),
        suggested_value=None if isinstance(wire.suggested_value, UnsetType) else wire.suggested_value,
        review=ReviewVerdict.PENDING if _waits(wire) else None,
    )


def _waits(wire: WireAnswer) -> bool:
    """Whether a person has yet to look at a suggestion."""
    return wire.value is None and wire.suggested_value is not UNSET and wire.suggested_value is not None


_FILTER: Final = {
    "draft": ("draft",),
    "pending": ("sent",),
    "in_progress": ("in_progress",),
    "submitted": ("submitted",),
}
_QUESTIONNAIRES: Final = Entity("questionnaires", WireQuestionnaire, to_organizer, _FILTER)


class WriteAnswer(Struct, frozen=True, kw_only=True):
    question_key: str
    value: Any = UNSET
    suggested_value: None = None
    """A suggestion is gone once somebody has looked at it."""


class WriteQuestionnaire(Struct, frozen=True, kw_only=True):
    client_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    template_id: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    answers: list[WriteAnswer] | UnsetType = UNSET


def create(new: OrganizerCreate, key: str, book: Book) -> Flow[Organizer]:
    """A questionnaire sent to a client."""
    accept(new, ("client", "title", "template"), "Canopy")
    if isinstance(new.title, UnsetType):
        raise invalid("/title", "required", "Canopy asks for the name of a questionnaire.")
    client = remote_id_of(new.client, "cli_", book, "/client")
    body = WriteQuestionnaire(client_id=client, name=new.title, template_id=new.template, status="sent")
    return (yield from _QUESTIONNAIRES.created(body, key, book))


def update(remote_id: str, new: OrganizerUpdate, version: str | None, key: str, book: Book) -> Flow[Organizer]:
    """Accepts suggestions, which makes answers of them, or turns them down; fills in answers; hands in.

    The questionnaire is read first.
    """
    accept(new, ("answers", "values", "status"), "Canopy")
    if new.status not in (UNSET, OrganizerStatus.SUBMITTED):
        raise invalid("/status", "unsupported", "A questionnaire is handed in: `submitted`.")
    wire = yield from _QUESTIONNAIRES.row(remote_id)
    waiting = {answer.question_key: answer for answer in wire.answers if _waits(answer)}
    answers: list[WriteAnswer] = []
    for index, verdict in enumerate(given(new.answers) or ()):
        suggestion = waiting.get(verdict.question_key)
        if suggestion is None:
            raise invalid(f"/answers/{index}/question_key", "not_found", "No suggestion waits for this question.")
        if verdict.review not in (ReviewVerdict.ACCEPTED, ReviewVerdict.REJECTED):
            raise invalid(f"/answers/{index}/review", "unsupported", "A suggestion is accepted or rejected.")
        accepted = verdict.review is ReviewVerdict.ACCEPTED
        value = suggestion.suggested_value if accepted else UNSET
        answers.append(WriteAnswer(question_key=verdict.question_key, value=value))
    asked = {answer.question_key for answer in wire.answers}
    for index, one in enumerate(given(new.values) or ()):
        if one.question_key not in asked:
            raise invalid(f"/values/{index}/question_key", "not_found", "Nothing is asked under this key.")
        answers.append(WriteAnswer(question_key=one.question_key, value=one.value))
    body = WriteQuestionnaire(
        answers=answers or UNSET, status=UNSET if isinstance(new.status, UnsetType) else new.status.value
    )
    return (yield from _QUESTIONNAIRES.changed(remote_id, body, key, book))


BINDING: Final = Binding[Organizer, OrganizerCreate, OrganizerUpdate](
    doc=DOC,
    wire=_QUESTIONNAIRES.place,
    unsupported=UNSUPPORTED,
    page=_QUESTIONNAIRES.page,
    get=_QUESTIONNAIRES.get,
    create=create,
    update=update,
    filters={"status": Filter(kind="choice", choices=tuple(_FILTER), description="Sent ones are pending.")},
    notes="`source` is who answered or, while `value` is null, who made the suggestion: `ai` is Canopy's Smart Intake. "
    "A suggestion is for a person to accept, by an update with the verdict (`review` is pending until then); it is "
    "never the answer. Writing needs the scope `documents:write`.",
)
