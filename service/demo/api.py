"""`python -m service.demo.api`: the API of a demonstration, with what delivers webhooks, set up by the environment.

It says one line of JSON when it is ready and ends when its standard input does, so it never outlives the demonstration.
"""

import asyncio
import os
import sys
import threading

import msgspec
import uvloop

from service.jobs.hooks import opened_deliverer
from service.server import serving
from service.settings import Settings, load


def main() -> None:
    """Serves until standard input ends."""
    uvloop.run(_serve(load()))


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def wait() -> None:
        while os.read(0, 4096):  # not sys.stdin, whose lock a process that ends early would wait for
            pass
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait, daemon=True).start()
    async with serving(settings, settings.port) as url, opened_deliverer(settings) as deliverer:
        sys.stdout.write(msgspec.json.encode({"url": url}).decode() + "\n")
        sys.stdout.flush()
        await deliverer.deliver_until(over)


if __name__ == "__main__":
    main()
