"""What the command says when the environment or the person is wrong: one line, no traceback."""

import os
import socket
from base64 import b64encode

import pytest

from service.cli.app import run

pytestmark = pytest.mark.usefixtures("bare_environment")


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of ours."""
    for name in [*os.environ]:
        if name in ("DATABASE_URL", "REDIS_URL") or name.startswith("TICKMARK_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "command",
    ["serve", "worker", "migrate", "orgs list", "billing close", f"keys list --org org_{'0' * 26}"],
)
def test_missing_setting_is_one_line_and_exit_code_2(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(command.split())

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith("tickmark: DATABASE_URL is not set")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@db.example/app"),
        ("TICKMARK_PORT", "eighty"),
        ("TICKMARK_PROT", "8080"),
        ("TICKMARK_CURSOR_KEY", "hunter2"),
        ("TICKMARK_KEY_ENCRYPTION_KEY", ""),
    ],
)
def test_wrong_setting_is_named_and_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good_key = "A" * 43 + "="
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("TICKMARK_KEY_PEPPERS", f"1:{good_key}")
    monkeypatch.setenv("TICKMARK_CURSOR_KEY", good_key)
    monkeypatch.setenv("TICKMARK_KEY_ENCRYPTION_KEY", good_key)
    monkeypatch.setenv(name, value)

    code = run(["serve"])

    said = capsys.readouterr()
    assert code == 2
    assert name in said.err
    assert "hunter2" not in said.err
    assert said.err.count("\n") == 1


def test_database_that_does_not_answer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hunter2@127.0.0.1:1/none")

    code = run(["orgs", "list"])

    said = capsys.readouterr()
    assert code == 1
    assert said.err.startswith("tickmark: The database in DATABASE_URL cannot be used")
    assert "hunter2" not in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("nonsense", "nonsense"),
        ("orgs create", "name"),
        ("orgs create Ledgerline --plan golden", "public-1"),
        ("firms list --org acme", "org_0"),
        ("coverage sage", "quickbooks"),
        ("demo --clients 0", "100,000"),
        ("demo --port abc", "--port"),
        ("demo --port 70000", "65,535"),
        ("demo --colour", "--colour"),
        ("demo twice", "twice"),
        ("sandbox sage", "quickbooks"),
        ("sandbox canopy --port -1", "65,535"),
    ],
)
def test_mistake_is_one_line_and_exit_code_2(
    command: str, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")

    code = run(command.split())

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert hint in said.err
    assert said.err.count("\n") == 1


def test_server_whose_port_is_taken_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = b64encode(bytes(range(32))).decode()
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("TICKMARK_KEY_PEPPERS", f"1:{secret}")
    monkeypatch.setenv("TICKMARK_KEY_ENCRYPTION_KEY", secret)
    monkeypatch.setenv("TICKMARK_CURSOR_KEY", secret)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TICKMARK_PORT", str(port))

        code = run(["serve"])

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err == f"tickmark: TICKMARK_HOST and TICKMARK_PORT, 127.0.0.1:{port}: Address already in use.\n"


def test_files_that_are_not_up_to_date_are_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["openapi", "--check", "--file", "/nonexistent/openapi.json"])

    said = capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "not up to date" in said.err


def test_settings_are_listed_with_secrets_masked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hunter2@db.example/app")
    monkeypatch.setenv("TICKMARK_CURSOR_KEY", "hunter2")

    code = run(["settings"])

    said = capsys.readouterr()
    assert code == 0
    assert "TICKMARK_CURSOR_KEY = •••" in said.out
    assert "TICKMARK_LIVE_KEYS_REACH_SANDBOXES" in said.out
    assert "hunter2" not in said.out


def test_coverage_shows_every_vendor_and_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["coverage"])

    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert ["canopy", "tasks"] in [row[:2] for row in rows]
    assert any(row[:2] == ["quickbooks", "invoices"] and "create," in row for row in rows)
