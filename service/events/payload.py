"""What is sent: ids and states. Whoever wants more asks the API, with a key that may know it."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct

from service.events.feed import EventData, Happening, to_happening
from service.events.store import EventRow


class Payload(Struct, frozen=True, kw_only=True, tag_field="object", tag="event"):
    """An event as endpoints get it: that of `GET /v1/events/{id}` without its sentence, which may name persons."""

    id: str
    """`evt_…`, the `webhook-id`: the same at each attempt and replay."""
    type: str
    """As in the list of events."""
    timestamp: datetime
    """When it happened: the event's `at`."""
    mode: Literal["live", "test"]
    """`test` for what happened to sandboxes and test keys."""
    api_version: date
    """The version of the contract that the endpoint was made for."""
    about: str
    """What it happened to."""
    data: EventData
    """Ids and states."""


_encode: Final = msgspec.json.Encoder().encode


def payload_of(row: EventRow, api_version: date) -> bytes:
    """The very bytes that are signed and sent."""
    return body_of(to_happening(row), api_version)


def body_of(event: Happening, api_version: date) -> bytes:
    """The same of an event that was read already."""
    return _encode(
        Payload(
            id=event.id,
            type=event.type,
            timestamp=event.at,
            mode=event.mode,
            api_version=api_version,
            about=event.about,
            data=event.data,
        )
    )
