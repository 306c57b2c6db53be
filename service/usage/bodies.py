"""The bodies of calls with test keys: kept redacted and sealed, for as many days as their organization said."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

import billing
from service import ids
from service.accounts.tokens import Mode
from service.api.call import JSON, PROBLEM_JSON, Answer, Call
from service.api.tape import MAX_TAPED_BYTES, Tape
from service.audit.acts import record_act
from service.audit.personal import PersonalKeys, key_version
from service.clock import Clock, now
from service.connections.errors import SecretUnreadableError
from service.connections.vault import Place, Vault
from service.db.pool import AWAY, Connection, Pool, as_organization
from service.db.queries import load_queries
from service.db.recent import Recent
from service.telemetry import log_exception
from service.usage.masking import masked

SQL: Final = load_queries(__file__)
MOST_DAYS: Final = 30
_FAILURES: Final = (asyncpg.PostgresError, *AWAY, SecretUnreadableError)


class KeptBodies(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent and answered, redacted. None for a body that there was not, or that was no JSON."""

    request: str | None
    request_bytes: int
    answer: str | None
    answer_bytes: int


class BodyKeeper:
    """Keeps bodies after their calls were answered. Live keys never come here, and the table takes none of theirs."""

    def __init__(self, pool: Pool, vault: Vault, keys: PersonalKeys, clock: Clock = now) -> None:
        self._pool = pool
        self._vault = vault
        self._keys = keys
        self._clock = clock
        self._wanted: Recent[UUID, bool] = Recent()

    async def begin(self, call: Call) -> None:
        org_id = call.known_caller.org_id
        try:
            if await self._wanted.get(org_id, lambda: self._is_wanted(org_id)):
                call.receive = call.tape = Tape(call.receive)
        except _FAILURES as error:
            log_exception(error, request_id=call.request_ref)

    async def keep(self, call: Call, tape: Tape, answer: Answer) -> None:
        caller = call.known_caller
        assert caller.mode is Mode.TEST, "a live key's body is never kept"
        is_json = answer.media_type in (JSON, PROBLEM_JSON)
        kept = KeptBodies(
            request=masked(tape.body) if tape.size_bytes <= MAX_TAPED_BYTES else None,
            request_bytes=tape.size_bytes,
            answer=masked(answer.body) if is_json and len(answer.body) <= MAX_TAPED_BYTES * 4 else None,
            answer_bytes=len(answer.body),
        )
        subject = call.firm_id or caller.org_id
        try:
            key = await self._keys.key_of(caller.org_id, subject)
            place = _place(caller.org_id, call.request_id)
            sealed = await self._vault.seal(key, place, msgspec.json.encode(kept))
            row = (caller.org_id, call.request_id, caller.key_id, subject, key.version, sealed, self._clock())
            async with as_organization(self._pool, caller.org_id) as connection:
                await connection.execute(SQL["insert_call_bodies"], *row)
        except _FAILURES as error:
            log_exception(error, request_id=call.request_ref)

    async def _is_wanted(self, org_id: UUID) -> bool:
        async with as_organization(self._pool, org_id) as connection:
            return await get_kept_days(connection, org_id) is not None


async def get_bodies(
    connection: Connection, vault: Vault, org_id: UUID, request_id: UUID, at: datetime, *, key_id: UUID | None = None
) -> KeptBodies | None:
    """Those of one call, of one key's calls where that is said; None where none are kept, or none can be read."""
    row = await connection.fetchrow(SQL["get_call_bodies"], org_id, request_id, at)
    if row is None or key_id not in (None, row["key_id"]):
        return None
    key = await key_version(connection, org_id, row["subject"], row["key_version"])
    if key is None:
        return None
    return msgspec.json.decode(await vault.open(key, _place(org_id, request_id), row["sealed"]), type=KeptBodies)


async def get_kept_days(connection: Connection, org_id: UUID) -> int | None:
    """For how many days bodies of test calls are kept; None for not at all, as it is until somebody says otherwise."""
    days: int | None = await connection.fetchval(SQL["get_test_bodies_days"], org_id)
    return days


async def set_kept_days(
    connection: Connection, org_id: UUID, days: int | None, at: datetime, *, actor: str | None
) -> None:
    """From now on so many days, 1 to 30, or none; what is older than that is gone at once."""
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise ValueError(f"bodies are kept for 1 to {MOST_DAYS} days")
    async with connection.transaction():
        await connection.execute(SQL["mark_test_bodies_days"], org_id, days)
        await connection.execute(SQL["delete_old_bodies"], at, org_id)
        if actor is not None:
            about = (ids.encode("org", org_id), "off" if days is None else f"{days} days")
            await record_act(connection, org_id, "request_log.bodies", about, actor=actor)


async def set_free_days(connection: Connection, org_id: UUID, days: int | None, *, actor: str | None) -> None:
    """For how many days calls that cost nothing stand in the log, 30 to 3650; None for as long as what is billed."""
    async with connection.transaction():
        await billing.set_free_calls_days(connection, org_id, days)
        if actor is not None:
            about = (ids.encode("org", org_id), "for good" if days is None else f"{days} days")
            await record_act(connection, org_id, "request_log.free_calls", about, actor=actor)


async def forget_old_bodies(connection: Connection, at: datetime) -> None:
    """Deletes what organizations do not keep any longer."""
    await connection.execute(SQL["delete_old_bodies"], at, None)


def _place(org_id: UUID, request_id: UUID) -> Place:
    return Place("call_bodies", "sealed", f"{org_id}/{request_id}")
