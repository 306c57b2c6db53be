"""What the whole product adds to a vendor's answer: `python -m tests.bench.facade [--json] [--seconds S] [--rounds N]`.

The full path against a bare Litestar proxy on the same server and transport, and against nginx `proxy_pass`, all before
the same upstream. Runs are interleaved; medians over the rounds. CPU is that of the peer's own processes.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Final

import msgspec

from tests.bench import load
from tests.bench.cost import cpu_s
from tests.bench.stage import Peer, Stage, free_port, process, served, stage, wait_until_open

CONNECTIONS: Final = (1, 32, 128)
_NGINX: Final = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; proxy_temp_path {directory}; client_body_temp_path {directory};
  upstream vendor {{ server {upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k;
    }}
  }}
}}
"""


class Run(msgspec.Struct, frozen=True):
    """One peer under one load; medians over the rounds."""

    calls_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Of the peer's processes, for each call."""


class Row(msgspec.Struct, frozen=True):
    """All peers under one load."""

    target: str
    connections: int
    peers: dict[str, Run]

    @property
    def share(self) -> float:
        """Our throughput as a share of the bare handler's."""
        return self.peers["tickmark"].calls_per_s / self.peers["bare"].calls_per_s

    @property
    def our_cpu_us(self) -> float:
        """What we add to the bare handler."""
        return self.peers["tickmark"].cpu_us - self.peers["bare"].cpu_us


def measure(stage: Stage, seconds: float, rounds: int, connections: tuple[int, ...] = CONNECTIONS) -> list[Row]:
    """Every load on every peer."""
    with ExitStack() as stack:
        peers = [stack.enter_context(served(stage, name)) for name in ("tickmark", "bare")]
        peers += stack.enter_context(_nginx(stage))
        loads = [(target, count) for target in stage.targets for count in connections]
        samples: dict[tuple[str, int, str], list[Run]] = {}
        for peer in peers:
            for target in stage.targets:
                _run(stage, peer, target, 32, 2)
        for _ in range(rounds):
            for target, count in loads:
                for peer in peers:
                    run = _run(stage, peer, target, count, seconds)
                    samples.setdefault((target, count, peer.name), []).append(run)
    return [
        Row(target, count, {peer.name: _median(samples[target, count, peer.name]) for peer in peers})
        for target, count in loads
    ]


def _run(stage: Stage, peer: Peer, target: str, connections: int, seconds: float) -> Run:
    ours = peer.name == "tickmark"
    path = stage.targets[target].ours if ours else stage.targets[target].vendors
    before = cpu_s(peer.pid)
    found = load.run(peer.url + path, stage.headers, connections, seconds)
    spent = cpu_s(peer.pid) - before
    return Run(found.calls_per_s, found.p50_us / 1e3, found.p99_us / 1e3, spent / found.requests * 1e6)


def _median(runs: list[Run]) -> Run:
    return Run(*(statistics.median(column) for column in zip(*map(msgspec.structs.astuple, runs), strict=True)))


@contextmanager
def _nginx(stage: Stage) -> Generator[list[Peer]]:
    path = load.nginx()
    if path is None:
        print("nginx is not installed (`apt-get install nginx-light`): left out", file=sys.stderr)
        yield []
        return
    port = free_port()
    config = stage.directory / "nginx.conf"
    upstream = stage.upstream.removeprefix("http://")
    config.write_text(_NGINX.format(directory=stage.directory, upstream=upstream, port=port))
    with process([path, "-c", str(config)]) as pid:
        wait_until_open(port)
        yield [Peer("nginx", f"http://127.0.0.1:{port}", pid, 0.0)]


def to_text(rows: list[Row]) -> str:
    """The table, and what is to be reached."""
    head = f"{'':7}{'conns':>6}  {'peer':9}{'calls/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}{'of bare':>9}"
    lines = [head]
    for row in rows:
        for name, run in row.peers.items():
            share = run.calls_per_s / row.peers["bare"].calls_per_s
            figures = f"{run.calls_per_s:9,.0f}{run.p50_ms:9.2f}{run.p99_ms:9.2f}{run.cpu_us:8.0f}{share:9.2f}"
            lines.append(f"{row.target:7}{row.connections:6}  {name:9}{figures}")
    lines.append("")
    for row in rows:
        ours = row.peers["tickmark"]
        lines.append(
            f"{row.target:7}{row.connections:6}  throughput {row.share:.2f}x bare, "
            f"p99 {ours.p99_ms / ours.p50_ms:.1f}x p50, {row.our_cpu_us:.0f} us CPU a call over bare"
        )
    lines.append("goals, record: throughput >= 0.75x, p99 <= 3x p50, <= 100 us; flat page: <= 500 us")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, nargs="*", default=CONNECTIONS)
    options = parser.parse_args()
    with stage() as prepared:
        rows = measure(prepared, options.seconds, options.rounds, tuple(options.connections))
    print(json.dumps(msgspec.to_builtins(rows)) if options.json else to_text(rows))


if __name__ == "__main__":
    main()
