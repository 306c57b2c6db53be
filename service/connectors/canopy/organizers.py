"""Canopy's questionnaires. Smart Intake suggests answers; a suggestion is never shown as the answer itself."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC
from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import cursor_page
from service.ids import Book
from service.resources.common import Meta
from service.resources.organizer import (
    Answer,
    AnswerKind,
    AnswerSource,
    Organizer,
    OrganizerStatus,
    OrganizerUpdate,
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
    )


class _List(Struct, frozen=True, gc=False):
    questionnaires: list[WireQuestionnaire]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WireQuestionnaire)
_FILTER: Final = {
    "draft": ("draft",),
    "pending": ("sent",),
    "in_progress": ("in_progress",),
    "submitted": ("submitted",),
}


def page(query: Query, book: Book) -> Flow[RemotePage[Organizer]]:
    answer = _read_list((yield search("questionnaires", query, _FILTER)))
    return cursor_page(answer.questionnaires, answer.next_cursor, query, to_organizer, book, "$.questionnaires")


def get(remote_id: str, book: Book) -> Flow[Organizer]:
    return to_organizer(_read_one((yield read_one("questionnaires", remote_id))), book)


BINDING: Final = Binding[Organizer, Any, OrganizerUpdate](
    doc=DOC,
    wire=Wire(WireQuestionnaire, many=("questionnaires",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    filters={"status": Filter(kind="choice", choices=tuple(_FILTER), description="Sent ones are pending.")},
    notes="`source` is who answered or, while `value` is null, who made the suggestion: `ai` is Canopy's Smart Intake. "
    "A suggestion is for a person to accept; it is never the answer.",
)
