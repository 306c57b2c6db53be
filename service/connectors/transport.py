"""The vendors' HTTP transport: pyreqwest behind the engine's one `send`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final, Self

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    ConnectError,
    ConnectTimeoutError,
    DecodeError,
    PoolTimeoutError,
    RequestError,
    RequestTimeoutError,
)
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response as PyreqwestResponse

from service.connectors.sdk.engine import Body
from service.connectors.sdk.faults import Malformed, TimedOut, Unreachable, VendorFault
from service.connectors.sdk.flow import Opened, Response

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""The largest vendor answer that is read; more is Malformed."""
CONNECT_TIMEOUT_S: Final = 5.0
STALLED_AFTER_S: Final = 60.0
"""A stream that brings nothing for so long is given up."""
_CHUNK_BYTES: Final = 256 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""Some write it before their JSON or XML, of which it is no part (RFC 8259, 8.1)."""


class HttpTransport:
    """A pool of connections to vendors: no redirects, no cookies, no proxy from the environment, answers capped."""

    def __init__(self, *, max_answer_bytes: int = MAX_ANSWER_BYTES, https_only: bool = False) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._client: Client = (
            ClientBuilder()
            .follow_redirects(enable=False)
            .default_cookie_store(enable=False)
            .no_proxy()
            .https_only(enable=https_only)
            .connect_timeout(timedelta(seconds=CONNECT_TIMEOUT_S))
            .pool_idle_timeout(timedelta(seconds=50))
            .tcp_nodelay(enabled=True)
            .user_agent("Tickmark/1")
            .build()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.close()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Response:
        """One exchange. Raises Unreachable (never sent), TimedOut (maybe carried out) or Malformed."""
        builder = self._request(method, url, headers, body).timeout(timedelta(seconds=timeout_s))
        try:
            async with builder.build_streamed() as answer:
                _refuse_redirect(answer)
                whole = await self._whole(answer)
                return Response(answer.status, answer.headers, whole.removeprefix(_BYTE_ORDER_MARK))
        except RequestError as error:
            raise _fault_of(error) from None

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None, timeout_s: float
    ) -> Opened:
        """One exchange whose answer is read as it is asked for; `timeout_s` bounds the wait for its head.

        A fault's body is read whole. `close` gives the connection back. Raises as `send` does.
        """
        exchange = self._request(method, url, headers, body).build_streamed()
        try:
            async with asyncio.timeout(timeout_s):
                answer = await exchange.__aenter__()
        except TimeoutError:
            raise TimedOut("no answer in time") from None
        except RequestError as error:
            raise _fault_of(error) from None

        async def close() -> None:
            await exchange.__aexit__(None, None, None)

        try:
            _refuse_redirect(answer)
            fault = await self._whole(answer) if answer.status >= 400 else b""
        except RequestError as error:
            await close()
            raise _fault_of(error) from None
        except BaseException:
            await close()
            raise
        return Opened(answer.status, answer.headers, fault, _chunks(answer), close)

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: Body | None) -> RequestBuilder:
        builder = self._client.request(method, url).headers(headers)
        if body is None:
            return builder
        return builder.body_bytes(body) if isinstance(body, bytes) else builder.body_stream(body)

    async def _whole(self, answer: PyreqwestResponse) -> bytes:
        """The whole body, as long as it is not too large."""
        announced = answer.get_header("content-length")
        if announced is not None and int(announced) <= self._max_answer_bytes:
            return bytes(await answer.bytes())
        parts: list[bytes] = []
        size = 0
        while (part := await answer.body_reader.read_chunk()) is not None:
            size += len(part)
            if size > self._max_answer_bytes:
                raise Malformed("the vendor's answer is too large", status=answer.status)
            parts.append(bytes(part))
        return b"".join(parts)


async def _chunks(answer: PyreqwestResponse) -> AsyncIterator[bytes]:
    """The body piece by piece. Raises TimedOut when it stops coming."""
    reader = answer.body_reader
    while True:
        try:
            async with asyncio.timeout(STALLED_AFTER_S):
                part = await reader.read(_CHUNK_BYTES)
        except TimeoutError:
            raise TimedOut("the vendor stopped sending") from None
        except RequestError as error:
            raise _fault_of(error) from None
        if not part:
            return
        yield bytes(part)


def _refuse_redirect(answer: PyreqwestResponse) -> None:
    if 300 <= answer.status < 400 and answer.status != 304:
        raise Malformed("the vendor redirects", status=answer.status)


def _fault_of(error: RequestError) -> VendorFault:
    """What a transport error means for the request: never sent, perhaps carried out, or answered unreadably."""
    match error:
        case PoolTimeoutError():
            return Unreachable("the vendor cannot be reached")
        case ConnectError() | ConnectTimeoutError():
            if _never_sent(error):
                return Unreachable("the vendor cannot be reached")
            return TimedOut("no whole answer, and the vendor may have been reached")
        case DecodeError() if "from connection" not in str(error):
            return Malformed("the vendor's answer cannot be unpacked")
        case RequestTimeoutError():
            return TimedOut("no whole answer in time")
        case _:
            return TimedOut("the connection broke before the answer was whole")


def _never_sent(error: ConnectError | ConnectTimeoutError) -> bool:
    """Whether no connection was made. Both errors also stand for what happens after the request has gone out: a lost
    connection, and any time limit that ends before the answer's head has come.

    Only what surely was not sent counts, by the cause that hyper names: `client error (Connect)`.
    """
    return "client error (Connect)" in str(error)
