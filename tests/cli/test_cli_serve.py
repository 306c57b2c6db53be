"""`tickmark serve` as a process, as an operator starts it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import httpx

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


def test_serve_is_ready_and_stops_when_told(database: Database, redis_url: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve"],
        env=environment(database, redis_url, port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answer = readiness(f"http://127.0.0.1:{port}", process)
        process.send_signal(signal.SIGTERM)
        exit_code = process.wait(_WITHIN_S)
    finally:
        process.kill()
        process.wait()

    assert answer.status_code == 200
    assert exit_code == 0
