"""A worker that dies when the receiver has answered, before it could note it: the event comes again, under its id."""

import asyncio
import os
import signal
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from aiohttp import web

from service.events.delivery import LEASE
from service.events.sending import Sender
from tests.conftest import Database
from tests.events.conftest import Make, Stage
from tests.events.receiver import Receiver, Taken

pytestmark = pytest.mark.anyio

SCRIPT = Path(__file__).with_name("dying_worker.py")


async def test_event_whose_answer_was_not_noted_comes_again(
    database: Database, stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    _, secret = await make()
    await stage.happens()
    died = asyncio.Event()

    async def kill(_taken: Taken) -> web.StreamResponse:
        """The worker is gone before it can read this answer."""
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        died.set()
        return web.Response()

    receiver.answers = kill
    key = b64encode(b"k" * 32).decode()
    root = str(SCRIPT.parents[2])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), database.owner_url, key, env={**os.environ, "PYTHONPATH": root}
    )
    async with asyncio.timeout(60):
        await died.wait()
    receiver.answers = None
    worker = stage.worker(sender)

    while_leased = await worker.deliver_due()
    stage.later(seconds=LEASE.total_seconds() + 1)
    after = await worker.deliver_due()

    assert (while_leased, after) == (0, 1)
    first, second = receiver.taken
    assert (first.id, first.body) == (second.id, second.body)
    assert first.bears(secret)
    assert second.bears(secret)
    rows = await stage.rows("SELECT number, outcome FROM webhook_attempts")
    assert [tuple(row.values()) for row in rows] == [(2, "delivered")]  # of the first nobody lived to tell
