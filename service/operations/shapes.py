"""A slow write, as callers see it: in the 202 that begins it, and whenever they ask for it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType


class Standing(StrEnum):
    """`running`; `succeeded`, `failed`, or `unknown`: the vendor never said, and the same Idempotency-Key settles it;
    `interrupted`: nobody holds it any more, and the key that began it can ask again or send the write again. What is
    interrupted for an hour ends as `unknown`, without a result."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"


class OperationResult(Struct, frozen=True, kw_only=True):
    """What the call would have been answered, had somebody waited for it."""

    request_id: str
    """Under which it is billed and recorded."""
    status: int
    location: str | None
    body: Any
    """The record, or the problem; null where there is none."""


class SlowOperation(Struct, frozen=True, kw_only=True, tag_field="object", tag="operation"):
    """A write that goes on, or went on, after it had been answered 202; ask for it again by its id."""

    id: str
    """`op_…`."""
    operation: str
    """The `operationId` that was called."""
    connection: str
    state: Standing
    created_at: datetime
    ended_at: datetime | None
    result: OperationResult | UnsetType = UNSET
