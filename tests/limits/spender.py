"""One process that spends from a bucket as fast as it is let, and prints when it spent, on the clock all share.

Run as `spender.py <redis url> <key> <limits> <seconds> <callers>`; limits as `10/1,25/2`. It says `ready`, then reads
when to start, so that a slow machine does not let one process start after the others have ended.
"""

import asyncio
import sys
import time

from redis.asyncio import Redis

from service.connectors.sdk.budget import Limit
from service.leases import Bucket, Leases, NoTokensError


async def main() -> None:
    url, key, limits_text, seconds, callers = sys.argv[1:]
    limits = tuple(Limit(int(count), float(window)) for count, window in (t.split("/") for t in limits_text.split(",")))
    redis = Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
    leases = Leases(redis, "test")
    bucket = leases.bucket(key, limits)
    spent: list[int] = []
    take = Bucket.take

    def take_and_tell(self: Bucket) -> bool:
        if taken := take(self):
            spent.append(self.last_use_ns)
        return taken

    Bucket.take = take_and_tell  # type: ignore[method-assign]

    async def call() -> None:
        while time.monotonic() < end:
            try:
                await bucket.acquire(1.0)
            except NoTokensError as error:
                await asyncio.sleep(error.retry_after_s)
            else:
                await asyncio.sleep(0)

    print("ready", flush=True)
    start = float(sys.stdin.readline())
    end = start + float(seconds)
    await asyncio.sleep(start - time.monotonic())
    await asyncio.gather(*(call() for _ in range(int(callers))))
    await redis.aclose()
    print(leases.round_trips)
    for at in spent:
        print(at / 1e9)


asyncio.run(main())
