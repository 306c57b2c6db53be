"""`tickmark demo` as a newcomer runs it: a process of its own in an empty directory, then again on what it kept."""

import argparse
import os
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import psutil
import pytest

from service.demo.demo import Summary

_ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 120


def command(directory: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "service", "demo", "--directory", str(directory), *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(_ROOT)}


@contextmanager
def staying(directory: Path) -> Generator[tuple["subprocess.Popen[str]", list[str]]]:
    """A demo that stays, and all it said until it was ready."""
    process = subprocess.Popen(
        command(directory), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if "until Ctrl-C" in line:
                break
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def left_running(directory: Path) -> list[str]:
    """Processes that work in the directory; Valkey names it only as the one it is in."""
    found: list[str] = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = [*(process.info["cmdline"] or ()), process.info["cwd"] or ""]
        if any(str(directory) in word for word in words):
            found.append(" ".join(words))
    return found


def status_of(curl: str) -> int:
    """What a pasted curl line is answered, asked without curl, which a machine may not have."""
    reader = argparse.ArgumentParser()
    for option in ("-s", "-si"):
        reader.add_argument(option, action="store_true")
    reader.add_argument("-H", action="append")
    reader.add_argument("-d")
    reader.add_argument("url")
    said = reader.parse_args(shlex.split(curl)[1:])
    headers = dict(header.split(": ", 1) for header in said.H)
    return httpx.request("POST" if said.d else "GET", said.url, headers=headers, content=said.d).status_code


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Not under pytest's own directory, which other sessions close to the user that PostgreSQL runs as under root."""
    with tempfile.TemporaryDirectory() as parent:
        yield Path(parent) / "kept"


@pytest.fixture(scope="module")
def first(directory: Path) -> "subprocess.CompletedProcess[str]":
    return _run(directory)


def _run(directory: Path) -> "subprocess.CompletedProcess[str]":
    wished = command(directory, "--once", "--json", "--clients", "120")
    return subprocess.run(wished, env=environment(), capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)


def summary_of(run: "subprocess.CompletedProcess[str]") -> Summary:
    assert run.returncode == 0, run.stdout + run.stderr
    return msgspec.json.decode(run.stdout.splitlines()[-1], type=Summary)


def test_what_was_served_is_what_is_billed(first: "subprocess.CompletedProcess[str]") -> None:
    found = summary_of(first)

    assert found.calls > found.billable_calls > 0
    assert found.billable_calls == found.usage_rows == found.rated_units == found.invoiced_units
    assert found.invoice_total_minor > 0
    assert found.reconcile_difference == 0


@pytest.mark.parametrize(
    "shown",
    [
        "billed, free allowance",
        "free, the same write",
        "free, rate limited",
        "free, unsupported filter",
        "free, invalid key",
        "free, vendor unreadable",
        "tokens renewed: 1",
        "Invoice 1",
        "difference                   0   in money 0.00 USD",
    ],
)
def test_every_kind_of_call_is_shown(first: "subprocess.CompletedProcess[str]", shown: str) -> None:
    assert shown in first.stdout


def test_lines_fit_a_terminal_and_have_no_colour(first: "subprocess.CompletedProcess[str]") -> None:
    shown = [line for line in first.stdout.splitlines()[:-1] if not line.startswith("Data: ")]

    assert max(map(len, shown)) <= 100
    assert "\x1b" not in first.stdout
    assert first.stderr == ""


def test_only_the_owner_can_read_the_secrets(first: "subprocess.CompletedProcess[str]", directory: Path) -> None:
    assert first.returncode == 0
    assert stat.S_IMODE((directory / "secrets.json").stat().st_mode) == 0o600


def test_nothing_runs_on_after_once(first: "subprocess.CompletedProcess[str]", directory: Path) -> None:
    assert first.returncode == 0
    assert left_running(directory) == []


def test_second_start_keeps_data_and_balances_again(first: "subprocess.CompletedProcess[str]", directory: Path) -> None:
    second = _run(directory)

    assert "kept from before: 1 organization" in second.stdout
    assert summary_of(second).organization != summary_of(first).organization
    assert summary_of(second).reconcile_difference == 0


def test_demo_stays_until_ctrl_c_and_leaves_nothing(directory: Path) -> None:
    with staying(directory) as (process, said):
        tried = [status_of(line) for line in said if line.startswith("curl ")]
        other = subprocess.run(command(directory), env=environment(), capture_output=True, text=True, check=False)
        process.send_signal(signal.SIGINT)
        exit_code = process.wait(_TIMEOUT_S)

    assert tried == [200, 200, 201]
    assert (other.returncode, other.stdout) == (1, "")
    assert len(other.stderr.splitlines()) == 1
    assert f"A demo runs in {directory} already" in other.stderr
    assert exit_code == 0
    assert left_running(directory) == []


def test_stopped_half_way_leaves_nothing(directory: Path) -> None:
    process = subprocess.Popen(command(directory), env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "every client in Canopy" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=_TIMEOUT_S)

    assert process.returncode == 128 + signal.SIGTERM
    assert left_running(directory) == []


@pytest.mark.parametrize("lock", [None, "not a process id"])
def test_directory_of_other_things_is_never_emptied(tmp_path: Path, lock: str | None) -> None:
    kept = tmp_path / "letters.txt"
    kept.write_text("Dear Morgan")
    if lock is not None:
        (tmp_path / "lock").write_text(lock)
    wished = command(tmp_path, "--once", "--reset")

    refused = subprocess.run(wished, env=environment(), capture_output=True, text=True, timeout=60, check=False)

    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert kept.read_text() == "Dear Morgan"


def test_terminal_without_utf8_gets_every_line(directory: Path, first: "subprocess.CompletedProcess[str]") -> None:
    in_ascii = environment() | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    wished = command(directory, "--once", "--json", "--clients", "120")

    run = subprocess.run(wished, env=in_ascii, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)

    assert first.returncode == 0
    assert summary_of(run).reconcile_difference == 0
    assert run.stderr == ""


def test_files_of_other_users_in_the_temporary_directory_do_no_harm(
    directory: Path, first: "subprocess.CompletedProcess[str]"
) -> None:
    with tempfile.TemporaryDirectory() as parent:
        (Path(parent) / ".lockfile").mkdir()  # as little to be written to as what belongs to somebody else
        wished = command(directory, "--once", "--json", "--clients", "120")
        shared = environment() | {"TMPDIR": parent}

        run = subprocess.run(wished, env=shared, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)

    assert first.returncode == 0
    assert summary_of(run).reconcile_difference == 0


def test_start_after_a_kill_cleans_up(directory: Path) -> None:
    with staying(directory) as (killed, _):
        killed.kill()
    assert left_running(directory)  # PostgreSQL and Valkey survive their demo; the next one takes care of them

    assert summary_of(_run(directory)).reconcile_difference == 0
    assert left_running(directory) == []


def test_reset_starts_afresh(directory: Path) -> None:
    afresh = subprocess.run(
        command(directory, "--once", "--reset", "--clients", "20"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )

    assert afresh.returncode == 0, afresh.stdout + afresh.stderr
    assert "kept from before" not in afresh.stdout
    assert "creating a PostgreSQL 18 database" in afresh.stdout
