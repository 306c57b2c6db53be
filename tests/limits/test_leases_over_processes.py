"""The promise of `service.leases`, with real processes against a real Valkey."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, repeat
from math import inf
from pathlib import Path

import pytest
from msgspec import Struct

ROOT = Path(__file__).parents[2]
CLOCK_GRAIN_S = 0.000_01
TRIES = 5

_keys = count()


class Spent(Struct, frozen=True):
    at: list[float]
    round_trips: int


def spend(redis_url: str, limits: str, *, processes: int, seconds: float, callers: int = 4) -> Spent:
    """What all processes together spent under one key."""
    key = f"key{next(_keys)}"
    command = [sys.executable, "tests/limits/spender.py", redis_url, key, limits, str(seconds), str(callers)]
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env={"PYTHONPATH": "."}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    start = str(time.monotonic() + 0.2)
    with ThreadPoolExecutor(processes) as readers:
        outputs = list(readers.map(_started, running, repeat(start)))
    assert [process.returncode for process in running] == [0] * processes
    spent = sorted(float(at) for output in outputs for at in output[1:])
    return Spent(spent, sum(int(output[0]) for output in outputs))


def _started(process: "subprocess.Popen[str]", start: str) -> list[str]:
    """Everything that it prints once it is told when to start."""
    return process.communicate(start, timeout=60)[0].split()


def narrowest_window_of(at: Sequence[float], tokens: int) -> float:
    """The shortest time in which that many were spent."""
    return min((last - first for first, last in zip(at, at[tokens - 1 :], strict=False)), default=inf)


def check(redis_url: str, limits: str, windows: dict[int, float], *, seconds: float, at_least: float) -> Spent:
    """Checks that no window saw more than its limit and that `at_least` so many were spent.

    How much of a limit is used depends on how busy the machine is, so that has some tries. That it is not exceeded does
    not, and is checked in each.
    """
    most = 0
    for _ in range(TRIES):
        spent = spend(redis_url, limits, processes=3, seconds=seconds)
        for tokens, window_s in windows.items():
            assert narrowest_window_of(spent.at, tokens + 1) >= window_s - CLOCK_GRAIN_S
        if len(spent.at) >= at_least:
            return spent
        most = max(most, len(spent.at))
    raise AssertionError(f"{limits}: at most {most} of {at_least} were spent")


def test_ten_a_second_is_never_exceeded_and_nearly_reached(redis_url: str) -> None:
    check(redis_url, "10/1", {10: 1.0}, seconds=4, at_least=34)


def test_two_limits_hold_at_once(redis_url: str) -> None:
    check(redis_url, "10/0.5,25/2", {10: 0.5, 25: 2.0}, seconds=4.5, at_least=60)


@pytest.mark.parametrize("tokens", [200, 5000])
def test_leased_blocks_never_exceed_the_limit(redis_url: str, tokens: int) -> None:
    spent = check(redis_url, f"{tokens}/1", {tokens: 1.0}, seconds=3, at_least=2.3 * tokens)

    assert spent.round_trips < len(spent.at)
