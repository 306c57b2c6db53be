"""Memory and start of one worker: `python -m tests.bench.memory [--json] [--calls 100000] [--starts 5]`.

Goals: <= 150 MB resident after 100,000 calls and no growth between 100,000 and 300,000; from the start of the process
to its first answer (a 401) <= 2 s. Every other load is a page of 200 records.
"""

import argparse
import http.client
import json
import statistics
import time
from contextlib import closing
from itertools import cycle
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tests.bench import load
from tests.bench.cost import family, resident_bytes
from tests.bench.stage import Peer, Stage, served, stage

CONNECTIONS: Final = 32


class Report(msgspec.Struct, frozen=True):
    """One worker."""

    calls: int
    """After which the first measure is taken; the second after three times as many."""
    fresh_mb: float
    first_mb: float
    second_mb: float
    start_s: float


def measure(stage: Stage, calls: int, starts: int) -> Report:
    """Starts so many workers and loads the last one."""
    times: list[float] = []
    for number in range(starts):
        with served(stage, "tickmark") as peer:
            _refused(peer)
            times.append(time.monotonic() - peer.started_at)
            if number < starts - 1:
                continue
            worker = family(peer.pid)[-1]
            fresh = resident_bytes(worker)
            done = _call(stage, peer, calls)
            first = resident_bytes(worker)
            _call(stage, peer, 3 * calls - done)
            second = resident_bytes(worker)
            return Report(calls, fresh / 1e6, first / 1e6, second / 1e6, statistics.median(times))
    raise ValueError("at least one start")


def _refused(peer: Peer) -> None:
    """The first answer: a call without a key."""
    with closing(http.client.HTTPConnection(urlsplit(peer.url).netloc)) as connection:
        connection.request("GET", "/v1/clients")
        status = connection.getresponse().status
    if status != 401:
        raise ValueError(f"expected 401, got {status}")


def _call(stage: Stage, peer: Peer, calls: int) -> int:
    """At least so many calls; how many there were."""
    done = 0
    for target in cycle(("record", "page", "record", "record")):
        if done >= calls:
            break
        seconds = 1 if target == "page" else 3
        done += load.run(peer.url + stage.targets[target].ours, stage.headers, CONNECTIONS, seconds).requests
    return done


def to_text(report: Report) -> str:
    """Two lines."""
    return (
        f"one worker: {report.fresh_mb:.0f} MB at start, {report.first_mb:.0f} MB after {report.calls:,} calls, "
        f"{report.second_mb:.0f} MB after {3 * report.calls:,} (goal: <= 150 MB, no growth)\n"
        f"first answer {report.start_s:.2f} s after the process started (goal: <= 2 s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    with stage() as prepared:
        report = measure(prepared, options.calls, options.starts)
    print(json.dumps(msgspec.to_builtins(report)) if options.json else to_text(report))


if __name__ == "__main__":
    main()
