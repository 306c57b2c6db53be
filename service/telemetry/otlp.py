"""OTLP over HTTP: spans, metrics and logs to a collector. Imported only when one is configured: it is not small."""

import logging
from collections.abc import Iterator
from secrets import randbits
from threading import Event, Thread
from time import time_ns
from typing import TypeAlias

from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import export
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from service import ids
from service.telemetry.calls import CallRecord, as_name
from service.telemetry.logs import error_of, fields_of, message_of
from service.telemetry.metrics import BOUNDS_S, Family, HistogramPoint, Metrics, Point
from service.telemetry.sampling import parse_traceparent

METRICS_EVERY_S = 15.0
TIMEOUT_S = 3
_SCOPE = InstrumentationScope("tickmark")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
Attributes: TypeAlias = dict[str, str | int]


class Collector:
    """Sends to one collector until closed; what it cannot take is dropped, never waited for."""

    def __init__(self, endpoint: str, service_name: str, metrics: Metrics, *, instance: str) -> None:
        base = endpoint.rstrip("/")
        self._resource = Resource.create({"service.name": service_name, "service.instance.id": instance})
        self._spans = BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces", timeout=TIMEOUT_S))
        self._logs = LoggerProvider(self._resource, shutdown_on_exit=False)
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(OTLPLogExporter(f"{base}/v1/logs", timeout=TIMEOUT_S))
        )
        self._metrics = metrics
        self._metric_exporter = OTLPMetricExporter(f"{base}/v1/metrics", timeout=TIMEOUT_S)
        self._closing = Event()
        self._pusher = Thread(target=self._push_metrics, name="otlp-metrics", daemon=True)
        self._pusher.start()
        self.log_handler: logging.Handler = _LogHandler(self._logs)

    def send(self, call: CallRecord) -> None:
        """Hands over a sampled call's spans."""
        for span in spans_of(call, self._resource):
            self._spans.on_end(span)

    def close(self) -> None:
        """Sends what is left, a few seconds at most."""
        self._closing.set()
        self._pusher.join(10)
        self._metric_exporter.shutdown()  # pyright: ignore[reportUnknownMemberType]
        self._spans.shutdown()  # type: ignore[no-untyped-call]
        self._logs.shutdown()

    def _push_metrics(self) -> None:
        while True:
            last = self._closing.wait(METRICS_EVERY_S)
            found = to_metrics_data(self._metrics, self._resource)
            self._metric_exporter.export(found)  # pyright: ignore[reportUnknownMemberType]
            if last:
                return


def spans_of(call: CallRecord, resource: Resource) -> Iterator[ReadableSpan]:
    """One server span and a child for each leg that happened. A trace that begins here has the request id as its id."""
    parent = parse_traceparent(call.traceparent) if call.traceparent else None
    trace_id = parent.trace_id if parent else call.request_id.int
    root = SpanContext(trace_id, _span_id(), False, _SAMPLED)
    ended_at_ns = call.started_at_ns + call.duration_ns
    yield ReadableSpan(
        as_name(call.operation),
        root,
        SpanContext(trace_id, parent.span_id, True, _SAMPLED) if parent else None,
        resource,
        _attributes(call),
        kind=SpanKind.SERVER,
        status=Status(StatusCode.ERROR if call.status >= 500 else StatusCode.UNSET),
        start_time=call.started_at_ns,
        end_time=ended_at_ns,
        instrumentation_scope=_SCOPE,
    )
    for name, start_ns, duration_ns in _legs(call):
        attributes: Attributes = {}
        if name == "vendor":
            attributes = {"tickmark.vendor": as_name(call.vendor), "tickmark.vendor_calls": call.vendor_calls}
        yield ReadableSpan(
            name,
            SpanContext(trace_id, _span_id(), False, _SAMPLED),
            root,
            resource,
            attributes,
            kind=SpanKind.CLIENT if name == "vendor" else SpanKind.INTERNAL,
            start_time=call.started_at_ns + start_ns,
            end_time=min(call.started_at_ns + start_ns + duration_ns, ended_at_ns),
            instrumentation_scope=_SCOPE,
        )


def to_metrics_data(metrics: Metrics, resource: Resource) -> export.MetricsData:
    """All metrics in the SDK's own structures, cumulative since the start."""
    now = time_ns()
    found = [_metric(family, metrics.started_at_ns, now) for family in metrics.families() if family.points]
    scope = export.ScopeMetrics(_SCOPE, found, "")
    return export.MetricsData([export.ResourceMetrics(resource, [scope], "")])


def _legs(call: CallRecord) -> Iterator[tuple[str, int, int]]:
    """Name, start and duration of each leg, in ns from the call's start."""
    at = call.admission_ns
    if call.admission_ns:
        yield "admission", 0, call.admission_ns
    if call.waited_ns:
        yield "waiting", at, call.waited_ns
    if call.vendor_ns:
        start = call.vendor_at_ns if call.vendor_at_ns is not None else at + call.waited_ns
        yield "vendor", start, call.vendor_ns
        at = start + call.vendor_ns
    if call.mapping_ns:
        yield "mapping", call.mapping_at_ns if call.mapping_at_ns is not None else at, call.mapping_ns
    if call.metering_ns:
        yield "metering", max(0, call.duration_ns - call.metering_ns), call.metering_ns


def _attributes(call: CallRecord) -> Attributes:
    found: Attributes = {
        "http.request.method": as_name(call.method.lower()).upper(),
        "http.route": as_name(call.route),
        "http.response.status_code": call.status,
        "tickmark.request_id": ids.encode("req", call.request_id),
        "tickmark.outcome": as_name(call.outcome),
        "tickmark.rows": call.rows,
        "tickmark.units": call.units,
        "tickmark.vendor_retries": call.retries,
        "tickmark.vendor_refreshes": call.refreshes,
    }
    known = (("org", call.org_id), ("key", call.key_id), ("con", call.connection_id))
    found.update((f"tickmark.{prefix}", ids.encode(prefix, value)) for prefix, value in known if value is not None)
    named = (("tickmark.vendor", call.vendor), ("error.type", call.error_code), ("tickmark.fault", call.fault))
    found.update((name, as_name(value)) for name, value in named if value is not None)
    return found


def _metric(family: Family, started_at_ns: int, now: int) -> export.Metric:
    numbers = [
        export.NumberDataPoint(dict(point.labels), started_at_ns, now, point.value)
        for point in family.points
        if isinstance(point, Point)
    ]
    spreads = [
        export.HistogramDataPoint(
            dict(point.labels),
            started_at_ns,
            now,
            sum(point.counts),
            point.sum_s,
            point.counts,
            BOUNDS_S,
            min=0.0,
            max=0.0,
        )
        for point in family.points
        if isinstance(point, HistogramPoint)
    ]
    cumulative = export.AggregationTemporality.CUMULATIVE
    match family.kind:
        case "histogram":
            return export.Metric(family.name, family.help, "s", export.Histogram(spreads, cumulative))
        case "counter":
            return export.Metric(family.name, family.help, "1", export.Sum(numbers, cumulative, is_monotonic=True))
        case "gauge":
            return export.Metric(family.name, family.help, "1", export.Gauge(numbers))


class _LogHandler(logging.Handler):
    """The same allow-listed record as the JSON line, as an OTLP log."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._logger = provider.get_logger("tickmark")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        """Lost, as in the other pipe."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("opentelemetry", "urllib3", "requests")):
            return  # the exporter's own troubles would go round in a circle
        attributes: dict[str, str | int | float | bool] = {
            name: value for name, value in fields_of(record).items() if value is not None
        }
        attributes["code.function"] = f"{record.module}:{record.funcName}:{record.lineno}"
        if (error := error_of(record)) is not None:
            attributes["exception.type"] = str(error["type"])
        self._logger.emit(
            timestamp=int(record.created * 1e9),
            severity_number=_SEVERITY.get(record.levelno, SeverityNumber.INFO),
            severity_text=record.levelname,
            body=message_of(record),
            attributes=attributes,
        )


_SEVERITY = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


def _span_id() -> int:
    return randbits(64) or 1
