"""After a write: the record as the vendor has it now; and whether a write that nobody answered can be seen in it."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from service.connectors.sdk.faults import (
    ConnectionRefused,
    NotFound,
    NotWritten,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    Unreadable,
)
from service.connectors.sdk.flow import Flow

M = TypeVar("M")


def read_back(flow: Flow[M]) -> Flow[M]:
    """The record after a write; OutcomeUnknown when it cannot be read, since it was written."""
    try:
        return (yield from flow)
    except (Unavailable, RateLimited, ConnectionRefused, Unreadable) as fault:
        raise OutcomeUnknown("written, but it could not be read back", status=fault.status, code=fault.code) from None


def as_changed(flow: Flow[M], change: Struct) -> Flow[M]:
    """The record, if it reads in all that the change names as it would after it. OutcomeUnknown otherwise: the change
    may never have come, or been changed since, or say what a record does not show."""
    try:
        record = yield from flow
    except NotFound:
        raise OutcomeUnknown("the record that was to be changed is gone") from None
    if not agrees(change, record):
        raise OutcomeUnknown("the record does not read as it would after the change")
    return record


def gone(flow: Flow[Any]) -> Flow[None]:
    """Nothing, if the record is not there. NotWritten otherwise: what is deleted does not come back."""
    try:
        yield from flow
    except NotFound:
        return
    raise NotWritten("the record is still there")


def agrees(said: Struct, record: object) -> bool:
    """Whether the record says all that was said, field by field; what it adds by itself does not matter."""
    wanted: dict[str, Any] = msgspec.to_builtins(said)
    return bool(wanted) and _holds(msgspec.to_builtins(record), wanted)


def _holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            _holds(found.get(name), value)  # pyright: ignore[reportUnknownMemberType,reportUnknownArgumentType]
            for name, value in wanted.items()  # pyright: ignore[reportUnknownVariableType]
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)  # pyright: ignore[reportUnknownArgumentType]
            and all(map(_holds, found, wanted))  # pyright: ignore[reportUnknownArgumentType]
        )
    return bool(found == wanted)
