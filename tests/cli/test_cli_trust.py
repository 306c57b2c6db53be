"""`tickmark audit` and `tickmark vault`: what they prove, and what they find when somebody was at it."""

import os
import secrets
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from service import ids
from service.audit.checkpoints import Signer
from service.db.pool import Connection
from tests.cli.test_cli_management import Cli, as_operator, cli
from tests.conftest import Database

__all__ = ["cli"]

Change = Callable[[list[bytes]], list[bytes]]
TOKENS = '{"access_token": "canary-token-of-the-firm"}'


@pytest.fixture
def org(cli: Cli) -> str:
    """An organization with three acts in its log."""
    made = cli.organization()
    for name in ("Birch & Vale", "Alder & Sons"):
        cli("firms", "create", name, "--org", made)
    return made


@pytest.fixture
def log(cli: Cli, org: str, tmp_path: Path) -> Path:
    """Its exported log: the three acts and the export itself."""
    file = tmp_path / "log.jsonl"
    cli("audit", "export", "--org", org, "--file", str(file))
    return file


def key_of(cli: Cli) -> str:
    return cli("audit", "key").strip()


def kinds(cli: Cli, *words: str) -> list[str]:
    """What verifying finds, having failed."""
    found = cli.rows("audit", "verify", *words, code=1)
    assert found["intact"] is False
    return [one["kind"] for one in found["verdict"]["found"]]


def edited(log: Path, change: Change) -> str:
    """A copy of the log with its lines changed."""
    copy = log.with_name("edited.jsonl")
    copy.write_bytes(b"".join(change(log.read_bytes().splitlines(keepends=True))))
    return str(copy)


def is_row(line: bytes) -> bool:
    return line.startswith(b'{"line":"row"')


def test_exported_log_is_intact_and_says_by_which_key(cli: Cli, log: Path) -> None:
    trusted = cli("audit", "verify", str(log), "--key", key_of(cli))
    untrusted = cli("audit", "verify", str(log))

    assert trusted == f"Intact: 4 rows under 1 checkpoints, signed by {key_of(cli)}.\n"
    assert "No --key was given" in untrusted
    acts = [msgspec.json.decode(line)["row"]["what"] for line in log.read_bytes().splitlines() if is_row(line)]
    assert acts == ["orgs.create", "firms.create", "firms.create", "audit.export"]


def edit(lines: list[bytes]) -> list[bytes]:
    return [one.replace(b"firms.create", b"firms.delete") for one in lines]


def delete(lines: list[bytes]) -> list[bytes]:
    return lines[:2] + lines[3:]


def truncate(lines: list[bytes]) -> list[bytes]:
    return lines[:3]


def reorder(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[3], lines[2], *lines[4:]]


def repeat(lines: list[bytes]) -> list[bytes]:
    return lines[:3] + lines[2:]


@pytest.mark.parametrize(
    ("change", "kind"),
    [(edit, "edited"), (delete, "deleted"), (truncate, "truncated"), (reorder, "deleted"), (repeat, "reordered")],
)
def test_log_that_somebody_was_at_is_found_with_exit_code_1(cli: Cli, log: Path, change: Change, kind: str) -> None:
    found = kinds(cli, edited(log, change), "--key", key_of(cli))

    assert found[0] == kind
    assert "at line" in cli("audit", "verify", edited(log, change), code=1)


def test_log_signed_anew_by_somebody_else_is_found_by_the_key_one_trusts(cli: Cli, log: Path) -> None:
    other = Signer(b"x" * 32).public_key

    assert "forged" in kinds(cli, str(log), "--key", other)


def test_file_that_is_no_log_is_said_to_be_none(cli: Cli, tmp_path: Path) -> None:
    nothing, words = tmp_path / "nothing", tmp_path / "words"
    nothing.write_bytes(b"")
    words.write_text("not a log\n")

    for file in (nothing, words, tmp_path / "missing"):
        said = cli("audit", "verify", str(file), code=1)
        assert "Intact" not in said
        assert "Traceback" not in said


def test_row_taken_out_of_the_database_stops_the_export(cli: Cli, database: Database, org: str, log: Path) -> None:
    async def take(connection: Connection) -> None:
        owner = await asyncpg.connect(database.owner_url)
        await owner.execute("ALTER TABLE audit_rows DISABLE TRIGGER USER")
        await owner.execute("DELETE FROM audit_rows WHERE content LIKE '%Birch%' OR content LIKE '%firms.create%'")
        await owner.close()

    as_operator(database, take)

    assert "not there any more" in cli("audit", "export", "--org", org, "--file", str(log), code=1)


def test_status_says_how_far_it_is_sealed_and_alarms_where_a_row_left_the_queue(
    cli: Cli, database: Database, org: str
) -> None:
    before = cli.rows("audit", "status", "--org", org)[0]

    async def take(connection: Connection) -> None:
        owner = await asyncpg.connect(database.owner_url)
        await owner.execute("DELETE FROM audit_pending")
        await owner.close()

    as_operator(database, take)
    after = cli.rows("audit", "status", "--org", org, code=1)[0]

    assert (before["sealed"], before["waiting_everywhere"], before["outside_chain"]) == (0, 3, 0)
    assert (after["waiting_everywhere"], after["outside_chain"]) == (0, 3)


def test_erasing_needs_a_ticket_and_is_in_the_log_with_it(cli: Cli, org: str, tmp_path: Path) -> None:
    cli("audit", "erase", "--org", org, code=2)
    said = cli("audit", "erase", "--org", org, "--ticket", "DPO-7")
    file = tmp_path / "log.jsonl"
    cli("audit", "export", "--org", org, "--file", str(file))

    assert said == "0 key(s) destroyed.\n"
    (erased,) = [one for one in file.read_bytes().splitlines() if b"audit.erase" in one]
    assert msgspec.json.decode(erased)["row"]["ticket"] == "DPO-7"
    assert "Intact" in cli("audit", "verify", str(file))


@pytest.mark.parametrize("words", [("export",), ("status",), ("erase", "--ticket", "T")])
def test_impossible_organization_is_refused(cli: Cli, words: tuple[str, ...]) -> None:
    said = cli("audit", *words, "--org", "nonsense", code=2)

    assert said.startswith("tickmark: ")


@pytest.fixture
def link(cli: Cli, tmp_path: Path) -> str:
    """A connection with sealed tokens."""
    org = cli.organization()
    firm = cli.rows("firms", "create", "Birch & Vale", "--org", org)[0]["id"]
    tokens = tmp_path / "tokens.json"
    tokens.write_text(TOKENS)
    tokens.chmod(0o600)
    words = ("--org", org, "--firm", firm, "--vendor", "canopy", "--account", "1", "--granted-by", "Morgan Vale")
    made: str = cli.rows("connections", "create", *words, "--scope", "clients", "--credentials", str(tokens))[0]["id"]
    return made


def test_keys_move_and_the_old_one_can_be_taken_away(cli: Cli, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = os.environ["TICKMARK_KEY_ENCRYPTION_KEY"], b64encode(secrets.token_bytes(32)).decode()
    monkeypatch.setenv("TICKMARK_KEY_ENCRYPTION_KEY", f"{new},{old}")
    before = cli.rows("vault", "verify")
    moved = cli("vault", "rotate")
    again = cli("vault", "rotate")
    monkeypatch.setenv("TICKMARK_KEY_ENCRYPTION_KEY", new)

    after = cli.rows("vault", "verify")
    assert (before["secrets"], before["under_older_keys"]) == (1, 1)
    assert moved.startswith("1 data key(s) moved")
    assert again.startswith("All data keys are under")
    assert (after["secrets"], after["under_older_keys"], after["unreadable"]) == (1, 0, [])


def test_vault_without_its_key_says_which_connection_is_unreadable_and_nothing_of_it(
    cli: Cli, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKMARK_KEY_ENCRYPTION_KEY", b64encode(secrets.token_bytes(32)).decode())

    found = cli.rows("vault", "verify", code=1)
    said = cli("vault", "verify", code=1)

    assert found["unreadable"] == [str(ids.decode("con", link))]
    assert "canary" not in said


def test_altered_secret_is_found(cli: Cli, database: Database, link: str) -> None:
    flipped = "set_byte(sealed, 20, get_byte(sealed, 20) # 1)"

    async def alter(connection: Connection) -> None:
        await connection.execute(f"UPDATE connection_secrets SET sealed = {flipped}")

    as_operator(database, alter)

    assert cli.rows("vault", "verify", code=1)["unreadable"] == [str(ids.decode("con", link))]


def test_dump_of_the_database_tells_nothing_of_the_tokens(cli: Cli, database: Database, link: str) -> None:
    async def dump(connection: Connection) -> list[Any]:
        return await connection.fetch("SELECT sealed FROM connection_secrets")

    rows = as_operator(database, dump)

    assert len(rows) == 1
    assert all(b"canary" not in row["sealed"] for row in rows)


def test_keys_cannot_be_moved_without_the_old_one(cli: Cli, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKMARK_KEY_ENCRYPTION_KEY", b64encode(secrets.token_bytes(32)).decode())

    said = cli("vault", "rotate", code=1)

    assert said.startswith("tickmark: ")
