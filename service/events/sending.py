"""One request to an address that a customer gave: resolved, filtered, and connected to exactly what was looked at.

The name is resolved for each connection and only public addresses of it are kept; the socket goes to one of those,
while Host and the certificate's name stay the customer's. So a name that changes its mind in between leads nowhere.
Redirects are not followed, and no proxy of the environment is used.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from msgspec import Struct

from service.addresses import is_loopback, is_public
from service.connectors.sdk.flow import Response
from service.connectors.sdk.retry_after import retry_after_s

Allows: TypeAlias = Callable[[str], bool]
"""Whether a number may be connected to."""

_Info: TypeAlias = tuple[int, int, int, str, tuple[str | int, ...]]
"""What is connected to, as `getaddrinfo` says it."""

TIMEOUT_S: Final = 15.0
"""For all of it: resolving, connecting, sending, and the head of the answer. Its body is not read."""
CONNECT_TIMEOUT_S: Final = 5.0
_AGENT: Final = "Tickmark-Webhooks/1"


class Answered(Struct, frozen=True):
    """How an attempt ended."""

    outcome: str
    """`delivered`, or what stood in the way: `refused`, `gone`, `redirected`, `timeout`, `unreachable`,
    `address_refused`, `certificate`, `no_http`."""
    status: int | None = None
    retry_after_s: float | None = None
    """How long the receiver asks to be left alone."""

    @property
    def is_delivered(self) -> bool:
        return self.outcome == "delivered"


class AddressRefusedError(OSError):
    """The name leads to no address that may be called."""


class Sender:
    """Sends, from one process, over connections that it keeps for a while. To be entered before use.

    `loopback` lets test endpoints on this machine be reached; the rest is for tests.
    """

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolver: AbstractResolver | None = None,
        allows: Allows = is_public,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._loopback = loopback
        self._resolver = resolver
        self._allows = allows
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_TIMEOUT_S, timeout_s))
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        inner = self._resolver or ThreadedResolver()
        self._sessions[False] = self._session(inner, self._allows)
        if self._loopback:
            self._sessions[True] = self._session(inner, lambda address: is_loopback(address) or self._allows(address))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, *, is_test: bool) -> Answered:
        """Posts JSON once. Never raises for what the other side does; nothing of the address is ever logged."""
        session = self._sessions[is_test and self._loopback]
        said = {"content-type": "application/json", "user-agent": _AGENT, **headers}
        try:
            async with session.post(url, data=body, headers=said, allow_redirects=False) as answer:
                if not answer.content.at_eof():
                    answer.close()  # the status is the answer: no body is waited for, however long
                return _judged(answer)
        except aiohttp.ClientConnectorError as error:
            return Answered(_outcome(error.os_error))
        except TimeoutError:
            return Answered("timeout")
        except AddressRefusedError:
            return Answered("address_refused")
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, OSError) as error:
            return Answered(_outcome(error))
        except (aiohttp.ClientError, ValueError):
            return Answered("no_http")

    def _session(self, inner: AbstractResolver, allows: Allows) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_PublicResolver(inner, allows),
            use_dns_cache=False,
            limit=0,
            ssl=self._tls or True,
            socket_factory=_guarded(allows),
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )


class _PublicResolver(AbstractResolver):
    """Gives the addresses of a name that may be called; a name that has none of them is an error."""

    def __init__(self, inner: AbstractResolver, allows: Allows) -> None:
        self._inner = inner
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            found = await self._inner.resolve(host, port, family)
        kept = [one for one in found if self._allows(one["host"])]
        if not kept:
            raise AddressRefusedError("no address of the name may be called")
        return kept

    async def close(self) -> None:
        await self._inner.close()


def _guarded(allows: Allows) -> Callable[[_Info], socket.socket]:
    """Makes sockets for what may be called alone: the last gate, which numbers in URLs pass as well as names."""

    def make(info: _Info) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allows(str(address[0])):
            raise AddressRefusedError("the address may not be called")
        return socket.socket(family, kind, protocol)

    return make


def _judged(answer: aiohttp.ClientResponse) -> Answered:
    status = answer.status
    if 200 <= status < 300:
        return Answered("delivered", status)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    wish_s = retry_after_s(Response(status, headers, b""))
    outcome = "gone" if status == 410 else "redirected" if 300 <= status < 400 else "refused"
    return Answered(outcome, status, wish_s)


def _outcome(error: BaseException) -> str:
    match error:
        case AddressRefusedError():
            return "address_refused"
        case ssl.SSLError() | ssl.CertificateError():
            return "certificate"
        case TimeoutError():
            return "timeout"
        case _:
            return "unreachable"
