"""A slow write, as callers see it: in the 202 that begins it, and whenever they ask for it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType


class Standing(StrEnum):
    """Where a slow write stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody knows what the vendor did. We look by ourselves, and the same Idempotency-Key settles it too; a result of
    `outcome_unsettled` is final, and says what to do."""
    INTERRUPTED = "interrupted"
    """Nobody holds it any more; it is settled within minutes, or at once when the key that began it asks."""


class OperationResult(Struct, frozen=True, kw_only=True):
    """What the call would have been answered, had somebody waited for it."""

    request_id: str
    """Under which it is billed and recorded."""
    status: int
    location: str | None
    body: Any
    """The record, or the problem; null where there is none, and for a record that no consent in force lets out now."""


class SlowOperation(Struct, frozen=True, kw_only=True, tag_field="object", tag="operation"):
    """A write that was answered 202 and goes on, or went on, or one that the vendor never answered; ask by its id."""

    id: str
    """`op_…`."""
    operation: str
    """The `operationId` that was called."""
    connection: str
    state: Standing
    created_at: datetime
    ended_at: datetime | None
    result: OperationResult | UnsetType = UNSET
