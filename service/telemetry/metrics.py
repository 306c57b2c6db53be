"""Metrics counted in plain integers. Both exporters read them: the Prometheus page and OTLP.

The OpenTelemetry SDK's own instruments cost 5 to 6 µs a record (measured), and a call has seven of them; here a call
costs one dictionary lookup and a handful of additions. One event loop writes; readers see each series whole, though not
all of them at one instant.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from time import time_ns
from typing import Literal

from msgspec import Struct

from service.telemetry.calls import CallRecord, as_name

BOUNDS_S = (
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01,
    0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
_BOUNDS_NS = tuple(round(bound * 1e9) for bound in BOUNDS_S)
MAX_SERIES = 5_000
"""Labels come from closed sets in our code; this bounds the damage if one ever does not."""

Labels = tuple[tuple[str, str], ...]


class HistogramPoint(Struct, frozen=True):
    """`counts` per bucket (not cumulative), the last one above all bounds."""

    labels: Labels
    counts: tuple[int, ...]
    sum_s: float


class Point(Struct, frozen=True):
    labels: Labels
    value: float


class Family(Struct, frozen=True):
    """One metric with all its series. Names are without the `_total` of counters."""

    name: str
    help: str
    kind: Literal["counter", "gauge", "histogram"]
    points: tuple[Point | HistogramPoint, ...]


class Histogram:
    """How long something took, in fixed buckets."""

    __slots__ = ("counts", "sum_ns")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS_NS) + 1)
        self.sum_ns = 0

    def add(self, duration_ns: int) -> None:
        self.counts[bisect_left(_BOUNDS_NS, duration_ns)] += 1
        self.sum_ns += duration_ns


class Metrics:
    """Everything this process counts."""

    def __init__(self) -> None:
        self.started_at_ns = time_ns()
        self._calls: dict[tuple[str, int, str, str | None], _Series] = {}
        self._requests: dict[Labels, list[int]] = {}
        self._durations: dict[Labels, Histogram] = {}
        self._legs: dict[Labels, Histogram] = {}
        self._counters: dict[str, dict[Labels, list[int]]] = {name: {} for name in _COUNTERS}
        self._gauges: dict[str, dict[Labels, Callable[[], float]]] = {name: {} for name in _GAUGES}
        self._usage_rows = self._count_cell("tickmark_usage_rows", ())

    def count_call(self, call: CallRecord) -> None:
        """Counts an answered call: requests, durations of its legs, and what the vendor's side came to."""
        series = self._calls.get((call.operation, call.status, call.outcome, call.vendor))
        if series is None:
            series = self._series(call)
        series.requests[0] += 1
        series.duration.add(call.duration_ns)
        series.admission.add(call.admission_ns)
        if call.metered:
            self._usage_rows[0] += 1
            series.metering.add(call.metering_ns)
        if call.vendor_calls:
            series.vendor.add(call.vendor_ns)
            series.mapping.add(call.mapping_ns)
            series.vendor_calls[0] += call.vendor_calls
            if call.waited_ns:
                series.waiting.add(call.waited_ns)
            if call.retries or call.refreshes:
                self.count("tickmark_vendor_retries", call.retries, vendor=call.vendor or "none")
                self.count("tickmark_vendor_refreshes", call.refreshes, vendor=call.vendor or "none")
        if call.fault is not None:
            self.count("tickmark_vendor_faults", vendor=call.vendor or "none", kind=call.fault)
        if call.status == 429:
            self.count("tickmark_rate_limited", reason=call.error_code or "unknown")

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Adds to one of the counters named in this module, for what happens outside of calls too."""
        self._count_cell(name, tuple(labels.items()))[0] += by

    def gauge(self, name: str, read: Callable[[], float], **labels: str) -> None:
        """Has `read` called whenever somebody looks; it must be quick and safe in another thread."""
        self._gauges[name][tuple(labels.items())] = read

    def families(self) -> Iterator[Family]:
        """All metrics as they stand."""
        yield Family("tickmark_requests", "Answered calls.", "counter", _points(self._requests))
        yield Family(
            "tickmark_request_duration_seconds", "From first byte to receipt.", "histogram", _spread(self._durations)
        )
        yield Family("tickmark_leg_duration_seconds", "Each leg of a call.", "histogram", _spread(self._legs))
        for name, help_text in _COUNTERS.items():
            yield Family(name, help_text, "counter", _points(self._counters[name]))
        for name, help_text in _GAUGES.items():
            points = tuple(Point(labels, read()) for labels, read in tuple(self._gauges[name].items()))
            yield Family(name, help_text, "gauge", points)

    def _count_cell(self, name: str, labels: Labels) -> list[int]:
        cells = self._counters[name]
        cell = cells.get(labels)
        if cell is None:
            full = len(cells) >= MAX_SERIES
            labels = tuple((label, "other" if full else as_name(value)) for label, value in labels)
            cell = cells.setdefault(labels, [0])
        return cell

    def _series(self, call: CallRecord) -> "_Series":
        if len(self._calls) >= MAX_SERIES:
            return self._series_for("other", "0", "other", "other")
        series = self._series_for(
            as_name(call.operation), str(call.status), as_name(call.outcome), as_name(call.vendor)
        )
        self._calls[call.operation, call.status, call.outcome, call.vendor] = series
        return series

    def _series_for(self, operation: str, status: str, outcome: str, vendor: str) -> "_Series":
        def leg(name: str) -> Histogram:
            return self._legs.setdefault((("leg", name), ("vendor", vendor)), Histogram())

        series = _Series()
        labels = (("operation", operation), ("status", status), ("outcome", outcome))
        series.requests = self._requests.setdefault(labels, [0])
        series.duration = self._durations.setdefault((("operation", operation),), Histogram())
        series.admission, series.waiting, series.vendor = leg("admission"), leg("waiting"), leg("vendor")
        series.mapping, series.metering = leg("mapping"), leg("metering")
        series.vendor_calls = self._count_cell("tickmark_vendor_calls", (("vendor", vendor),))
        return series


class _Series:
    """Where a call of one kind is counted."""

    __slots__ = ("admission", "duration", "mapping", "metering", "requests", "vendor", "vendor_calls", "waiting")
    requests: list[int]
    vendor_calls: list[int]
    duration: Histogram
    admission: Histogram
    waiting: Histogram
    vendor: Histogram
    mapping: Histogram
    metering: Histogram


_COUNTERS = {
    "tickmark_vendor_calls": "Requests sent to vendors.",
    "tickmark_vendor_retries": "Requests sent again.",
    "tickmark_vendor_refreshes": "Forced credential refreshes.",
    "tickmark_vendor_faults": "What vendors did wrong, by kind.",
    "tickmark_usage_rows": "Usage rows made durable.",
    "tickmark_metering_down": "Answers thrown away because their usage row could not be made durable.",
    "tickmark_rate_limited": "Calls refused with 429.",
    "tickmark_traces_dropped": "Sampled calls whose spans could not be handed over.",
}
_GAUGES = {
    "tickmark_queue_length": "What waits in a queue of this process.",
    "tickmark_limit_round_trips": "Leases asked of Redis since the start.",
    "tickmark_limit_outages": "Times Redis went away since the start.",
    "tickmark_spend_leases": "Parts of spend budgets this process holds.",
}


def _points(cells: Mapping[Labels, list[int]]) -> tuple[Point, ...]:
    return tuple(Point(labels, cell[0]) for labels, cell in tuple(cells.items()))


def _spread(cells: Mapping[Labels, Histogram]) -> tuple[HistogramPoint, ...]:
    found = ((labels, tuple(cell.counts), cell.sum_ns / 1e9) for labels, cell in tuple(cells.items()))
    return tuple(HistogramPoint(labels, counts, sum_s) for labels, counts, sum_s in found if any(counts))
