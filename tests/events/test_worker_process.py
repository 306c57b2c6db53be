"""`tickmark worker` as a process delivers, and stops when told."""

import asyncio
import os
import secrets
import signal
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.events.conftest import Make, Stage
from tests.events.receiver import Receiver

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]


async def test_worker_command_delivers_and_stops_when_told(
    database: Database, redis_url: str, stage: Stage, receiver: Receiver, make: Make
) -> None:
    _, secret = await make()
    other = b64encode(secrets.token_bytes(32)).decode()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.owner_url,
        "REDIS_URL": redis_url,
        "TICKMARK_KEY_PEPPERS": f"1:{other}",
        "TICKMARK_KEY_ENCRYPTION_KEY": b64encode(b"k" * 32).decode(),
        "TICKMARK_CURSOR_KEY": other,
        "TICKMARK_METRICS_PORT": "0",
        "TICKMARK_WEBHOOKS_TO_LOOPBACK": "true",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "worker"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await stage.happens(times=3)
        await receiver.until(3)
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()

    assert process.returncode == 0
    assert all(taken.bears(secret) for taken in receiver.taken)
    assert len({taken.id for taken in receiver.taken}) == 3
    for hidden in (receiver.url, secret, "Morgan"):
        assert hidden not in said.decode()
