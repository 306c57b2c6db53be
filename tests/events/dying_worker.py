"""A worker in a process of its own, to be killed: `python dying_worker.py <database> <key>`."""

import asyncio
import sys

from service.connections.vault import LocalKey, Vault
from service.db.pool import open_pool
from service.events.delivery import Deliverer, Disabled
from service.events.sending import Sender


async def main() -> None:
    async def tell(_disabled: Disabled) -> None: ...

    pool = await open_pool(sys.argv[1], "tickmark_operator", max_size=2)
    async with Sender(loopback=True) as sender:
        worker = Deliverer(pool, Vault(LocalKey.from_base64(sys.argv[2])), sender, tell)
        await worker.deliver_until(asyncio.Event())


asyncio.run(main())
