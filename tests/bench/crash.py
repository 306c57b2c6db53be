"""Kills the API, the worker and the database at random instants under load; then: callers' view = ledger.

`python -m tests.bench.crash --calls 100000 --kills 200 [--json] [--quick]`. Loopback only; ends by itself.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.crash_load import Load
from tests.bench.crash_stage import CrashStage, Mortal, crash_stage
from tests.bench.crash_verdict import Verdict, compare

QUICK: Final = (1_500, 8)
_APIS: Final = 3
_CALLERS: Final = 24
_LONGEST_S: Final = 3 * 3600.0


class Outcome(msgspec.Struct, frozen=True):
    """The last line of `--json`."""

    calls: int
    kills: int
    lost: int
    double: int
    overshoot_minor: int


async def run(calls: int, kills: int, seed: int, *, held_s: float, logs: Path | None = None) -> tuple[Outcome, Verdict]:
    """One run on servers of its own."""
    rng = random.Random(seed)
    async with asyncio.timeout(_LONGEST_S), crash_stage(_APIS, _CALLERS, held_s, limit_of(calls), logs) as stage:
        load = Load(stage, calls, rng)
        started = time.monotonic()
        loading = asyncio.create_task(load.run())
        killed = await _kill(stage, load, loading, sorted(rng.sample(range(calls // 20, calls), kills)), rng)
        await loading
        _say(f"{load.sent:,} calls in {time.monotonic() - started:.0f} s; killed: {dict(killed)}")
        _say(f"answers: {dict(Counter(call.status for call in load.seen))}; to settle: {len(load.unsettled)}")
        await load.settle()
        for api in stage.apis:
            api.stop()  # writes what waits
        verdict = await compare(stage, load)
        return Outcome(load.sent, killed.total(), verdict.lost, verdict.double, verdict.overshoot_minor), verdict


def limit_of(calls: int) -> int:
    """A budget in cents that runs out before the load does."""
    return max(1, calls // 40)


async def _kill(
    stage: CrashStage, load: Load, loading: "asyncio.Task[None]", instants: list[int], rng: random.Random
) -> "Counter[str]":
    """A kill as soon as so many calls were sent; what was killed comes back at once, while the next may die already."""
    killed: Counter[str] = Counter()
    reviving: dict[str, asyncio.Task[None]] = {}
    for instant in instants:
        while load.sent < instant and not loading.done():  # noqa: ASYNC110 - what is waited for is a count
            await asyncio.sleep(0.002)
        await asyncio.sleep(rng.random() * 0.01)
        victim: Mortal = rng.choice(stage.mortals)
        if victim.name in reviving:
            await reviving[victim.name]
        victim.kill()
        killed[victim.name] += 1
        reviving[victim.name] = asyncio.create_task(victim.revive())
    await asyncio.gather(*reviving.values())
    return killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument(
        "--seed", type=int, default=None, help="of what is called and killed; the instants differ anyway"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[0]:,} calls and {QUICK[1]} kills")
    parser.add_argument("--logs", type=Path, default=None, help="an existing directory for what the processes log")
    parser.add_argument("--json", action="store_true", help="one line of JSON, the last, on standard output")
    options = parser.parse_args()
    calls, kills = QUICK if options.quick else (options.calls, options.kills)
    seed = random.randrange(2**32) if options.seed is None else options.seed
    _say(f"{calls:,} calls, {kills} kills, seed {seed}")
    outcome, verdict = asyncio.run(run(calls, kills, seed, held_s=10.0 if options.quick else 60.0, logs=options.logs))
    for finding in (*verdict.findings[:50], *verdict.rude[:50]):
        _say(finding)
    _say(f"reconciliation of the month: difference {verdict.reconciliation}")
    _say(f"budget of {limit_of(calls)} cents: {verdict.spent_minor} spent")
    line = msgspec.json.encode(outcome).decode()
    if options.json:
        print(line, flush=True)
    else:
        _say(line)
    if outcome.lost or outcome.double or outcome.overshoot_minor or verdict.reconciliation or verdict.rude:
        sys.exit(1)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
