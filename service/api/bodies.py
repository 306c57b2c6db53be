"""Bodies as the whole API reads and writes them: JSON, instants in RFC 3339 UTC, decimals as text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import UNSET

from service.api.call import JSON, Answer, Call
from service.api.screen import refuse_numbers
from service.connectors.sdk.codec import drift
from service.errors import MALFORMED_JSON, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, ApiProblem, FieldError
from service.resources.common import Deleted, Page

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
    media_type = (call.header(b"content-type") or "").split(";")[0].strip().lower()
    if media_type != JSON.decode():
        raise ApiProblem(UNSUPPORTED_MEDIA_TYPE, "The body has to be `application/json`.")
    body = await call.body(limit_bytes)
    if keepers is not None:
        refuse_numbers(body, keepers)
    return body


def decode_body(body: bytes, type_: Any) -> Any:
    """The body as `type_`; a problem that points at what is wrong with it."""
    try:
        return _decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        found = drift(error)
        pointer = re.sub(r"\[(\d+)\]", r"/\1", found.path.removeprefix("$")).replace(".", "/") or "/"
        raise ApiProblem(
            VALIDATION_FAILED,
            f"{found.expected} at `{pointer}`.",
            errors=(FieldError(pointer, "invalid", found.expected),),
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiProblem(MALFORMED_JSON, "The body is not valid JSON in UTF-8.") from None


@lru_cache
def _decoder(type_: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(type_)
