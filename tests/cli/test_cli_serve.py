"""`tickmark serve` as a process, as an operator starts it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.conftest import Database

_ROOT = Path(__file__).parents[2]
_WITHIN_S = 30.0


def environment(database: Database, redis_url: str, port: int) -> dict[str, str]:
    key = b64encode(secrets.token_bytes(32)).decode()
    return {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "DATABASE_URL": database.owner_url,
        "REDIS_URL": redis_url,
        "TICKMARK_KEY_PEPPERS": f"1:{key}",
        "TICKMARK_KEY_ENCRYPTION_KEY": key,
        "TICKMARK_CURSOR_KEY": key,
        "TICKMARK_PORT": str(port),
        "TICKMARK_METRICS_PORT": "0",
    }


@contextmanager
def served(environ: dict[str, str], said: Path) -> Generator["subprocess.Popen[bytes]"]:
    """The command as a process; its workers end with it, also where it did not come to tell them."""
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def readiness(url: str, process: "subprocess.Popen[bytes]", said: Path) -> httpx.Response:
    """The first answer of `/readyz`."""
    ends_at = time.monotonic() + _WITHIN_S
    while time.monotonic() < ends_at and process.poll() is None:
        try:
            return httpx.get(f"{url}/readyz", timeout=5)
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError(f"serve did not answer:\n{said.read_text()}")


def test_serve_is_ready_and_stops_when_told(database: Database, redis_url: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    said = tmp_path / "said"
    with served(environment(database, redis_url, port), said) as process:
        answer = readiness(f"http://127.0.0.1:{port}", process, said)
        process.send_signal(signal.SIGTERM)
        exit_code = process.wait(_WITHIN_S)
        left = [one.pid for one in psutil.process_iter() if _group_of(one.pid) == process.pid]

    assert answer.status_code == 200
    assert exit_code == 0
    assert left == []


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
