"""Real servers for every test: PostgreSQL and Valkey from wheels, one pair for each test process.

Asynchronous tests are marked `pytest.mark.anyio`. A test that asks for `database` has a migrated one of its own.
"""

import asyncio
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import msgspec
import psutil
import pytest
import redis
from hypothesis import settings

from service import embedded
from service.db.migrate import migrate
from service.db.pool import Pool, open_pool

# Containers often forbid it. But dozens of processes are started here, and each would compile its 2,000 modules anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What an example computes is the same on a busy machine; how long it takes is not.
settings.register_profile("unhurried", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("unhurried")

_HERE = Path(__file__).parent
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 * 1024**3
_GUARDS: "list[subprocess.Popen[bytes]]" = []
"""They end after this process, whose end closes the pipes they wait at."""
_MIGHT_BE_LOST = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'256MB'"}
"""The databases of tests need not outlive the machine, and their logs need not be long."""


class Database(msgspec.Struct, frozen=True):
    """A migrated, empty database of one test. `owner_url` may do everything; the pools are the run-time roles."""

    name: str
    owner_url: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    """The two servers, started once for each test process."""
    with embedded.running(server_directory()) as servers:
        yield servers


@pytest.fixture(scope="session")
def template_database(servers: embedded.Servers) -> str:
    """The name of a migrated database that is only ever copied."""
    name = "tickmark_template"
    for setting, value in _MIGHT_BE_LOST.items():
        asyncio.run(_execute(servers.postgres_url, f"ALTER SYSTEM SET {setting} = {value}"))
    asyncio.run(_execute(servers.postgres_url, "SELECT pg_reload_conf()"))
    asyncio.run(_execute(servers.postgres_url, f"CREATE DATABASE {name}"))
    asyncio.run(migrate(with_database(servers.postgres_url, name)))
    return name


@pytest.fixture
def database(servers: embedded.Servers, template_database: str) -> Iterator[Database]:
    """A database of this test alone, dropped at its end."""
    with copied_database(servers, template_database) as database:
        yield database


@pytest.fixture
async def app_pool(database: Database) -> AsyncIterator[Pool]:
    """What requests use: sees one organization at a time, and nothing until one is named."""
    pool = await open_pool(database.owner_url, "tickmark_app")
    yield pool
    await pool.close()


@pytest.fixture
async def operator_pool(database: Database) -> AsyncIterator[Pool]:
    """What the worker and the command line use: sees every organization."""
    pool = await open_pool(database.owner_url, "tickmark_operator")
    yield pool
    await pool.close()


@pytest.fixture
def redis_url(servers: embedded.Servers) -> str:
    """The Valkey, emptied."""
    with redis.Redis.from_url(servers.redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        client.flushall()  # pyright: ignore[reportUnknownMemberType]
    return servers.redis_url


def server_directory() -> Path:
    """A new directory for a server's data, removed when the process ends, after the server has stopped: see `guard`.

    Not one of pytest's: as root the server runs as a user of its own, who must be able to walk there, and every pytest
    that starts on the machine closes the directory above them all to other users.
    """
    directory = Path(tempfile.mkdtemp(prefix="tickmark-tests-", dir=_memory()))
    watch = [sys.executable, "-I", "-S", str(_HERE / "db/guard.py"), str(directory)]
    _GUARDS.append(subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True))
    return directory


def _memory() -> Path | None:
    """Where files are kept in memory, if there is room: a database is copied there in a fifth of the time."""
    if not os.access(_MEMORY, os.W_OK):
        return None
    room = min(shutil.disk_usage(_MEMORY).free, psutil.virtual_memory().available // 2)
    return _MEMORY if room > _ROOM_BYTES else None


@contextmanager
def copied_database(servers: embedded.Servers, template: str) -> Generator[Database]:
    """A database of its own, for the length of the block."""
    name = f"test_{uuid4().hex}"
    asyncio.run(_execute(servers.postgres_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield Database(name, with_database(servers.postgres_url, name))
    asyncio.run(_execute(servers.postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


LONG = ("contract", "samples", "portal", "demo", "bench", "cli", "acceptance", "billing")
"""The directories whose modules may take a minute, the longest first."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of several processes none should be left alone with a long module at the end: those come first."""
    if hasattr(config, "workerinput"):
        place = {directory: number for number, directory in enumerate(LONG)}
        items.sort(key=lambda item: place.get(item.path.relative_to(_HERE).parts[0], len(LONG)))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: to look through it for garbage again and again is in vain."""
    gc.collect()
    gc.freeze()


FIGURE = "figure"
"""The property of a test under which it gives a line to be read after the run: `record_property(FIGURE, …)`."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured stands in the output, however they were spread over processes."""
    reports: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    for report in reports:
        lines = [str(line) for name, line in report.user_properties if name == FIGURE]
        if lines:
            terminalreporter.section(f"figures of {report.nodeid}", sep="-")
            terminalreporter.line("\n".join(lines))
