"""Each management command against a real database."""

import asyncio
import re
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest

from billing import PUBLIC_PLAN, load_price_book, open_account
from service import embedded, ids
from service.accounts.organizations import create_organization
from service.cli.app import run
from service.db.pool import Connection, open_pool
from tests.conftest import Database, with_database

T = TypeVar("T")


class Cli:
    """Runs commands; gives what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        found = run(words)
        said = self._capsys.readouterr()
        assert found == code, said.err
        return said.out if code == 0 else said.out + said.err

    def rows(self, *words: str, code: int = 0) -> Any:
        return msgspec.json.decode(self(*words, "--json", code=code))

    def organization(self) -> str:
        """A new one's id."""
        found: str = self.rows("orgs", "create", "Ledgerline Apps")[0]["id"]
        return found


@pytest.fixture
def cli(database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    key = b64encode(secrets.token_bytes(32)).decode()
    monkeypatch.setenv("DATABASE_URL", database.owner_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    for name, value in (("KEY_PEPPERS", f"1:{key}"), ("KEY_ENCRYPTION_KEY", key), ("CURSOR_KEY", key)):
        monkeypatch.setenv(f"TICKMARK_{name}", value)
    return Cli(capsys)


def as_operator(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    async def do() -> T:
        pool = await open_pool(database.owner_url, "tickmark_operator")
        try:
            async with pool.acquire() as connection:
                return await work(connection)
        finally:
            await pool.close()

    return asyncio.run(do())


def customer_since(database: Database, opened_at: datetime) -> str:
    """An organization whose account opened then."""

    async def make(connection: Connection) -> UUID:
        made = await create_organization(connection, "Ledgerline Apps")
        plan = load_price_book().find(*PUBLIC_PLAN)
        await open_account(connection, made.id, plan, "UTC", plan.currency, opened_at=opened_at)
        return made.id

    return ids.encode("org", as_operator(database, make))


def test_organization_is_created_and_listed(cli: Cli) -> None:
    made = cli.rows("orgs", "create", "Ledgerline Apps", "--time-zone", "America/Chicago")

    assert cli.rows("orgs", "list") == made
    assert made[0]["time_zone"] == "America/Chicago"
    assert made[0]["id"] in cli("orgs", "list")


def test_organization_with_impossible_time_zone_is_refused_whole(cli: Cli) -> None:
    said = cli("orgs", "create", "Ledgerline Apps", "--time-zone", "Mars/Olympus", code=1)

    assert "Mars/Olympus" in said
    assert cli("orgs", "list") == "No organization yet.\n"


def test_firm_is_created_and_listed(cli: Cli) -> None:
    org = cli.organization()
    made = cli.rows("firms", "create", "Birch & Vale", "--org", org)

    assert cli.rows("firms", "list", "--org", org) == made
    assert made[0]["region"] == "us"


def test_firm_of_another_region_is_a_signpost_that_nothing_can_be_kept_for(cli: Cli) -> None:
    org, firm = cli.organization(), ids.encode("firm", ids.new_uuid())

    refused = cli("firms", "create", "Birch & Vale SARL", "--org", org, "--region", "eu", code=1)
    made = cli.rows("firms", "point", firm, "--org", org, "--region", "eu")

    assert "firms of us are kept here" in refused
    assert (made[0]["id"], made[0]["name"], made[0]["region"]) == (firm, "A firm in eu", "eu")
    assert "already" in cli("firms", "point", firm, "--org", org, "--region", "eu", code=1)


def test_firm_of_unknown_organization_is_refused(cli: Cli) -> None:
    said = cli("firms", "create", "Birch & Vale", "--org", "org_" + "0" * 26, code=1)

    assert said == "tickmark: no such organization\n"


def test_key_token_is_shown_once_and_never_again(cli: Cli) -> None:
    org = cli.organization()
    shown = cli("keys", "create", "backend", "--org", org, "--scope", "clients:*", "--mode", "live")
    token = re.search(r"^tm_live_[0-9A-Za-z]{33}$", shown, re.MULTILINE)

    listed = cli("keys", "list", "--org", org)
    assert token is not None
    assert token[0] not in listed
    assert "clients:read, clients:write" in listed


def test_rolled_key_may_do_the_same_and_the_old_one_ends(cli: Cli) -> None:
    org = cli.organization()
    old = cli.rows("keys", "create", "backend", "--org", org, "--scope", "*:read", "--expires-in-days", "90")
    new = cli.rows("keys", "roll", old["id"], "--org", org, "--overlap-hours", "1")

    kept = {one["id"]: one for one in cli.rows("keys", "list", "--org", org)}
    assert new["scopes"] == old["scopes"]
    assert new["token"] != old["token"]
    assert kept[old["id"]]["expires_at"] < old["expires_at"]


def test_revoked_key_is_listed_as_revoked(cli: Cli) -> None:
    org = cli.organization()
    made = cli.rows("keys", "create", "backend", "--org", org, "--scope", "*:*")
    cli("keys", "revoke", made["id"], "--org", org)

    assert cli.rows("keys", "list", "--org", org)[0]["revoked_at"] is not None


def test_key_with_unknown_scope_is_refused(cli: Cli) -> None:
    said = cli("keys", "create", "backend", "--org", cli.organization(), "--scope", "client:read", code=1)

    assert "did you mean 'clients:read'" in said


def test_connection_is_made_from_a_file_of_tokens_and_ended(cli: Cli, tmp_path: Path) -> None:
    org = cli.organization()
    firm = cli.rows("firms", "create", "Birch & Vale", "--org", org)[0]["id"]
    tokens = tmp_path / "tokens.json"
    tokens.write_text('{"access_token": "at-canary", "refresh_token": "rt-canary"}')
    words = ["--org", org, "--firm", firm, "--vendor", "quickbooks", "--account", "9130350000000007"]
    words += ["--granted-by", "Morgan Vale", "--scope", "com.intuit.quickbooks.accounting"]
    made = cli.rows("connections", "create", *words, "--credentials", str(tokens))
    cli("connections", "disconnect", made[0]["id"], "--org", org)

    ended = cli("connections", "list", "--org", org)
    assert made[0]["state"] == "healthy"
    assert "disconnected" in ended
    assert "canary" not in str(made) + ended


def test_unreadable_tokens_are_not_repeated(cli: Cli, tmp_path: Path) -> None:
    org = cli.organization()
    firm = cli.rows("firms", "create", "Birch & Vale", "--org", org)[0]["id"]
    tokens = tmp_path / "tokens.json"
    tokens.write_text("at-canary")
    words = ["--org", org, "--firm", firm, "--vendor", "canopy", "--account", "1", "--granted-by", "M", "--scope", "s"]
    said = cli("connections", "create", *words, "--credentials", str(tokens), code=1)

    assert said == "tickmark: The credentials cannot be read: it is not JSON.\n"


def test_month_is_closed_issued_and_reconciled(cli: Cli, database: Database) -> None:
    opened = datetime.now(UTC).replace(day=1) - timedelta(days=40)
    org = customer_since(database, opened)
    closed = cli.rows("billing", "close", "--org", org, "--issue")

    assert [one["state"] for one in closed] == ["paid"] * len(closed)
    assert closed[0]["month"] == f"{opened:%Y-%m}"
    assert cli("billing", "close") == "No month is due.\n"
    assert cli("billing", "invoices", "--org", org).startswith(f"Invoice {len(closed)}  ")
    assert [one["difference"] for one in cli.rows("billing", "reconcile", "--org", org)] == [0, 0]


def test_month_that_is_not_over_is_not_closed(cli: Cli) -> None:
    month = f"{datetime.now(UTC):%Y-%m}"
    said = cli("billing", "close", "--org", cli.organization(), "--month", month, code=1)

    assert "can be closed from" in said


def test_worker_closes_what_is_due(cli: Cli, database: Database) -> None:
    org = customer_since(database, datetime.now(UTC).replace(day=1) - timedelta(days=40))
    cli("worker", "--once")

    assert len(cli.rows("billing", "invoices", "--org", org)) >= 1
    assert cli("billing", "close") == "No month is due.\n"


def test_second_worker_stands_by(database: Database) -> None:
    from service.jobs.worker import is_alone

    async def both() -> list[bool]:
        pool = await open_pool(database.owner_url, "tickmark_operator")
        try:
            async with pool.acquire() as first, pool.acquire() as second:
                held = [await is_alone(first), await is_alone(second)]
            async with pool.acquire() as later:  # the first gave its session back, so the next in line may work
                return [*held, await is_alone(later)]
        finally:
            await pool.close()

    assert asyncio.run(both()) == [True, False, True]


def test_empty_database_is_migrated_once(
    servers: embedded.Servers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncpg

    name = f"empty_{secrets.token_hex(8)}"

    async def sql(statement: str) -> None:
        connection = await asyncpg.connect(servers.postgres_url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(sql(f"CREATE DATABASE {name}"))
    monkeypatch.setenv("DATABASE_URL", with_database(servers.postgres_url, name))
    cli = Cli(capsys)

    assert "run `tickmark migrate`" in cli("orgs", "list", code=1)
    assert "migrating service/0001_pre_roles.sql" in cli("migrate")
    assert cli("migrate") == "Nothing to do.\n"
    asyncio.run(sql(f"DROP DATABASE {name} WITH (FORCE)"))


def test_owner_of_an_organization_made_here_gets_a_password_once(cli: Cli) -> None:
    org = cli.organization()
    made = cli.rows("orgs", "add-owner", "una@ohara.example", "--org", org, "--name", "Una O'Hara")

    assert made["id"].startswith("mem_")
    assert len(made["password"]) >= 12
    acts = cli("audit", "export", "--org", org)
    assert "team.add_owner" in acts
    assert made["password"] not in acts


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("una@ohara.example", "--org", ids.encode("org", UUID(int=7))), "no such organization"),
        (("una", "--org", "{org}"), "e-mail"),
    ],
    ids=["nobody's", "no-address"],
)
def test_owner_who_cannot_be_is_told_in_one_line(cli: Cli, words: tuple[str, ...], said: str) -> None:
    org = cli.organization()
    told = cli("orgs", "add-owner", *(word.format(org=org) for word in words), "--name", "Una", code=1)

    assert said in told
    assert len(told.splitlines()) == 1
