"""Runs a sandbox vendor as a real HTTP server, here or as a child process for the length of a block."""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from service.sandbox.app import Sandbox
from service.sandbox.books import Books
from service.sandbox.canopy.vendor import Canopy
from service.sandbox.canopy_public.vendor import CanopyPublic
from service.sandbox.financial_cents.vendor import FinancialCents
from service.sandbox.http import Json
from service.sandbox.ignition.vendor import Ignition
from service.sandbox.karbon.vendor import Karbon
from service.sandbox.quickbooks.vendor import QuickBooks
from service.sandbox.senta.vendor import Senta
from service.sandbox.smartvault.vendor import SmartVault
from service.sandbox.sodium.vendor import Sodium
from service.sandbox.taxdome.vendor import TaxDome
from service.sandbox.uku.vendor import Uku
from service.sandbox.vendor import Vendor
from service.sandbox.xpm.vendor import Xpm

VENDORS: dict[str, Callable[[Books], Vendor]] = {
    "canopy": Canopy,
    "canopy_public": CanopyPublic,
    "financial_cents": FinancialCents,
    "ignition": Ignition,
    "karbon": Karbon,
    "quickbooks": QuickBooks,
    "senta": Senta,
    "smartvault": SmartVault,
    "sodium": Sodium,
    "taxdome": TaxDome,
    "uku": Uku,
    "xpm": Xpm,
}

DEFAULT_CLIENTS = 200
DEFAULT_SEED = 7
_HOST = "127.0.0.1"
_READY_WITHIN_S = 20
_STOP_WITHIN_S = 5
_ROOT = Path(__file__).parents[2]


class SandboxError(Exception):
    """The sandbox did not start, or refused a control call."""


class SandboxGrant(msgspec.Struct, frozen=True):
    """What a consent at this sandbox ended in. `account` is the realm or firm; times are seconds from now."""

    vendor: str
    account: str
    client_id: str
    client_secret: str
    access_token: str
    refresh_token: str
    expires_in: float
    refresh_expires_in: float
    scopes: list[str]
    authorize_url: str
    token_url: str
    revoke_url: str | None
    login: Json = {}
    """What a vendor without OAuth is logged in with; empty elsewhere."""


class SandboxServer:
    """A running sandbox vendor, and its control calls."""

    def __init__(self, vendor: str, url: str) -> None:
        self.vendor = vendor
        self.url = url

    def grant(
        self, *, scopes: list[str] | None = None, access_s: float | None = None, refresh_s: float | None = None
    ) -> SandboxGrant:
        """Mints a consented grant; lifetimes and scopes as the vendor usually gives them unless said."""
        facts = self._call("POST", "grants", {"scopes": scopes, "access_s": access_s, "refresh_s": refresh_s})
        urls = {f"{name}_url": facts[f"{name}_path"] for name in ("authorize", "token", "revoke")}
        return msgspec.convert(facts | {name: path and self.url + path for name, path in urls.items()}, SandboxGrant)

    def fault(self, kind: str, **settings: object) -> None:
        """Queues a fault: `fault("throttle", retry_after=2)`; the settings are the fields of `faults.Fault`."""
        self._call("POST", "faults", {"kind": kind, **settings})

    def clear_faults(self) -> None:
        """Drops the faults that still wait."""
        self._call("DELETE", "faults")

    def reset(self) -> None:
        """Books, faults, limits and statistics back to the start; grants live on."""
        self._call("POST", "reset")

    def stats(self) -> Json:
        """What was called since the last reset."""
        return self._call("GET", "stats")

    def limits(self, **limits: int | None) -> Json:
        """Sets `per_minute` and so on (None = unlimited) and `latency_ms`; gives all that are in force."""
        return self._call("POST", "limits", limits)

    def _call(self, method: str, name: str, body: object = None) -> Json:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            sent = None if body is None else msgspec.json.encode(body)
            connection.request(method, f"/_sandbox/{name}", sent)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise SandboxError(content.decode())
        answer: Json = msgspec.json.decode(content) if content else {}
        return answer


@contextmanager
def running(
    vendor: str, clients: int = DEFAULT_CLIENTS, seed: int = DEFAULT_SEED, port: int = 0
) -> Generator[SandboxServer]:
    """The vendor's server as a child process. It ends with the block, and also when this process dies."""
    options = {"clients": clients, "seed": seed, "port": port}
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "service.sandbox", vendor, *arguments, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise SandboxError(f"the {vendor} sandbox did not start")
        yield SandboxServer(vendor, msgspec.json.decode(line, type=dict[str, str])["url"])
    finally:
        process.stdin.close()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def serve(vendor: str, clients: int, seed: int, port: int, until_stdin_closes: bool) -> None:
    """Serves until interrupted, or until standard input ends; prints one line of JSON when ready."""
    app = Sandbox(VENDORS[vendor](Books(seed, clients)))
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(vendor, app, port, until_stdin_closes))
    # The server's own threads outlive it; taking the interpreter down around them can end in a panic on standard error.
    sys.stdout.flush()
    os._exit(0)


async def _serve(vendor: str, app: Sandbox, port: int, until_stdin_closes: bool) -> None:
    with _reserved(port) as free_port:
        server = Server(
            app,
            _HOST,
            free_port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        await _listening(free_port)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(name, server.stop)
        if until_stdin_closes:
            threading.Thread(target=_wait_for_stdin, args=(loop, server), daemon=True).start()
        line = msgspec.json.encode({"vendor": vendor, "url": f"http://{_HOST}:{free_port}"}).decode()
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        await serving


def _wait_for_stdin(loop: asyncio.AbstractEventLoop, server: Server) -> None:
    """A closed pipe is how a child learns that its parent is gone, however it went."""
    while sys.stdin.buffer.read(4096):
        pass
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(server.stop)


async def _listening(port: int) -> None:
    async with asyncio.timeout(_READY_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(_HOST, port)
            except OSError:
                await asyncio.sleep(0.002)
            else:
                writer.close()
                return


@contextmanager
def _reserved(port: int) -> Generator[int]:
    """A port that is ours: a bound socket that never listens keeps others off until the server has it too."""
    if port:
        with socket.socket() as probe:  # the server shares ports, so only this finds one that is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((_HOST, port))
        yield holder.getsockname()[1]
