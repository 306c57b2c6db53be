"""`tickmark demo`, `serve`, `worker`, `migrate`, `sandbox`: what runs."""

import asyncio
import socket
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from service import telemetry
from service.cli.database import connected, missing_migrations
from service.cli.errors import ArgumentError, CommandError
from service.cli.output import say
from service.db import migrate as migrations
from service.demo.home import DIRECTORY
from service.sandbox.books import MAX_CLIENTS
from service.sandbox.serve import DEFAULT_CLIENTS, DEFAULT_SEED, VENDORS
from service.sandbox.serve import serve as serve_sandbox
from service.settings import load, migration_url, regions

_LAST_PORT = 65_535
Clients = Annotated[int, Parameter(help=f"How many clients the firm has, 1 to {MAX_CLIENTS:,}.")]


def add_running(app: App) -> None:
    """Puts these commands into the application."""
    for command in (demo, serve, worker, migrate, sandbox):
        app.command(command)


def demo(
    *,
    once: Annotated[bool, Parameter(negative=(), help="Stop after the walk instead of staying.")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), help="A JSON summary as the last line.")] = False,
    reset: Annotated[bool, Parameter(negative=(), help="Throw away what an earlier demo kept.")] = False,
    clients: Clients = DEFAULT_CLIENTS,
    port: Annotated[int | None, Parameter(help="Where the API listens; 8080 or any free one if not said.")] = None,
    directory: Annotated[Path, Parameter(help="Where the data are kept.")] = DIRECTORY,
) -> int:
    """Show the whole product on this machine: one metered call after another, and the bill."""
    from service.demo.demo import Options, run
    from service.demo.screen import Screen

    _check_clients(clients)
    _check_port(port)
    options = Options(once=once, as_json=as_json, reset=reset, clients=clients, port=port, directory=directory)
    return run(options, Screen())


def serve(
    *,
    beside: Annotated[
        bool, Parameter(negative=(), help="Share the port with a server that runs already, to take over from it.")
    ] = False,
) -> None:
    """Serve the API until told to stop."""
    from service.server import serve as serve_until_stopped

    settings = load()
    _refuse_taken_port(settings.host, settings.port, beside=beside)
    asyncio.run(_refuse_old_schema(settings.database_url, "tickmark_app"))
    say(f"Serving on http://{settings.host}:{settings.port} with {settings.workers} worker(s).")
    serve_until_stopped(settings)


async def worker(
    *, once: Annotated[bool, Parameter(negative=(), help="Do every job now and stop; for cron.")] = False
) -> None:
    """Do the background work: room for usage, closing months, reconciling. One worker acts, others stand by."""
    from service.jobs.worker import work

    settings = load()
    await _refuse_old_schema(settings.database_url, "tickmark_operator")
    observer = telemetry.setup(
        service_name="tickmark-worker", log_level=settings.log_level.upper(), otlp_endpoint=settings.otlp_endpoint
    )
    try:
        await work(settings, once=once)
    finally:
        observer.shutdown()


async def migrate(
    *, pre_only: Annotated[bool, Parameter(negative=(), help="Only what the previous release can live with.")] = False
) -> None:
    """Bring the database to the schema of this version, and bind it to TICKMARK_REGION for good."""
    region, elsewhere = regions()
    applied = await migrations.migrate(migration_url(), say, pre_only=pre_only, region=region, elsewhere=elsewhere)
    say(f"{len(applied)} applied." if applied else "Nothing to do.")


def sandbox(
    vendor: Annotated[str, Parameter(help=f"One of {', '.join(VENDORS)}.")],
    *,
    clients: Clients = DEFAULT_CLIENTS,
    seed: Annotated[int, Parameter(help="Another seed is another firm.")] = DEFAULT_SEED,
    port: Annotated[int, Parameter(help="0 takes a free one.")] = 0,
) -> None:
    """Run one sandbox vendor as an HTTP server on this machine; it says its address in one line of JSON."""
    _check_clients(clients)
    _check_port(port)
    if vendor not in VENDORS:
        raise ArgumentError(f"No sandbox {vendor!r}; there are {', '.join(VENDORS)}.")
    serve_sandbox(vendor, clients, seed, port, until_stdin_closes=False)


def _check_clients(clients: int) -> None:
    if not 1 <= clients <= MAX_CLIENTS:
        raise ArgumentError(f"--clients must lie between 1 and {MAX_CLIENTS:,}.")


def _check_port(port: int | None) -> None:
    if port is not None and not 0 <= port <= _LAST_PORT:
        raise ArgumentError(f"--port must lie between 0 and {_LAST_PORT:,}.")


def _refuse_taken_port(host: str, port: int, *, beside: bool) -> None:
    """Here, because the server would panic over a stranger's port. With another server of ours it would share it in
    silence, and each would get half of the calls."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(beside))
            probe.bind(address)
    except OSError as error:
        raise ArgumentError(f"TICKMARK_HOST and TICKMARK_PORT, {host}:{port}: {error.strerror}.") from None


async def _refuse_old_schema(url: str, role: str) -> None:
    async with connected(url, role) as connection:
        if missing := await missing_migrations(connection):
            raise CommandError(f"The database lacks {missing} migration(s); run `tickmark migrate` first.")
