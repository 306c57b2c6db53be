"""Connections to PostgreSQL as one of the run-time roles; what a request may see is decided by the database.

tickmark_app        requests: rows of the organization named by `as_organization`, nothing without one
tickmark_meter      adds usage, reads nothing
tickmark_operator   worker and command line: every organization
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What is raised while PostgreSQL is down, starting, full, busy with others or a standby: it may work in a moment.

InternalClientError is how asyncpg says that a connection broke between two steps of one query.
"""

_POWERS = """
    SELECT rolsuper OR rolbypassrls AS unbound,
           EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)
           OR EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid) AS owns
    FROM pg_roles r WHERE rolname = current_user"""


class UnsafeRoleError(Exception):
    """The pool's role could read past row security, so nothing may run on it."""


async def open_pool(url: str, role: str, *, min_size: int = 1, max_size: int = 10, timeout_s: float = 10.0) -> Pool:
    """A pool whose every connection is `role`. Raises UnsafeRoleError if that role is not held by row security."""
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=min_size,
            max_size=max_size,
            timeout=timeout_s,
            command_timeout=timeout_s,
            server_settings={"role": role, "application_name": role, "timezone": "UTC"},
            reset=_as_it_was if role == "tickmark_app" else None,
        )
    except (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError) as error:
        hint = f"run `tickmark migrate`, or GRANT {role} to the login of DATABASE_URL"
        raise UnsafeRoleError(f"the database login cannot become {role}: {hint}") from error
    try:
        await _refuse_powers(pool, role)
    except BaseException:
        await pool.close()
        raise
    return pool


@asynccontextmanager
async def as_organization(pool: Pool, org_id: UUID) -> AsyncGenerator[Connection]:
    """One transaction that sees the rows of `org_id` and no others; commits at the end of the block."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('tickmark.org_id', $1, true)", str(org_id))
        yield connection


async def _as_it_was(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leaves a connection of `tickmark_app` as it comes back; a transaction left open was rolled back before.

    Nothing else is left on one: no setting beyond its transaction, no session lock, no LISTEN. To take such things away
    would be one of five round trips of each transaction, and the dearest: a quarter of our part, a third of
    PostgreSQL's.
    """


def is_away(error: BaseException) -> bool:
    """Whether the database was not to be had; a value that no column can hold is a bug of ours instead."""
    return isinstance(error, AWAY) and not isinstance(error, ValueError)


async def _refuse_powers(pool: Pool, role: str) -> None:
    powers = await pool.fetchrow(_POWERS)
    if powers is None or powers["unbound"]:
        raise UnsafeRoleError(f"role {role} is a superuser or bypasses row security; use a role made by the migrations")
    if powers["owns"]:
        raise UnsafeRoleError(f"role {role} owns tables or functions; run-time roles must own nothing")
