"""Overrides as rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class OverrideRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one place. An empty vendor or connection stands for all of them; `rules` is JSON."""

    noun: str
    vendor: str
    connection: str
    version: int
    rules: bytes
    key_id: UUID
    made_at: datetime


async def list_overrides(connection: Connection, org_id: UUID) -> list[OverrideRow]:
    return msgspec.convert(await connection.fetch(SQL["list_overrides"], org_id), list[OverrideRow])


async def list_override_versions(
    connection: Connection, org_id: UUID, noun: str, vendor: str, link: str
) -> list[OverrideRow]:
    rows = await connection.fetch(SQL["list_override_versions"], org_id, noun, vendor, link)
    return msgspec.convert(rows, list[OverrideRow])


async def insert_override(connection: Connection, org_id: UUID, made: OverrideRow) -> bool:
    """False when it is not the version after the newest."""
    given = (made.noun, made.vendor, made.connection, made.version, made.rules, made.key_id, made.made_at)
    return await connection.fetchval(SQL["insert_override"], org_id, *given) is not None
