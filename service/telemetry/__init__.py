"""What we see of ourselves: metrics, traces and logs. Nothing happens on import; `setup` starts it, once per process.

A call is told once, after it was answered, as a `CallRecord`. It is always counted; spans are built if it is sampled.
"""

import logging
import os
import socket
from typing import TYPE_CHECKING, TextIO

from service import ids
from service.telemetry.calls import CallRecord, fault_kind
from service.telemetry.logs import LogPipes
from service.telemetry.metrics import Metrics
from service.telemetry.prometheus import MetricsPage
from service.telemetry.sampling import Sampler

if TYPE_CHECKING:
    from service.telemetry.otlp import Collector

__all__ = ["CallRecord", "Metrics", "Telemetry", "fault_kind", "log_exception", "setup"]

_log = logging.getLogger(__name__)


class Telemetry:
    """This process's telemetry. Made bare (`Telemetry()`) it only counts."""

    def __init__(
        self,
        *,
        sampler: Sampler | None = None,
        metrics: Metrics | None = None,
        collector: "Collector | None" = None,
        page: MetricsPage | None = None,
        pipes: LogPipes | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._sampler = sampler or Sampler(0.0)
        self._collector = collector
        self._page = page
        self._pipes = pipes

    @property
    def metrics_port(self) -> int | None:
        """Where this process's Prometheus page is."""
        return self._page.port if self._page is not None else None

    def observe(self, call: CallRecord) -> None:
        """Takes note of an answered call; never raises, never waits."""
        self.metrics.count_call(call)
        if self._collector is not None and self._sampler.samples(call.request_id, call.traceparent):
            self._collector.send(call)
        if call.status >= 500:
            _log_failed(call)

    def metering_down(self, error: BaseException) -> None:
        """A usage row could not be made durable, so the answer was thrown away."""
        self.metrics.count("tickmark_metering_down")
        _log.error("usage row not durable: answer thrown away", exc_info=error)

    def shutdown(self) -> None:
        """Sends what is left and gives logging back; a few seconds at most."""
        if self._pipes is not None:
            self._pipes.close()
        if self._page is not None:
            self._page.close()
        if self._collector is not None:
            self._collector.close()


def setup(
    *,
    service_name: str = "tickmark",
    log_level: str = "INFO",
    otlp_endpoint: str | None = None,
    sample_ratio: float = 0.01,
    metrics_port: int | None = None,
    metrics_host: str = "127.0.0.1",
    log_stream: TextIO | None = None,
) -> Telemetry:
    """Starts this process's telemetry. Call it in the process that serves, after any fork.

    `otlp_endpoint` is the collector's base URL (`http://collector:4318`); None sends nothing. `sample_ratio` is for
    calls that come without a traceparent. `metrics_port` is the first port tried for the Prometheus page, so that each
    worker gets one of its own; None serves no page.
    """
    metrics = Metrics()
    collector = None
    if otlp_endpoint is not None:
        from service.telemetry.otlp import Collector

        collector = Collector(otlp_endpoint, service_name, metrics, instance=f"{socket.gethostname()}:{os.getpid()}")
    pipes = LogPipes(log_level, log_stream, (collector.log_handler,) if collector is not None else ())
    page = MetricsPage(metrics, metrics_host, metrics_port) if metrics_port is not None else None
    sampler = Sampler(sample_ratio)
    return Telemetry(sampler=sampler, metrics=metrics, collector=collector, page=page, pipes=pipes)


def log_exception(exception: BaseException, *, request_id: str | None = None) -> None:
    """An exception nobody expected: its type and place, never its words."""
    _log.error("unexpected exception", exc_info=exception, extra={"request_id": request_id})


def _log_failed(call: CallRecord) -> None:
    _log.warning(
        "call failed",
        extra={
            "request_id": ids.encode("req", call.request_id),
            "operation": call.operation,
            "status": call.status,
            "vendor": call.vendor,
            "error_code": call.error_code,
            "fault": call.fault,
            "duration_ms": round(call.duration_ns / 1e6, 1),
        },
    )
