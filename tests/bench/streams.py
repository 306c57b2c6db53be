"""A huge document each way, through us and through nginx: `python -m tests.bench.streams [--json] [--size-mb 1000]`.

Goals: less than 32 MB of growth of the worker while it streams, and at least 0.7 of nginx's speed in each direction.
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from service import embedded, ids
from service.accounts.tokens import Peppers
from service.application import Application
from service.connections.vault import LocalKey, Vault
from service.connectors.taxdome.connector import TAXDOME
from service.db.migrate import migrate
from service.db.pool import open_pool
from service.demo.cast import Cast, prepare_cast
from service.sandbox.serve import SandboxGrant, SandboxServer
from service.server import serve
from service.settings import Settings, load
from tests.bench.cost import cpu_s, family, resident_bytes
from tests.bench.peers import ROOMY
from tests.bench.stage import environ_of, free_port, process, wait_until_open

_PIECE: Final = memoryview(bytes(1024 * 1024))
_NGINX: Final = """
worker_processes 1; daemon off; pid {directory}/pid; error_log {directory}/error.log;
events {{}}
http {{
    access_log off; client_max_body_size 0; client_body_temp_path {directory}; proxy_temp_path {directory};
    fastcgi_temp_path {directory}; uwsgi_temp_path {directory}; scgi_temp_path {directory};
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_buffers 16 256k; proxy_buffer_size 256k; proxy_busy_buffers_size 1m; proxy_max_temp_file_size 0;
            proxy_request_buffering off; client_body_buffer_size 256k;
        }}
    }}
}}
"""


class Way(msgspec.Struct, frozen=True):
    """One direction: megabytes a second (medians), CPU seconds a gigabyte, and the worker's growth."""

    ours_mb_s: float
    nginx_mb_s: float | None
    ratio: float | None
    ours_cpu_s_per_gb: float
    growth_mb: float


class Report(msgspec.Struct, frozen=True):
    size_mb: int
    download: Way
    upload: Way


def application() -> Application:
    """The product, with a vendor that has no small budget."""
    return Application(load(), (replace(TAXDOME, budget=ROOMY),))


def measure(size_mb: int, rounds: int) -> Report:
    """Both directions, the peers in turn."""
    size_bytes = size_mb * 1_000_000
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        upstream = stack.enter_context(_upstream(size_bytes))
        servers = stack.enter_context(embedded.running(directory / "servers"))
        environ = environ_of(servers)
        cast = uvloop.run(_prepare(servers.postgres_url, load(environ), _Canned(upstream)))
        ours, worker = stack.enter_context(_product(environ))
        nginx = stack.enter_context(_nginx(directory, upstream))
        link = cast.connections["taxdome"]
        keys = f"Authorization: Bearer {cast.key}\r\nConnection-Id: {ids.encode('con', link)}\r\n"
        document = ids.Book(link, 0, "").ref("doc_", "doc_1")

        def down(port: int) -> float:
            path = f"/v1/documents/{document}/content" if port == ours else "/files/1"
            return _download(port, f"GET {path} HTTP/1.1\r\nHost: a\r\n{keys}\r\n", size_bytes)

        def up(port: int) -> float:
            path = "/v1/documents?name=a.zip&area=private" if port == ours else "/api/documents"
            own = f"{keys}Idempotency-Key: {secrets.token_hex(16)}\r\nContent-Type: application/zip\r\n"
            return _upload(port, f"POST {path} HTTP/1.1\r\nHost: a\r\n{own}", size_bytes)

        return Report(
            size_mb, _way(down, ours, nginx, worker, rounds, size_mb), _way(up, ours, nginx, worker, rounds, size_mb)
        )


def _way(go: Callable[[int], float], ours: int, nginx: int | None, worker: int, rounds: int, size_mb: int) -> Way:
    """One direction: the peers in turn, medians; the worker's growth over its size before the first byte."""
    times: dict[int, list[float]] = {port: [] for port in (ours, nginx) if port is not None}
    before, most, cpu = resident_bytes(worker), 0, 0.0
    for _ in range(rounds):
        for port, found in times.items():
            if port != ours:
                found.append(go(port))
                continue
            began, watch = cpu_s(worker), _Watch(worker)
            try:
                found.append(go(port))
            finally:
                most = max(most, watch.stop())
            cpu += cpu_s(worker) - began
    speeds = {port: size_mb / statistics.median(found) for port, found in times.items()}
    theirs = speeds[nginx] if nginx is not None else None
    return Way(
        round(speeds[ours], 1),
        theirs and round(theirs, 1),
        theirs and round(speeds[ours] / theirs, 2),
        round(cpu / rounds / size_mb * 1000, 2),
        round((most - before) / 1e6, 1),
    )


class _Watch:
    """The largest resident size of a process until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stopped.wait(0.02):
            self._most = max(self._most, resident_bytes(self._pid))

    def stop(self) -> int:
        self._stopped.set()
        self._thread.join()
        return max(self._most, resident_bytes(self._pid))


def _download(port: int, head: str, size_bytes: int) -> float:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode())
        buffer = bytearray(1024 * 1024)
        rest = _after_head(connection, b"HTTP/1.1 200")
        count = len(rest)
        while count < size_bytes:
            got = connection.recv_into(buffer)
            if not got:
                raise ConnectionError(f"broke off after {count:,} bytes")
            count += got
    return time.monotonic() - began


def _upload(port: int, head: str, size_bytes: int) -> float:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{head}Content-Length: {size_bytes}\r\n\r\n".encode())
        left = size_bytes
        while left:
            piece = _PIECE[: min(left, len(_PIECE))]
            connection.sendall(piece)
            left -= len(piece)
        _after_head(connection, b"HTTP/1.1 20")
    return time.monotonic() - began


def _after_head(connection: socket.socket, expected: bytes) -> bytes:
    """The first bytes of the body."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65536)
        if not got:
            raise ConnectionError("no answer")
        data += got
    if not data.startswith(expected):
        raise ConnectionError(data[:500].decode("latin-1"))
    return data.partition(b"\r\n\r\n")[2]


class _Canned(SandboxServer):
    """A consent at the upstream, as if its sandbox had given it."""

    def __init__(self, port: int) -> None:
        super().__init__("taxdome", f"http://127.0.0.1:{port}")

    def grant(
        self, *, scopes: list[str] | None = None, access_s: float | None = None, refresh_s: float | None = None
    ) -> SandboxGrant:
        return SandboxGrant(
            vendor="taxdome",
            account="acc_1",
            client_id="bench",
            client_secret="bench",
            access_token="bench",
            refresh_token="bench",
            expires_in=86_400,
            refresh_expires_in=86_400,
            scopes=[],
            authorize_url="",
            token_url="",
            revoke_url=None,
        )


async def _prepare(url: str, settings: Settings, sandbox: SandboxServer) -> Cast:
    await migrate(url)
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
    async with await open_pool(url, "tickmark_operator") as pool, pool.acquire() as connection:
        return await prepare_cast(connection, peppers, vault, (sandbox,))


@contextmanager
def _product(environ: dict[str, str]) -> Generator[tuple[int, int]]:
    """The product's port and its worker's process id."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.streams", "--serve"]
    with process(command, {**os.environ, **environ, "TICKMARK_PORT": str(port)}) as pid:
        wait_until_open(port)
        yield port, family(pid)[-1]


@contextmanager
def _nginx(directory: Path, upstream: int) -> Generator[int | None]:
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if path is None:
        print("nginx is not installed (`apt-get install nginx-light`): left out", file=sys.stderr)
        yield None
        return
    port, config = free_port(), directory / "nginx.conf"
    config.write_text(_NGINX.format(directory=directory, port=port, upstream=upstream))
    with process([path, "-c", str(config)]):
        wait_until_open(port)
        yield port


@contextmanager
def _upstream(size_bytes: int) -> Generator[int]:
    command = [sys.executable, "-m", "tests.bench.streams_upstream", str(size_bytes)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield int(child.stdout.readline())
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


def to_text(report: Report) -> str:
    """A line for each direction."""
    lines = [
        f"{name}: {way.ours_mb_s:,.0f} MB/s, {way.ratio} of nginx ({way.nginx_mb_s} MB/s), "
        f"{way.ours_cpu_s_per_gb} CPU s a GB, worker grew by {way.growth_mb} MB"
        for name, way in (("download", report.download), ("upload", report.upload))
    ]
    return "\n".join([*lines, "goals: >= 0.7 of nginx, < 32 MB"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--size-mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(load(), "tests.bench.streams:application")
        return
    report = measure(options.size_mb, options.rounds)
    print(json.dumps(msgspec.to_builtins(report)) if options.json else to_text(report))


if __name__ == "__main__":
    main()
