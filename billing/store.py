"""The SQL of billing: every query by its name, read once from `queries.sql`."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries(text: str) -> Mapping[str, str]:
    """Name → statement. A name given twice would silently lose a query, so it raises ValueError."""
    _, *parts = _NAME.split(text)
    names = parts[::2]
    if len(set(names)) < len(names):
        raise ValueError("queries.sql gives a name twice")
    return MappingProxyType({name: body.strip() for name, body in zip(names, parts[1::2], strict=True)})


QUERIES = load_queries((Path(__file__).parent / "queries.sql").read_text(encoding="utf-8"))
