"""Bodies as the whole API writes them: JSON, instants in RFC 3339 UTC, decimals as text."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from service.api.call import Answer
from service.resources.common import Page

encode: Final = msgspec.json.Encoder(decimal_format="string").encode


def answer_of(value: object, status: int = 200) -> Answer:
    """An answer with this body."""
    return Answer(status, encode(value))


def page_body(records: Sequence[Any], next_cursor: str | None) -> bytes:
    """One page of whole records."""
    return encode(Page(list(records), next_cursor is not None, next_cursor))
