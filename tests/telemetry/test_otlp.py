"""What a collector receives, read with OpenTelemetry's own protobuf classes from real HTTP requests."""

import gzip
import io
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from service.telemetry import CallRecord, setup

REQUEST = UUID("0193a1b2-c3d4-7000-8000-00000000beef")
STARTED_NS = 1_795_000_000_000_000_000
CANARY = "Canary Plumbing LLC"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """An HTTP server that keeps what is posted to it, by path."""

    def __init__(self) -> None:
        self.bodies: dict[str, list[bytes]] = {}
        keep = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                packed = self.headers.get("Content-Encoding") == "gzip"
                keep.setdefault(self.path, []).append(gzip.decompress(body) if packed else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> dict[str, Span]:
        found: dict[str, Span] = {}
        for body in self.bodies.get("/v1/traces", []):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found.update((span.name, span) for scope in resource.scope_spans for span in scope.spans)
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def a_call(**changes: Any) -> CallRecord:
    told: dict[str, Any] = {
        "request_id": REQUEST,
        "operation": "listClients",
        "method": "GET",
        "route": "/v1/clients",
        "status": 200,
        "outcome": "success",
        "started_at_ns": STARTED_NS,
        "duration_ns": 10_000_000,
        "org_id": UUID(int=1),
        "vendor": "canopy",
        "admission_ns": 50_000,
        "waited_ns": 1_000_000,
        "vendor_ns": 7_000_000,
        "mapping_ns": 300_000,
        "metering_ns": 900_000,
        "vendor_calls": 2,
        "metered": True,
    }
    return CallRecord(**{**told, **changes})


def observed(collector: Collector, *calls: CallRecord, ratio: float = 1.0) -> None:
    telemetry = setup(otlp_endpoint=collector.url, sample_ratio=ratio, log_stream=io.StringIO())
    for call in calls:
        telemetry.observe(call)
    telemetry.shutdown()


def test_a_sampled_call_is_one_server_span_with_a_child_for_each_leg(collector: Collector) -> None:
    observed(collector, a_call())

    spans = collector.spans()
    root = spans.pop("listClients")
    legs = {
        name: (span.start_time_unix_nano - STARTED_NS, span.end_time_unix_nano - STARTED_NS)
        for name, span in spans.items()
    }
    assert root.kind == Span.SPAN_KIND_SERVER
    assert root.trace_id == REQUEST.bytes
    assert root.parent_span_id == b""
    assert root.end_time_unix_nano - root.start_time_unix_nano == 10_000_000
    assert legs == {
        "admission": (0, 50_000),
        "waiting": (50_000, 1_050_000),
        "vendor": (1_050_000, 8_050_000),
        "mapping": (8_050_000, 8_350_000),
        "metering": (9_100_000, 10_000_000),
    }
    assert {span.parent_span_id for span in spans.values()} == {root.span_id}
    assert len({span.span_id for span in (*spans.values(), root)}) == 6


def test_a_callers_trace_is_continued(collector: Collector) -> None:
    observed(collector, a_call(traceparent=PARENT), ratio=0.0)

    root = collector.spans()["listClients"]
    assert root.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert root.parent_span_id.hex() == "b7ad6b7169203331"


def test_a_call_that_is_not_sampled_leaves_no_span(collector: Collector) -> None:
    observed(collector, a_call(), a_call(traceparent=PARENT[:-1] + "0"), ratio=0.0)

    assert collector.spans() == {}


def test_legs_that_did_not_happen_have_no_span(collector: Collector) -> None:
    quiet = dict.fromkeys(("waited_ns", "vendor_ns", "mapping_ns", "metering_ns"), 0)
    observed(collector, a_call(**quiet, status=401, outcome="client_error", error_code="invalid_key"))

    assert set(collector.spans()) == {"listClients", "admission"}


def test_words_that_are_no_names_of_ours_are_in_no_span(collector: Collector) -> None:
    words = dict.fromkeys(
        ("operation", "method", "route", "outcome", "vendor", "error_code", "fault", "traceparent"), CANARY
    )
    observed(collector, a_call(**words))

    assert "other" in collector.spans()
    assert CANARY.encode() not in b"".join(body for bodies in collector.bodies.values() for body in bodies)


def test_metrics_arrive_as_cumulative_sums_and_histograms(collector: Collector) -> None:
    observed(collector, a_call(), a_call(), ratio=0.0)

    request = ExportMetricsServiceRequest.FromString(collector.bodies["/v1/metrics"][-1])
    metrics = {metric.name: metric for metric in request.resource_metrics[0].scope_metrics[0].metrics}
    (requests,) = metrics["tickmark_requests"].sum.data_points
    legs = metrics["tickmark_leg_duration_seconds"].histogram.data_points
    vendor = next(point for point in legs if point.attributes[0].value.string_value == "vendor")
    assert requests.as_int == 2
    assert metrics["tickmark_requests"].sum.is_monotonic
    assert vendor.count == 2
    assert vendor.sum == pytest.approx(0.014)
    assert sum(vendor.bucket_counts) == 2
    assert len(vendor.bucket_counts) == len(vendor.explicit_bounds) + 1


def test_logs_arrive_with_listed_fields_only(collector: Collector) -> None:
    telemetry = setup(otlp_endpoint=collector.url, log_stream=io.StringIO())
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("service.x").exception(
            "mapping of %s failed",
            CANARY,
            extra={"vendor": "canopy", "client_name": CANARY},
        )
    logging.getLogger("service.x").error("for " + CANARY.upper())
    telemetry.shutdown()

    (body,) = collector.bodies["/v1/logs"]
    first, second = ExportLogsServiceRequest.FromString(body).resource_logs[0].scope_logs[0].log_records
    attributes = {item.key: item.value.string_value for item in first.attributes}
    assert first.body.string_value == "mapping of <str> failed"
    assert second.body.string_value == "[withheld]"
    assert attributes.pop("code.function").startswith("test_otlp:test_logs_arrive")
    assert attributes == {"vendor": "canopy", "exception.type": "builtins.ValueError"}
    assert b"CANARY" not in body.upper()


def test_a_collector_that_is_away_costs_calls_nothing() -> None:
    telemetry = setup(otlp_endpoint="http://127.0.0.1:1", sample_ratio=1.0, log_stream=io.StringIO())

    for _ in range(50):
        telemetry.observe(a_call())

    telemetry.shutdown()
