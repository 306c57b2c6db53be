"""What runs during a demonstration: PostgreSQL, Valkey, two sandbox vendors and the API, each a real server."""

import os
import re
import socket
import subprocess
import sys
import warnings
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec
from redis import Redis, RedisError

from service import embedded
from service.demo.home import DemoError, Secrets, kept_secrets
from service.demo.screen import Screen
from service.demo.stopping import unstoppable
from service.sandbox import serve
from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET
from service.sandbox.serve import SandboxServer
from service.settings import Settings, load

VENDORS: Final = ("canopy", "quickbooks")
_HOST: Final = "127.0.0.1"
_USUAL_PORT: Final = 8080
_STOPS_WITHIN_S: Final = 10.0


@contextmanager
def running_servers(directory: Path, screen: Screen) -> Generator[embedded.Servers]:
    """PostgreSQL and Valkey, with their data in the directory."""
    with ExitStack() as stack:
        is_new = not (directory / "postgres" / "PG_VERSION").exists()
        with screen.doing("creating a PostgreSQL 18 database" if is_new else "starting PostgreSQL 18"):
            postgres_url = _start_postgres(directory / "postgres")
        with screen.doing("starting Valkey 9"):
            _end_leftover_valkey(directory / "redis")
            redis_url = stack.enter_context(embedded.running_redis(directory / "redis"))
        yield embedded.Servers(postgres_url, redis_url)


@contextmanager
def running_sandboxes(clients: int, screen: Screen) -> Generator[tuple[SandboxServer, ...]]:
    """Canopy and QuickBooks Online with the books of one invented firm."""
    with ExitStack() as stack:
        found: list[SandboxServer] = []
        for vendor in VENDORS:
            with screen.doing(f"starting the {vendor} sandbox with {clients:,} clients"):
                found.append(stack.enter_context(serve.running(vendor, clients)))
        yield tuple(found)


_SELLER: Final = {
    "TICKMARK_SELLER_NAME": "Tickmark Example Ltd",
    "TICKMARK_SELLER_ADDRESS": "1 Example Street; Exampleville, EX 00000",
    "TICKMARK_SELLER_TAX_ID": "EX 000 000 000",
    "TICKMARK_SELLER_EMAIL": "billing@tickmark.example",
}


def environment(
    servers: embedded.Servers, sandboxes: tuple[SandboxServer, ...], directory: Path, port: int
) -> dict[str, str]:
    """What an operator would set; `load` reads it here as it does in production."""
    secrets: Secrets = kept_secrets(directory)
    found = {
        "DATABASE_URL": servers.postgres_url,
        "REDIS_URL": servers.redis_url,
        "TICKMARK_KEY_PEPPERS": f"1:{secrets.pepper}",
        "TICKMARK_KEY_ENCRYPTION_KEY": secrets.key_encryption_key,
        "TICKMARK_CURSOR_KEY": secrets.cursor_key,
        "TICKMARK_HOST": _HOST,
        "TICKMARK_PORT": str(port),
        "TICKMARK_METRICS_PORT": "0",
        "TICKMARK_LIVE_KEYS_REACH_SANDBOXES": "true",
        "TICKMARK_WEBHOOKS_TO_LOOPBACK": "true",
        **_SELLER,
    }
    for sandbox in sandboxes:
        name = f"TICKMARK_{sandbox.vendor.upper()}"
        found[f"{name}_CLIENT_ID"] = CLIENT_ID
        found[f"{name}_CLIENT_SECRET"] = CLIENT_SECRET
        found[f"{name}_BASE_URL"] = sandbox.url
        found[f"{name}_TOKEN_URL"] = sandbox.grant().token_url
    return found


@contextmanager
def running_api(environ: Mapping[str, str], directory: Path, screen: Screen) -> Generator["RunningApi"]:
    """The API on the production server, in a process of its own; its log lines go to `api.log`."""
    log = directory / "api.log"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("TICKMARK_")}
    with log.open("ab") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.demo.api"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            env={**outside, **environ},
            cwd=Path(__file__).parents[2],
            start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on, once the calls under way have ended
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with screen.doing("starting the API"):
            line = process.stdout.readline()
            if not line:
                raise DemoError(f"The API did not start; {log} says why.")
        yield RunningApi(msgspec.json.decode(line, type=dict[str, str])["url"], process)
    finally:
        process.stdin.close()
        try:
            process.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


class RunningApi(msgspec.Struct, frozen=True):
    """The API while it runs."""

    url: str
    process: "subprocess.Popen[bytes]"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The same settings, for what the demonstration does as an operator."""
    return load(environ)


@contextmanager
def reserved_port(wished: int | None) -> Generator[int]:
    """The port to listen on: the one wished for, else the usual one, else any. Raises DemoError if it is taken.

    A bound socket that never listens keeps others off until the API, which shares ports, has it too.
    """
    for port in (wished,) if wished else (_USUAL_PORT, 0):
        if _is_free(port):
            break
    else:
        raise DemoError(f"Port {wished} is taken; choose another with --port, or leave it out.")
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((_HOST, port))
        yield holder.getsockname()[1]


def _is_free(port: int) -> bool:
    """Whether nobody listens there; a connection that has only just ended does no harm."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _start_postgres(directory: Path) -> str:
    # The server stops with the last process noted here; one that was killed would never sign off. Ours is the only one.
    (directory / ".handle_pids.json").unlink(missing_ok=True)
    # Half an initdb would be left behind; the wheel warns of a missing XDG_RUNTIME_DIR, which concerns nobody here.
    with unstoppable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return embedded.start_postgres(directory)
        except ImportError:
            raise DemoError("The demo needs the `embedded` dependency group: run it with `uv run`.") from None


def _end_leftover_valkey(directory: Path) -> None:
    """Ends the server of an earlier demonstration that was killed; ours alone works in this directory."""
    try:
        port = re.search(r"^port (\d+)$", (directory / "valkey.conf").read_text(encoding="utf-8"), re.MULTILINE)
        if port is None:
            return
        with Redis(port=int(port[1]), socket_timeout=1) as server:
            if server.config_get("dir").get("dir") == str(directory):  # pyright: ignore[reportUnknownMemberType]
                server.shutdown(nosave=True)  # pyright: ignore[reportUnknownMemberType]
    except (OSError, RedisError):
        return  # there is none
