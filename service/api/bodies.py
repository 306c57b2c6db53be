"""Bodies as the whole API reads and writes them: JSON, instants in RFC 3339 UTC, decimals as text."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from service import ids
from service.api.call import JSON, Answer, Call
from service.api.decimals import refuse_strange_decimals
from service.api.screen import refuse_numbers
from service.connectors.sdk.codec import drift
from service.connectors.sdk.faults import SchemaDrift
from service.errors import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    MALFORMED_JSON,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_FAILED,
    ApiProblem,
    FieldError,
    wrong_field,
)
from service.resources.common import Deleted, Page

_FIELD: Final = re.compile(r"(?:unknown|missing required) field `([^`]*)`$")
_CHARSET: Final = re.compile(r"(?:^|;)\s*charset\s*=\s*\"?([^\s\";]+)")

BODY_PROBLEMS: Final = (BODY_TOO_SLOW, BODY_TOO_LARGE, MALFORMED_JSON, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED)
"""What can be wrong with a JSON body, whatever it is for; the contract adds them to every operation that takes one."""

encode: Final = msgspec.json.Encoder(decimal_format="string").encode


def answer_of(value: object, status: int = 200) -> Answer:
    """An answer with this body."""
    return Answer(status, encode(value))


def page_body(records: Sequence[Any], next_cursor: str | None, deleted: list[Deleted] | None = None) -> bytes:
    """One page of whole records; `deleted` where it was asked for."""
    gone = UNSET if deleted is None else deleted
    return encode(Page(list(records), next_cursor is not None, next_cursor, gone))


async def json_body(call: Call, limit_bytes: int, keepers: frozenset[str] | None = frozenset()) -> bytes:
    """The bytes of a JSON body; a problem for another media type, for too many, or for numbers that never come in.

    `keepers` are names of fields in which government ids may stand; None where each part is looked at by itself.
    """
    media_type, _, parameters = (call.header(b"content-type") or "").lower().partition(";")
    if media_type.strip() != JSON.decode():
        raise ApiProblem(UNSUPPORTED_MEDIA_TYPE, "The body has to be `application/json`.")
    charset = _CHARSET.search(parameters)
    if charset is not None and charset[1] not in ("utf-8", "utf8"):
        raise ApiProblem(UNSUPPORTED_MEDIA_TYPE, "The body has to be in UTF-8, as all JSON is.")
    if (call.header(b"content-encoding") or "identity").lower() != "identity":
        raise ApiProblem(
            UNSUPPORTED_MEDIA_TYPE,
            "The body has to come as it is, not packed.",
            headers=(("accept-encoding", "identity"),),
        )
    body = await call.body(limit_bytes)
    refuse_repeated_names(body)
    if keepers is not None:
        refuse_numbers(body, keepers)
    return body


def decode_body(body: bytes, type_: Any) -> Any:
    """The body as `type_`; a problem that points at what is wrong with it."""
    try:
        decoded = _decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(drift(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiProblem(MALFORMED_JSON, "The body is not valid JSON in UTF-8.") from None
    refuse_strange_decimals(decoded, type_)
    return decoded


def _invalid(found: SchemaDrift) -> ApiProblem:
    """Of a field that is unknown or missing it points at the field, of all else at what is wrong."""
    place = re.sub(r"\[(\d+)\]", r"/\1", found.path.removeprefix("$").replace("[...]", "")).replace(".", "/")
    field = _FIELD.search(found.expected)
    pointer = f"{place}/{field[1]}" if field is not None else place or "/"
    return ApiProblem(
        VALIDATION_FAILED,
        f"{found.expected} at `{place or '/'}`.",
        errors=(FieldError(pointer, "invalid", found.expected),),
    )


def refuse_repeated_names(body: bytes) -> None:
    """Raises a problem where one object has a name twice: of two readers, each may believe the other value.

    A body that is no JSON is left to whoever decodes it.
    """
    try:
        json.loads(body, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        return


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ApiProblem(MALFORMED_JSON, "A name stands twice in one object.")
    return found


def id_in_body(prefix: str, text: str, pointer: str) -> UUID:
    """An id of ours in a body; a problem that points at what is none of that sort."""
    try:
        return ids.decode(prefix, text)
    except ids.MalformedIdError:
        raise wrong_field(pointer, f"An id that starts with `{prefix}_`.") from None


@lru_cache
def _decoder(type_: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(type_)
