"""The transport against a server that writes raw bytes: what a vendor or a network can do to an answer."""

import asyncio
import gzip
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager

import pytest

from service.connectors.sdk.engine import Engine, Leg, Link
from service.connectors.sdk.faults import Malformed, OutcomeUnknown, TimedOut, Unreachable, VendorFault
from service.connectors.sdk.flow import Response
from service.connectors.transport import HttpTransport
from tests.connectors.scripted import CONNECTOR, READ, WRITE, Budgets, Time, Tokens, once

pytestmark = pytest.mark.anyio
KIB = 1024

Write = Callable[[bytes], Awaitable[None]]
Play = Callable[[Write], Awaitable[None]]


class Raw:
    """A server that reads a request's head, then plays; the connection ends with the play."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.heads: list[str] = []


@asynccontextmanager
async def raw(play: Play | bytes) -> AsyncGenerator[Raw]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            server.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if isinstance(play, bytes):
                await write(play)
            else:
                await play(write)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            return  # the test is over
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    server = Raw(listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listening.close()


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def get(url: str, *, most: int = 64 * KIB, timeout_s: float = 5) -> Response:
    async with HttpTransport(max_answer_bytes=most) as transport:
        return await transport.send("GET", url, {"accept": "application/json"}, None, timeout_s)


async def fault_of(play: Play | bytes, *, most: int = 64 * KIB, timeout_s: float = 5) -> VendorFault:
    async with raw(play) as server:
        with pytest.raises(VendorFault) as found:
            await get(server.url, most=most, timeout_s=timeout_s)
    return found.value


async def test_an_answer_arrives_whole_with_lower_case_headers() -> None:
    async with raw(http(b"[1]", "Content-Type: application/json", "Retry-After: 3")) as server:
        found = await get(server.url + "/x?q=a%20b")

    assert (found.status, found.body) == (200, b"[1]")
    assert found.headers.get("retry-after") == "3"
    assert server.heads[0].startswith("GET /x?q=a%20b HTTP/1.1\r\n")
    assert "cookie" not in server.heads[0].lower()


async def test_chunks_are_put_together() -> None:
    async with raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") as server:
        assert (await get(server.url)).body == b"abcde"


async def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    async with raw(b"HTTP/1.1 200 OK\r\n\r\nto the end") as server:
        assert (await get(server.url)).body == b"to the end"


@pytest.mark.parametrize(
    "cut",
    [
        http(b"half", length=8),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 O",
        b"",
    ],
    ids=["length", "inside a chunk", "between chunks", "inside the head", "nothing"],
)
async def test_an_answer_that_was_cut_off_may_have_been_carried_out(cut: bytes) -> None:
    assert isinstance(await fault_of(cut), TimedOut)


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9.6\r\n", http(b"", "Content-Length: -4"), b"\0" * 64])
async def test_what_is_not_http_is_a_fault(garbage: bytes) -> None:
    assert isinstance(await fault_of(garbage), TimedOut | Malformed)


async def test_a_vendor_that_is_not_there_was_never_reached() -> None:
    async with raw(b"") as gone:
        pass
    with pytest.raises(Unreachable):
        await get(gone.url)


async def test_a_slow_drip_ends_at_the_time_limit() -> None:
    async def drip(write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            await write(b" ")
            await asyncio.sleep(0.02)

    started = asyncio.get_running_loop().time()
    fault = await fault_of(drip, timeout_s=0.2)

    assert isinstance(fault, TimedOut)
    assert asyncio.get_running_loop().time() - started < 2


async def test_silence_ends_at_the_time_limit() -> None:
    assert isinstance(await fault_of(silent, timeout_s=0.1), TimedOut)


async def test_a_vendor_that_accepts_nobody_was_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.connectors.transport.CONNECT_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())

        with pytest.raises(Unreachable):
            await get(f"http://127.0.0.1:{full.getsockname()[1]}")


@pytest.mark.parametrize(
    "head", ["Content-Length: 9000000", "Transfer-Encoding: chunked", ""], ids=["announced", "chunked", "endless"]
)
async def test_an_answer_beyond_the_cap_is_malformed_and_not_read_to_its_end(head: str) -> None:
    sent = 0

    async def flood(write: Write) -> None:
        nonlocal sent
        await write(b"HTTP/1.1 200 OK\r\n" + (f"{head}\r\n" if head else "").encode() + b"\r\n")
        piece = b" " * 16 * KIB
        framed = f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if "chunked" in head else piece
        for _ in range(9_000_000 // len(piece)):
            await write(framed)
            sent += len(piece)

    assert isinstance(await fault_of(flood), Malformed)
    assert sent < 8_000_000


async def test_an_answer_of_exactly_the_cap_is_read() -> None:
    async with raw(http(b"x" * 1000)) as server:
        assert len((await get(server.url, most=1000)).body) == 1000
    assert isinstance(await fault_of(http(b"x" * 1001), most=1000), Malformed)


async def test_a_gzip_bomb_does_not_unfold() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)

    assert isinstance(await fault_of(http(bomb, "Content-Encoding: gzip"), most=KIB * KIB), Malformed)


async def test_a_packed_answer_is_unpacked() -> None:
    async with raw(http(gzip.compress(b"[1]"), "Content-Encoding: gzip")) as server:
        assert (await get(server.url)).body == b"[1]"


async def test_a_byte_order_mark_is_no_part_of_an_answer() -> None:
    async with raw(http(b"\xef\xbb\xbf[1]")) as server:
        assert (await get(server.url)).body == b"[1]"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    async with raw(http(b"secrets")) as metadata:
        fault = await fault_of(http(b"", f"Location: {metadata.url}/latest", status=status))

    assert isinstance(fault, Malformed)
    assert fault.status == int(status.split()[0])
    assert metadata.heads == []


async def test_a_refresh_header_and_cookies_are_ignored() -> None:
    page = http(b"[]", "Refresh: 0; url=http://127.0.0.1:1/", "Set-Cookie: a=b")
    async with raw(page) as server, HttpTransport() as transport:
        for _ in range(2):
            await transport.send("GET", server.url, {}, None, 5)

    assert all("cookie" not in head.lower() for head in server.heads)


async def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with raw(http(b"[]")) as server:
        assert (await get(server.url)).body == b"[]"


async def test_headers_in_another_encoding_are_no_crash() -> None:
    async with raw(b"HTTP/1.1 429 \xe9\r\nX-Name: caf\xe9\r\nRetry-After: \xe9\r\nContent-Length: 0\r\n\r\n") as server:
        try:
            found = await get(server.url)
        except VendorFault:
            return
        assert found.status == 429
        assert found.headers.get("x-nothing") is None


async def test_a_body_that_cannot_be_unpacked_is_malformed() -> None:
    assert isinstance(await fault_of(http(b"not gzip at all", "Content-Encoding: gzip")), Malformed)


async def ask(play: Play | bytes, deadline_s: float = 5) -> tuple[Leg, list[str], BaseException | None]:
    """What the engine makes of it for a write without key."""
    time, leg = Time(), Leg()
    async with raw(play) as server, HttpTransport() as transport:
        link = Link(CONNECTOR, server.url, "1", "acme:1", Tokens())
        engine = Engine(transport, Budgets(), sleep=time.sleep)
        try:
            await engine.run(once(WRITE), link, leg, deadline_s=deadline_s)
        except VendorFault as fault:
            return leg, server.heads, fault
    return leg, server.heads, None


async def silent(write: Write) -> None:
    await asyncio.sleep(1)


@pytest.mark.parametrize("play", [b"", http(b"{", length=9), silent])
async def test_a_write_without_a_whole_answer_is_sent_once_and_unknown(play: Play | bytes) -> None:
    leg, heads, fault = await ask(play, deadline_s=0.3)

    assert isinstance(fault, OutcomeUnknown)
    assert len(heads) == leg.calls == 1


async def test_a_read_over_a_connection_that_breaks_is_sent_again() -> None:
    answers = [b"", http(b"", length=5), http(b"fine")]

    async def play(write: Write) -> None:
        await write(answers.pop(0))

    time, leg = Time(), Leg()
    async with raw(play) as server, HttpTransport() as transport:
        link = Link(CONNECTOR, server.url, "1", "acme:1", Tokens())
        found = await Engine(transport, Budgets(), sleep=time.sleep).run(once(READ), link, leg)

    assert found == b"fine"
    assert (leg.calls, leg.retries, len(server.heads)) == (3, 2, 3)
