"""Nothing that a customer names leads inside: numbers, names, names that change their mind, redirects, long answers."""

import asyncio
import datetime as dt
import socket
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.accounts.tokens import Mode
from service.addresses import is_public, may_be_public
from service.events.errors import ImpossibleEndpointError
from service.events.sending import Sender
from service.events.urls import checked_url
from tests.events.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio

INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.1.2.3", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1",
    "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:2::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2620:4f:8000::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "2606:4700::1%eth0",
)  # fmt: skip
OUTSIDE = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
    "168.63.129.15", "169.253.255.255", "169.255.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255",
    "198.17.255.255", "198.20.0.1", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111",
    "2a00:1450:4001::1", "3ffe::1",
)  # fmt: skip


class Names(AbstractResolver):
    """Answers each question with the next of its lists, the last one for ever: a name server that rebinds."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=number,
                port=port,
                family=socket.AF_INET6 if ip_address(number).version == 6 else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for number in found
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.mark.parametrize("number", INSIDE)
async def test_number_that_leads_inside_is_refused(number: str) -> None:
    async with Sender(resolver=Names([number.partition("%")[0]])) as sender:
        named = await sender.send("https://hooks.example/", {}, b"{}", is_test=True)
        written = f"[{number.replace('%', '%25')}]" if ":" in number else number
        numbered = await sender.send(f"https://{written}/", {}, b"{}", is_test=True)

    assert not is_public(number)
    assert not may_be_public(number)
    if "%" not in number or number.startswith("fe80"):
        assert named.outcome == "address_refused"
    assert numbered.outcome in ("address_refused", "no_http")
    with pytest.raises(ImpossibleEndpointError):
        checked_url(f"https://{written}/hooks", Mode.LIVE, loopback=False)


@pytest.mark.parametrize("number", OUTSIDE)
def test_number_of_a_public_host_may_be_called(number: str) -> None:
    assert is_public(number)
    assert may_be_public(number)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/", "ftp://hooks.example/", "https://", "https:///path", "https://localhost/",
        "https://app.localhost/", "https://intranet/", "https://127.1/", "https://0x7f.1/", "https://2130706433/",
        "https://0177.0.0.1/", "https://user@hooks.example/", "https://user:pw@hooks.example/",
        "https://hooks.example/#part", "https://hooks.example:0/", "https://hooks.example:99999/",
        "https://hooks.example/a b", "https://hooks.example\\@127.0.0.1/", "https://hooks.example/\n", "https://[::1",
        "https://\uff11\uff12\uff17.0.0.1/", "https://hooks.example/" + "a" * 2000, "javascript:alert(1)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", list(Mode))
def test_url_that_cannot_be_an_endpoint_is_refused(url: str, mode: Mode) -> None:
    with pytest.raises(ImpossibleEndpointError):
        checked_url(url, mode, loopback=False)


def test_this_machine_is_for_test_endpoints_where_a_setting_says_so() -> None:
    assert checked_url("http://127.0.0.1:8000/", Mode.TEST, loopback=True) == "http://127.0.0.1:8000/"
    assert checked_url("http://localhost:8000/", Mode.TEST, loopback=True) == "http://localhost:8000/"
    for url, mode in (
        ("http://127.0.0.1:8000/", Mode.LIVE),
        ("http://10.0.0.1/", Mode.TEST),
        ("http://hooks.example/", Mode.TEST),
    ):
        with pytest.raises(ImpossibleEndpointError):
            checked_url(url, mode, loopback=True)


async def test_name_that_rebinds_leads_nowhere(receiver: Receiver) -> None:
    """The first answer is public, for a check that looks once; each connection is made to what it looked at itself."""
    names = Names(["192.0.2.1", "8.8.8.8"], ["127.0.0.1"])
    seen: list[str] = []

    def allows(number: str) -> bool:
        seen.append(number)
        return is_public(number) and number != "8.8.8.8"  # a public host that this test does not call

    async with Sender(resolver=names, allows=allows) as sender:
        url = f"http://hooks.example:{receiver.port}/"
        outcomes = [(await sender.send(url, {}, b"{}", is_test=False)).outcome for _ in range(3)]

    assert outcomes == ["address_refused"] * 3
    assert receiver.taken == []
    assert names.asked == 3
    assert seen == ["192.0.2.1", "8.8.8.8", "127.0.0.1", "127.0.0.1"]


async def test_only_the_public_ones_of_several_addresses_are_called(receiver: Receiver) -> None:
    names = Names(["127.0.0.2", "127.0.0.1", "10.0.0.1"])

    async with Sender(resolver=names, allows=lambda number: number == "127.0.0.1") as sender:
        answered = await sender.send(f"http://hooks.example:{receiver.port}/", {}, b"{}", is_test=False)

    assert answered.is_delivered
    assert receiver.taken[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_loopback_is_closed_to_live_endpoints_whatever_is_set(receiver: Receiver) -> None:
    async with Sender(loopback=True) as sender:
        live = await sender.send(receiver.url, {}, b"{}", is_test=False)
        test = await sender.send(receiver.url, {}, b"{}", is_test=True)

    assert (live.outcome, test.outcome) == ("address_refused", "delivered")


async def test_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with Sender(loopback=True) as sender:
        assert (await sender.send(receiver.url, {}, b"{}", is_test=True)).is_delivered


async def test_endless_answer_is_hung_up_on() -> None:
    hung_up = asyncio.Event()

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"a" * 4096 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            hung_up.set()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sender(loopback=True) as sender:
        answered = await sender.send(f"http://127.0.0.1:{port}/", {}, b"{}", is_test=True)
        async with asyncio.timeout(10):
            await hung_up.wait()

    assert answered.is_delivered


async def test_answer_whose_head_drips_ends_in_time() -> None:
    hung_up = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while not reader.at_eof():
                writer.write(b"x-drop: a\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        hung_up.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = time.monotonic()
    async with server, Sender(loopback=True, timeout_s=0.5) as sender:
        answered = await sender.send(f"http://127.0.0.1:{port}/", {}, b"{}", is_test=True)
        took_s = time.monotonic() - started
        async with asyncio.timeout(10):
            await hung_up.wait()

    assert answered.outcome == "timeout"
    assert took_s < 5


async def test_what_is_no_http_is_an_outcome() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sender(loopback=True) as sender:
        answered = await sender.send(f"http://127.0.0.1:{port}/", {}, b"{}", is_test=True)

    assert answered.outcome == "no_http"


async def test_certificate_is_checked_for_the_name_though_the_number_is_pinned(tmp_path: Path) -> None:
    async with _tls_server(tmp_path, "hooks.example") as (port, seen):
        trusted = ssl.create_default_context(cafile=str(tmp_path / "hooks.example.pem"))
        async with Sender(
            resolver=Names(["127.0.0.1"]), allows=lambda number: number == "127.0.0.1", tls=trusted
        ) as sender:
            good = await sender.send(f"https://hooks.example:{port}/", {}, b"{}", is_test=False)
            other = await sender.send(f"https://other.example:{port}/", {}, b"{}", is_test=False)
        async with Sender(resolver=Names(["127.0.0.1"]), allows=lambda number: number == "127.0.0.1") as sender:
            unknown = await sender.send(f"https://hooks.example:{port}/", {}, b"{}", is_test=False)

    assert (good.outcome, other.outcome, unknown.outcome) == ("delivered", "certificate", "certificate")
    assert seen == ["hooks.example", "other.example", "hooks.example"]


@asynccontextmanager
async def _tls_server(folder: Path, name: str) -> AsyncGenerator[tuple[int, list[str]]]:
    """A server with a certificate for the name; the port, and the names that were asked for in handshakes."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - dt.timedelta(days=1))
        .not_valid_after(at + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate = folder / f"{name}.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / f"{name}.key"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    seen: list[str] = []
    context.sni_callback = lambda _socket, asked, _context: seen.append(asked or "")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], seen
