"""A process that spends from budgets until they are used up, as an API process does; told by JSON on its command line.

Prints one line for each billed call; `done` at the end. Calls fail at random, so that units are released too.
"""

import asyncio
import json
import random
import sys
import time
from uuid import UUID

from billing import Caps, Meter, SpendCapReached, UsageLedger, load_price_book
from service.clock import now
from service.db.pool import open_pool
from tests.billing.calls import KEY, billable


async def spend(url: str, org_id: UUID, callers: int, *, patience: int, failing: float) -> None:
    """Each caller calls until it was refused `patience` times in a row."""
    app_pool, meter_pool = await open_pool(url, "tickmark_app", max_size=3), await open_pool(url, "tickmark_meter")
    caps, ledger = Caps(app_pool, load_price_book()), UsageLedger(meter_pool)
    await ledger.start()
    await caps.start()

    async def caller() -> None:
        refused = 0
        while refused < patience:
            try:
                await _call(caps, ledger, org_id, failing)
                refused = 0
            except SpendCapReached:
                refused += 1
                await asyncio.sleep(0.15)  # longer than a refusal is remembered

    await asyncio.gather(*(caller() for _ in range(callers)))
    await caps.close()
    await ledger.close()
    print("done", flush=True)


async def _call(caps: Caps, ledger: UsageLedger, org_id: UUID, failing: float) -> None:
    guard = caps.try_guard(org_id) or await caps.guard(org_id)
    at_ms = time.time_ns() // 1_000_000
    hold = guard.try_reserve(KEY, None, Meter.WRITE, 1, at_ms) or await guard.reserve(KEY, None, Meter.WRITE, 1, at_ms)
    if random.random() < failing:
        await asyncio.sleep(0)
        hold.release()
        return
    billed = await hold.confirm()
    if billed:
        await ledger.record(billable(org_id, now(), meter=Meter.WRITE))
        hold.settle()
        print("billed", flush=True)


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    asyncio.run(
        spend(
            options["url"],
            UUID(options["org"]),
            options["callers"],
            patience=options["patience"],
            failing=options["failing"],
        )
    )
