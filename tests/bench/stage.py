"""What every peer stands on: PostgreSQL, Valkey, an upstream with the sandbox's answers, a customer, and processes."""

import base64
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import asyncpg
import msgspec
import uvloop

from service import embedded, ids
from service.accounts.tokens import Peppers
from service.connections.vault import LocalKey, Vault
from service.connectors.quickbooks.clients import BINDING
from service.connectors.quickbooks.connector import QUICKBOOKS
from service.connectors.quickbooks.service_items import BINDING as ITEMS
from service.connectors.sdk.binding import Query
from service.connectors.sdk.flow import Request
from service.db.migrate import migrate
from service.db.pool import open_pool
from service.demo.cast import Cast, prepare_cast
from service.sandbox.serve import SandboxServer, running
from service.settings import Settings, load
from tests.bench.cost import family
from tests.bench.log_files import leave_log_files
from tests.bench.pages import page_body
from tests.bench.peers import UPSTREAM

PAGE_RECORDS = 200
_ROOT = Path(__file__).parents[2]
_BOOK = ids.Book(UUID(int=1), 0, "1", "USD")
_READY_WITHIN_S = 20.0


class Target(msgspec.Struct, frozen=True):
    """The same question, asked of us and of the vendor itself."""

    ours: str
    vendors: str


class Stage(msgspec.Struct, frozen=True):
    """A prepared customer and all that a peer's process must be told."""

    environ: dict[str, str]
    upstream: str
    headers: dict[str, str]
    """Of every call to us."""
    targets: dict[str, Target]
    """`record`, `page` of clients, and `flat`: a page of service items."""
    directory: Path

    @property
    def settings(self) -> Settings:
        """As the product's process reads them."""
        return load(self.environ)


class Peer(msgspec.Struct, frozen=True):
    """A running process that answers on `url`."""

    name: str
    url: str
    pid: int
    started_at: float
    """On the monotonic clock, just before the process was made."""


@contextmanager
def stage() -> Generator[Stage]:
    """Everything but the peers, for the length of the block."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        sandbox = stack.enter_context(running("quickbooks", clients=PAGE_RECORDS))
        remote_id, record, page, flat = _keep_answers(sandbox, directory)
        upstream = stack.enter_context(_upstream(directory))
        servers = stack.enter_context(embedded.running(directory / "servers"))
        environ = environ_of(servers)
        uvloop.run(_in_service(servers.postgres_url))
        cast = uvloop.run(_prepare(servers.postgres_url, load(environ), _Canned(sandbox, upstream)))
        connection_id = cast.connections["quickbooks"]
        yield Stage(
            environ | {UPSTREAM: upstream},
            upstream,
            {"Authorization": f"Bearer {cast.key}", "Connection-Id": ids.encode("con", connection_id)},
            {
                "record": Target(f"/v1/clients/{ids.Book(connection_id, 0, '').ref('cli_', remote_id)}", record),
                "page": Target(f"/v1/clients?limit={PAGE_RECORDS}", page),
                "flat": Target(f"/v1/service_items?limit={PAGE_RECORDS}", flat),
            },
            directory,
        )


@contextmanager
def served(stage: Stage, name: str, module: str = "tests.bench.peers") -> Generator[Peer]:
    """One of the peers of `tests.bench.peers`, answering."""
    port = free_port()
    environ = {**os.environ, **stage.environ, "TICKMARK_PORT": str(port)}
    started_at = time.monotonic()
    command = [sys.executable, "-m", module, name]
    with process(command, environ) as pid:
        wait_until_open(port)
        yield Peer(name, f"http://127.0.0.1:{port}", pid, started_at)


@contextmanager
def process(command: list[str], environ: Mapping[str, str] | None = None) -> Generator[int]:
    """A child that is stopped with the block, and those below it; its process id."""
    child = subprocess.Popen(command, cwd=_ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        yield child.pid
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            for pid in family(child.pid):  # a server's workers outlive one that is killed
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            child.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_open(port: int) -> None:
    """Returns when somebody listens there."""
    ends_at = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < ends_at:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    sys.exit(f"nothing listens on port {port}")


class _Canned(SandboxServer):
    """The sandbox's consent, the upstream's address."""

    def __init__(self, sandbox: SandboxServer, upstream: str) -> None:
        super().__init__(sandbox.vendor, upstream)
        self.grant = sandbox.grant  # type: ignore[method-assign]


def _keep_answers(sandbox: SandboxServer, directory: Path) -> tuple[str, str, str, str]:
    """Keeps the sandbox's answers for the upstream; the record's id and the three paths.

    A firm has fewer items than a page, so those are of `tests.bench.pages`.
    """
    grant = sandbox.grant()
    assert BINDING.page is not None
    assert BINDING.get is not None
    assert ITEMS.page is not None
    root = QUICKBOOKS.root.replace("{account}", grant.account)

    def path_of(request: Request) -> str:
        return f"{root}{request.path}?{urlencode(request.query, quote_via=quote)}"

    def keep(name: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        lines = ["HTTP/1.1 200 OK", *(f"{key}: {value}" for key, value in headers), "", ""]
        (directory / f"{name}.http").write_bytes("\r\n".join(lines).encode() + body)

    def ask(name: str, request: Request) -> tuple[str, bytes]:
        path = path_of(request)
        with closing(http.client.HTTPConnection(urlsplit(sandbox.url).netloc)) as connection:
            accept = {"Authorization": f"Bearer {grant.access_token}", "Accept": request.accept}
            connection.request(request.method, path, headers=accept)
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == 200, body[:200]
        keep(name, answer.getheaders(), body)
        return path, body

    page, listed = ask("page", next(BINDING.page(Query(limit=PAGE_RECORDS), _BOOK)))
    customers = msgspec.json.decode(listed)["QueryResponse"]["Customer"]
    assert len(customers) == PAGE_RECORDS
    remote_id = str(customers[0]["Id"])
    record, _ = ask("record", next(BINDING.get(remote_id, _BOOK)))
    items = page_body("quickbooks", "service_items", PAGE_RECORDS)
    keep("flat", [("Content-Type", "application/json"), ("Content-Length", str(len(items)))], items)
    return remote_id, record, page, path_of(next(ITEMS.page(Query(limit=PAGE_RECORDS), _BOOK)))


@contextmanager
def _upstream(directory: Path) -> Generator[str]:
    command = [sys.executable, "-m", "tests.bench.upstream", str(directory)]
    child = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


def environ_of(servers: embedded.Servers) -> dict[str, str]:
    """Limits of the key at their maxima; everything else as in production."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "DATABASE_URL": servers.postgres_url,
        "REDIS_URL": servers.redis_url,
        "TICKMARK_KEY_PEPPERS": f"1:{key()}",
        "TICKMARK_KEY_ENCRYPTION_KEY": key(),
        "TICKMARK_CURSOR_KEY": key(),
        "TICKMARK_KEY_CALLS_PER_SECOND": str(10**6),
        "TICKMARK_KEY_CALLS_PER_MINUTE": str(10**8),
        "TICKMARK_KEY_CALLS_AT_ONCE": str(10**6),
        "TICKMARK_LIVE_KEYS_REACH_SANDBOXES": "true",
        "TICKMARK_METRICS_PORT": "0",
        "TICKMARK_LOG_LEVEL": "error",
        "TICKMARK_QUICKBOOKS_CLIENT_ID": "bench",
        "TICKMARK_QUICKBOOKS_CLIENT_SECRET": "bench",
    }


async def _in_service(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await leave_log_files(connection)
    finally:
        await connection.close()


async def _prepare(url: str, settings: Settings, sandbox: SandboxServer) -> Cast:
    await migrate(url)
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
    async with await open_pool(url, "tickmark_operator") as pool, pool.acquire() as connection:
        return await prepare_cast(connection, peppers, vault, (sandbox,))
