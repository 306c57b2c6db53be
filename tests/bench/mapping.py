"""Decode + map + encode of one page of 200 records, for each binding: `python -m tests.bench.mapping [--json]`.

Medians of interleaved runs on one core, with the settings of production (objects frozen, high thresholds).
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec

from service.connectors.registry import CONNECTORS
from service.connectors.sdk.binding import Binding, Query, RemotePage
from service.connectors.sdk.flow import Flow, Response
from service.ids import Book
from tests.bench.pages import bodies_before, page_body

RECORDS: Final = 200
_BOOK: Final = Book(UUID(int=7), 0, "9130000000000001", "USD")
_encode: Final = msgspec.json.Encoder().encode


def mapping_ns(binding: Binding[Any, Any, Any], body: bytes, before: tuple[bytes, ...] = ()) -> int:
    """Nanoseconds from the vendor's bytes to ours, for one page."""
    assert binding.page is not None
    answer = Response(200, {}, body)
    started = time.perf_counter_ns()
    flow = binding.page(Query(limit=RECORDS), _BOOK)
    next(flow)
    for earlier in before:
        flow.send(Response(200, {}, earlier))
    page = _value(flow, answer)
    _encode(page.records)
    elapsed_ns = time.perf_counter_ns() - started
    assert len(page.records) == RECORDS
    return elapsed_ns


def _value(flow: Flow[RemotePage[Any]], answer: Response) -> RemotePage[Any]:
    try:
        flow.send(answer)
    except StopIteration as stop:
        page: RemotePage[Any] = stop.value
        return page
    raise AssertionError("a page takes one call")


def measure(rounds: int = 150) -> dict[str, float]:
    """Median microseconds for each record, by `vendor.resource`."""
    runs: dict[str, Callable[[], int]] = {}
    for connector in CONNECTORS:
        for name, binding in connector.bindings().items():
            if not binding.raw:
                continue  # made of several of another noun's records
            body = page_body(connector.slug, name, RECORDS)
            runs[f"{connector.slug}.{name}"] = partial(mapping_ns, binding, body, bodies_before(connector.slug, name))
    samples: dict[str, list[int]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            samples[name].append(run())
    return {name: round(statistics.median(taken) / RECORDS / 1000, 3) for name, taken in samples.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, microseconds for each record")
    arguments = parser.parse_args()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    measure(20)
    found = measure()
    if arguments.json:
        print(json.dumps({"unit": "us_per_record", "records": RECORDS, "medians": found}))
        return
    for name, microseconds in found.items():
        print(f"{name:24}{microseconds:8.2f} µs a record")


if __name__ == "__main__":
    main()
