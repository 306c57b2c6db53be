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
import pytest

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


def readiness(url: str, process: "subprocess.Popen[bytes]") -> httpx.Response:
    """The first answer of `/readyz`."""
    ends_at = time.monotonic() + _WITHIN_S
    while time.monotonic() < ends_at and process.poll() is None:
        try:
            return httpx.get(f"{url}/readyz", timeout=5)
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError("serve did not answer")


@contextmanager
def serving(environ: dict[str, str], *options: str) -> Generator["subprocess.Popen[bytes]"]:
    """The command as a process; its workers end with it, also where it did not come to tell them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", *options],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_WITHIN_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def environ(database: Database, redis_url: str) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return environment(database, redis_url, port)


def url_of(environ: dict[str, str]) -> str:
    return f"http://127.0.0.1:{environ['TICKMARK_PORT']}"


def test_serve_is_ready_and_stops_when_told(environ: dict[str, str]) -> None:
    with serving(environ) as process:
        answer = readiness(url_of(environ), process)
        process.send_signal(signal.SIGTERM)
        exit_code = process.wait(_WITHIN_S)
        _, left = psutil.wait_procs([one for one in psutil.process_iter() if is_of(one.pid, process)], _WITHIN_S)

    assert answer.status_code == 200
    assert exit_code == 0
    assert left == []


def test_second_server_on_the_port_is_refused_in_one_line(environ: dict[str, str]) -> None:
    with serving(environ) as first:
        readiness(url_of(environ), first)
        with serving(environ) as second:
            said = second.communicate(timeout=_WITHIN_S)[1].decode()
        alive = first.poll() is None

    port = environ["TICKMARK_PORT"]
    assert (second.returncode, alive) == (2, True)
    assert said == f"tickmark: TICKMARK_HOST and TICKMARK_PORT, 127.0.0.1:{port}: Address already in use.\n"


def test_second_server_takes_over_where_it_is_asked_to(environ: dict[str, str]) -> None:
    with serving(environ) as first:
        readiness(url_of(environ), first)
        with serving(environ, "--beside") as second:
            ends_at = time.monotonic() + _WITHIN_S
            while listeners(second) == 0 and second.poll() is None and time.monotonic() < ends_at:
                time.sleep(0.02)
            first.terminate()
            first.wait(_WITHIN_S)
            answer = readiness(url_of(environ), second)

    assert answer.status_code == 200


def listeners(process: "subprocess.Popen[bytes]") -> int:
    """Sockets on which it or its workers listen."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(one.status == psutil.CONN_LISTEN for each in family for one in each.net_connections("tcp"))


def is_of(pid: int, process: "subprocess.Popen[bytes]") -> bool:
    """Whether it is the command's own process or one of its workers, that may have lost it."""
    try:
        return os.getpgid(pid) == process.pid
    except ProcessLookupError:
        return False
