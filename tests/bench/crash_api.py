"""One API process of the crash harness: the product, with a roomy vendor budget. `python -m tests.bench.crash_api`.

CRASH_HELD_S shortens how long the claim of a try that died is held, for the short form of the harness.
"""

import asyncio
import os
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import uvloop

from service.connectors.quickbooks.connector import QUICKBOOKS
from service.idempotency import claim
from service.server import serving
from service.settings import Settings, load
from tests.bench.peers import ROOMY

HELD_S = "CRASH_HELD_S"


def main() -> None:
    """Serves until standard input ends, so it never outlives the harness."""
    claim.HELD_FOR = timedelta(seconds=float(os.environ[HELD_S]))  # type: ignore[misc]
    uvloop.run(_serve(load()))


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def wait() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait, daemon=True).start()
    async with serving(settings, settings.port, (replace(QUICKBOOKS, budget=ROOMY),)):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await over.wait()


if __name__ == "__main__":
    main()
