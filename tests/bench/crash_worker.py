"""The worker of the crash harness: the product's, which says when it has found the database.

`python -m tests.bench.crash_worker`. Started while the database is away it ends, as `tickmark worker` does, and is
started again.
"""

import asyncio
import sys

from service.cli.database import connected
from service.jobs.worker import work
from service.settings import load


async def main() -> None:
    settings = load()
    async with connected(settings.database_url, "tickmark_operator"):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
    await work(settings)


if __name__ == "__main__":
    asyncio.run(main())
