"""The database as commands use it: as the operator, who sees every organization."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from service.accounts.tokens import Peppers
from service.connections.vault import LocalKey, Vault
from service.db.migrate import unapplied
from service.db.pool import Connection, open_pool
from service.settings import Settings, SettingsError, load, migration_url


@asynccontextmanager
async def operator() -> AsyncGenerator[Connection]:
    """A connection of the operator role to the database of the environment."""
    async with connected(database_url(), "tickmark_operator") as connection:
        yield connection


@asynccontextmanager
async def connected(url: str, role: str) -> AsyncGenerator[Connection]:
    """A connection of a run-time role."""
    pool = await open_pool(url, role, max_size=1)
    try:
        async with pool.acquire() as connection:
            yield connection
    finally:
        await pool.close()


def database_url() -> str:
    """All that most commands need of the environment, so that they run where no secret is known."""
    if not os.environ.get("DATABASE_URL", "").strip():
        raise SettingsError("DATABASE_URL is not set; expected postgresql://….")
    return migration_url({"DATABASE_URL": os.environ["DATABASE_URL"]})


async def missing_migrations(connection: Connection) -> int:
    """How many files `tickmark migrate` would apply."""
    return len(await unapplied(connection))


def peppers_of(settings: Settings) -> Peppers:
    """What API keys are hashed under."""
    return Peppers({version: secret.value for version, secret in settings.key_peppers.items()})


def vault_of(settings: Settings) -> Vault:
    """What seals the secrets of connections."""
    return Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))


def settings() -> Settings:
    """All settings. Raises SettingsError."""
    return load()
