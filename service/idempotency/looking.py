"""Writes in doubt, which the worker looks after: on a connection of the operator role."""

from datetime import datetime, timedelta

from service.db.pool import Connection
from service.idempotency import store
from service.idempotency.store import Due as Due


async def is_any_due(connection: Connection, at: datetime) -> bool:
    """Whether a look is due at a write of any organization."""
    return await store.is_any_claim_to_look_at(connection, at)


async def take(connection: Connection, at: datetime, each: int, most: int, pauses: tuple[timedelta, ...]) -> list[Due]:
    """Up to `each` due writes of every organization, `most` in all. Nobody else gets them before their next look, which
    comes after the first, second … of `pauses`."""
    return await store.take_claims_to_look_at(connection, at, each, most, pauses)


async def give_up(connection: Connection, due: Due, at: datetime, status: int, answer: bytes) -> bool:
    """Nobody can say what became of it, and this answer, sealed, says so from now on. False where it is over, or being
    tried, after all."""
    return await store.mark_claim_given_up(connection, due.org_id, due.key, at, status, answer)
