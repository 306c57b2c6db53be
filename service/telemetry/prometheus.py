"""The Prometheus page: text format 0.0.4 on an internal port, from a thread of its own.

Each worker process has a page: the first free port from the one configured upwards. A scraper lists the whole range.
"""

from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from threading import Thread

from service.telemetry.metrics import BOUNDS_S, Family, HistogramPoint, Labels, Metrics

PORTS = 64
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsPage:
    """Serves `/metrics` until closed. `port` is the one that was free; 0 asks the system for one."""

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        class Page(_Page):
            source = metrics

        self._server = _bind(Page, host, port)
        self.port: int = self._server.server_address[1]
        Thread(target=self._server.serve_forever, name="metrics-page", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def render(metrics: Metrics) -> str:
    """All metrics as Prometheus reads them."""
    return "".join(line for family in metrics.families() for line in _lines(family))


class _Page(BaseHTTPRequestHandler):
    source: Metrics
    timeout = 5
    server_version = "tickmark"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path != "/metrics":
            self.send_error(404)
            return
        body = render(self.source).encode()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Scrapes are not worth a line."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False
    """Two workers must not share a port, or a scrape would see now one and now the other."""


def _bind(page: type[_Page], host: str, port: int) -> _Server:
    last = port + PORTS - 1 if port else 0
    for candidate in range(port, last):
        with suppress(OSError):
            return _Server((host, candidate), page)
    return _Server((host, last), page)


def _lines(family: Family) -> Iterator[str]:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
    for point in family.points:
        if isinstance(point, HistogramPoint):
            bounds = (*(f"{bound:g}" for bound in BOUNDS_S), "+Inf")
            total = 0
            for bound, total in zip(bounds, accumulate(point.counts), strict=True):
                yield f"{name}_bucket{_braces((*point.labels, ('le', bound)))} {total}\n"
            yield f"{name}_sum{_braces(point.labels)} {point.sum_s:.9f}\n"
            yield f"{name}_count{_braces(point.labels)} {total}\n"
        else:
            yield f"{name}{_braces(point.labels)} {_number(point.value)}\n"


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
