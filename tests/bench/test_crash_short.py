"""The crash harness in its short form; and that its verdict notices what it is there for."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from tests.bench.crash import Outcome
from tests.bench.crash_load import Seen
from tests.bench.crash_verdict import Row, compare_answers, compare_unanswered, find_rude

REQUEST, KEY = uuid4(), uuid4()
BILLED = Seen(0, "get_client", None, 200, REQUEST, billable=True, units=1, reason="success")
FREE = Seen(0, "get_client", None, 503, REQUEST, reason="platform_error")
SILENT = Seen(0, "get_client", None)
ROW = Row(REQUEST, KEY, "getClient", 200, True, "success", 1, False)


def test_killed_processes_lose_nothing_and_bill_nothing_twice() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.crash", "--quick", "--json"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=Outcome)
    assert (found.lost, found.double, found.overshoot_minor) == (0, 0, 0)
    assert found.calls >= 1_500
    assert found.kills == 8


@pytest.mark.parametrize(
    ("call", "row", "lost", "double"),
    [
        (BILLED, ROW, 0, 0),
        (BILLED, None, 1, 0),
        (BILLED, msgspec.structs.replace(ROW, void=True), 1, 0),
        (BILLED, msgspec.structs.replace(ROW, units=2), 0, 1),
        (FREE, ROW, 0, 1),
        (FREE, msgspec.structs.replace(ROW, void=True), 0, 0),
        (FREE, None, 0, 0),
    ],
)
def test_an_answer_that_is_not_its_row_is_noticed(call: Seen, row: Row | None, lost: int, double: int) -> None:
    found: tuple[list[str], list[str]] = ([], [])
    rows: dict[UUID, Row] = {} if row is None else {REQUEST: row}
    compare_answers([call], rows, *found)

    assert (len(found[0]), len(found[1])) == (lost, double)


@pytest.mark.parametrize(("silent", "double"), [(0, 1), (1, 0)])
def test_a_row_without_its_call_is_noticed(silent: int, double: int) -> None:
    found: list[str] = []
    compare_unanswered([SILENT] * silent, [ROW], {KEY: 0}, found)

    assert len(found) == double


@pytest.mark.parametrize(
    ("status", "retry_after_s", "rude"), [(503, 1.0, 0), (503, 0.0, 1), (500, 1.0, 1), (429, 0.0, 0), (None, 0.0, 0)]
)
def test_a_failure_that_does_not_say_when_to_come_again_is_noticed(
    status: int | None, retry_after_s: float, rude: int
) -> None:
    call = Seen(0, "get_client", None, status, REQUEST, retry_after_s=retry_after_s)

    assert len(find_rude([call])) == rude
