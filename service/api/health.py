"""Health: whether this process lives, and whether it should be sent calls. Without a key, outside `/v1`."""

import asyncio
from collections.abc import Awaitable
from typing import Final, Literal, Protocol

import asyncpg
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.db.migrate import MigrationError, unapplied
from service.db.pool import AWAY, Pool
from service.db.recent import Recent
from service.errors import PLATFORM_UNAVAILABLE, ApiProblem

_WITHIN_S: Final = 2.0


class Ledger(Protocol):
    """What records calls."""

    @property
    def refusal(self) -> str | None: ...


class Health(Struct, frozen=True, tag_field="object", tag="health"):
    """The process answers."""

    status: Literal["ok"] = "ok"
    """Always `ok`: a process that is not does not answer."""


class Readiness(Struct, frozen=True, tag_field="object", tag="readiness"):
    """The process can serve calls."""

    status: Literal["ready"] = "ready"
    """Always `ready`: the answer is a problem otherwise."""
    checked: tuple[str, ...] = ()
    """What was found to work."""


class HealthRoutes:
    """The answers of one process."""

    def __init__(self, pool: Pool, redis: Redis, ledger: Ledger) -> None:
        self._pool = pool
        self._redis = redis
        self._ledger = ledger
        self._is_migrated = False
        # Anybody may ask, as often as they like: one look at a time, good for a moment.
        self._recent: Recent[str, dict[str, bool]] = Recent()

    async def alive(self, call: Call) -> Answer:
        return answer_of(Health())

    async def ready(self, call: Call) -> Answer:
        works = await self._recent.get("", self._check)
        failing = [name for name, well in works.items() if not well]
        if failing:
            raise ApiProblem(PLATFORM_UNAVAILABLE, f"Not ready: {', '.join(failing)}.", retry_after_s=1)
        return answer_of(Readiness(checked=tuple(works)))

    async def _check(self) -> dict[str, bool]:
        checks = {
            "database": self._database(),
            "migrations": self._migrations(),
            "redis": self._ping(),
            "metering": self._metering(),
        }
        works = await asyncio.gather(*(_within(check) for check in checks.values()))
        return dict(zip(checks, works, strict=True))

    async def _database(self) -> bool:
        return await self._pool.fetchval("SELECT true") is True

    async def _migrations(self) -> bool:
        # Migrations only ever get applied, so what was complete once stays so for this code.
        if not self._is_migrated:
            async with self._pool.acquire() as connection:
                self._is_migrated = not await unapplied(connection)
        return self._is_migrated

    async def _ping(self) -> bool:
        return bool(await self._redis.ping())  # pyright: ignore[reportUnknownMemberType]

    async def _metering(self) -> bool:
        return self._ledger.refusal is None


async def _within(check: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await check
    except (RedisError, MigrationError, asyncpg.PostgresError, *AWAY):
        return False


def health_operations(pool: Pool, redis: Redis, ledger: Ledger) -> tuple[Operation, ...]:
    """What load balancers and orchestrators ask."""
    routes = HealthRoutes(pool, redis, ledger)
    return (
        Operation(
            id="getHealth",
            method="GET",
            path="/healthz",
            tag="service",
            summary="Get whether the process lives",
            description="Answers as long as the process does. Looks at nothing else.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Health,
            example={"object": "health", "status": "ok"},
            run=routes.alive,
        ),
        Operation(
            id="getReadiness",
            method="GET",
            path="/readyz",
            tag="service",
            summary="Get whether the process can serve",
            description="Looks at the database, its migrations, Redis and the metering; 503 names what does not work.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Readiness,
            problems=(PLATFORM_UNAVAILABLE,),
            example={
                "object": "readiness",
                "status": "ready",
                "checked": ["database", "migrations", "redis", "metering"],
            },
            run=routes.ready,
        ),
    )
