"""The promise of `service.leases`, with real processes against a real Valkey."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct

ROOT = Path(__file__).parents[2]
CLOCK_GRAIN_S = 0.000_01


class Spent(Struct, frozen=True):
    at: list[float]
    round_trips: int


def spend(redis_url: str, limits: str, *, processes: int, seconds: float, callers: int = 4) -> Spent:
    """What all processes together spent under one key."""
    start = time.monotonic() + 1.5
    command = [sys.executable, "tests/limits/spender.py", redis_url, "key", limits, str(start), str(start + seconds)]
    running = [
        subprocess.Popen([*command, str(callers)], cwd=ROOT, env={"PYTHONPATH": "."}, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in running]
    assert [process.returncode for process in running] == [0] * processes
    spent = sorted(float(at) for output in outputs for at in output[1:])
    return Spent(spent, sum(int(output[0]) for output in outputs))


def narrowest_window_of(at: Sequence[float], tokens: int) -> float:
    """The shortest time in which that many were spent."""
    return min(last - first for first, last in zip(at, at[tokens - 1 :], strict=False))


def test_ten_a_second_is_never_exceeded_and_nearly_reached(redis_url: str) -> None:
    spent = spend(redis_url, "10/1", processes=3, seconds=4)

    assert narrowest_window_of(spent.at, 11) >= 1.0 - CLOCK_GRAIN_S
    assert len(spent.at) >= 34


def test_two_limits_hold_at_once(redis_url: str) -> None:
    spent = spend(redis_url, "10/0.5,25/2", processes=3, seconds=4.5)

    assert narrowest_window_of(spent.at, 11) >= 0.5 - CLOCK_GRAIN_S
    assert narrowest_window_of(spent.at, 26) >= 2.0 - CLOCK_GRAIN_S
    assert len(spent.at) >= 60


@pytest.mark.parametrize("count", [200, 5000])
def test_leased_blocks_never_exceed_the_limit(redis_url: str, count: int) -> None:
    spent = spend(redis_url, f"{count}/1", processes=3, seconds=3)

    assert narrowest_window_of(spent.at, count + 1) >= 1.0 - CLOCK_GRAIN_S
    assert len(spent.at) >= 2.3 * count
    assert spent.round_trips < len(spent.at)
