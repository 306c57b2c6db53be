"""A firm's clients, listed to the last page: `python -m tests.bench.listing [--json] [--clients 100000]`.

Goal: the memory of the API's one worker stays flat, at each of the four vendors of the seeds. The API and the sandboxes
are processes of their own; sandboxes have no limits. What one page costs is measured elsewhere.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
import uvloop

from service import embedded, ids
from service.accounts.tokens import Peppers
from service.connections.vault import LocalKey, Vault
from service.db.migrate import migrate
from service.db.pool import open_pool
from service.demo.cast import Cast, prepare_cast
from service.sandbox.serve import SandboxServer, running
from service.settings import Settings, load
from tests.bench.cost import family, resident_bytes
from tests.bench.peers import SEEDS
from tests.bench.stage import Peer, Stage, environ_of, served

PAGE: Final = 200
_TRIES: Final = 30
_GROWTH_MB: Final = 10.0
"""From a tenth of the way to the end: more is a leak. What is needed once is there by then."""


class Walk(msgspec.Struct, frozen=True):
    """One vendor's clients."""

    vendor: str
    pages: int
    records: int
    distinct: int
    seconds: float
    before_mb: float
    tenth_mb: float
    middle_mb: float
    end_mb: float
    peak_mb: float

    @property
    def is_flat(self) -> bool:
        return self.peak_mb - self.tenth_mb <= _GROWTH_MB


def measure(vendors: tuple[str, ...], clients: int) -> list[Walk]:
    """All vendors one after the other, in one API process."""
    with _stage(vendors, clients) as (stage, cast), served(stage, "every_seed") as peer:
        walks: list[Walk] = []
        for vendor in vendors:
            walks.append(_walk(peer, cast, vendor))
            print(to_text(walks[-1]), file=sys.stderr, flush=True)
        return walks


@contextmanager
def _stage(vendors: tuple[str, ...], clients: int) -> Generator[tuple[Stage, Cast]]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        sandboxes = [stack.enter_context(running(vendor, clients=clients)) for vendor in vendors]
        for sandbox in sandboxes:
            sandbox.limits(**{name: None for name in sandbox.limits() if name != "latency_ms"})
        servers = stack.enter_context(embedded.running(directory / "servers"))
        environ = environ_of(servers) | {"TICKMARK_CANOPY_CLIENT_ID": "bench", "TICKMARK_CANOPY_CLIENT_SECRET": "bench"}
        cast = uvloop.run(_prepare(servers.postgres_url, load(environ), tuple(sandboxes)))
        yield Stage(environ, "", {}, {}, directory), cast


async def _prepare(url: str, settings: Settings, sandboxes: tuple[SandboxServer, ...]) -> Cast:
    await migrate(url)
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
    async with await open_pool(url, "tickmark_operator") as pool, pool.acquire() as connection:
        return await prepare_cast(connection, peppers, vault, sandboxes)


def _walk(peer: Peer, cast: Cast, vendor: str) -> Walk:
    headers = {
        "Authorization": f"Bearer {cast.key}",
        "Connection-Id": ids.encode("con", cast.connections[vendor]),
    }
    worker = family(peer.pid)[-1]
    resident: list[float] = []
    seen: set[int] = set()
    records, cursor = 0, None
    began = time.monotonic()
    with closing(http.client.HTTPConnection(urlsplit(peer.url).netloc, timeout=120)) as connection:
        _ = _page(connection, headers, None)
        before = resident_bytes(worker) / 1e6
        while True:
            page = _page(connection, headers, cursor)
            records += len(page["data"])
            seen.update(hash(one["id"]) for one in page["data"])
            resident.append(resident_bytes(worker) / 1e6)
            cursor = page["next_cursor"]
            if cursor is None:
                break
    seconds = time.monotonic() - began
    tenth, middle = resident[len(resident) // 10], resident[len(resident) // 2]
    return Walk(
        vendor, len(resident), records, len(seen), seconds, before, tenth, middle, resident[-1], max(resident)
    )  # fmt: skip


def _page(connection: http.client.HTTPConnection, headers: dict[str, str], cursor: str | None) -> dict[str, Any]:
    path = f"/v1/clients?limit={PAGE}" + ("" if cursor is None else f"&cursor={quote(cursor)}")
    for _ in range(_TRIES):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            found: dict[str, Any] = msgspec.json.decode(body)
            return found
        if answer.status != 503:
            raise ValueError(f"{answer.status}: {body[:500]!r}")
        time.sleep(1)  # it starts
    raise TimeoutError(f"503 for {_TRIES} s")


def to_text(walk: Walk) -> str:
    """One line."""
    return (
        f"{walk.vendor}: {walk.records:,} clients ({walk.distinct:,} distinct) on {walk.pages:,} pages in "
        f"{walk.seconds:.0f} s; worker {walk.before_mb:.0f} MB before, {walk.tenth_mb:.0f} after a tenth, "
        f"{walk.middle_mb:.0f} in the middle, {walk.end_mb:.0f} at the end, {walk.peak_mb:.0f} at most"
        f"{'' if walk.is_flat else ' - NOT FLAT'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--vendor", action="append", choices=SEEDS, help="one of the four, may be given again")
    options = parser.parse_args()
    walks = measure(tuple(options.vendor or SEEDS), options.clients)
    if options.json:
        print(json.dumps({walk.vendor: msgspec.to_builtins(walk) for walk in walks}))
    else:
        print("\n".join(map(to_text, walks)))
    if not all(walk.is_flat for walk in walks):
        sys.exit("memory grows with the list")


if __name__ == "__main__":
    main()
