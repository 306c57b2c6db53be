"""The vendors' HTTP transport: pyreqwest behind the engine's one `send`."""

from collections.abc import Mapping
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

from service.connectors.sdk.faults import Malformed, TimedOut, Unreachable
from service.connectors.sdk.flow import Response

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""The largest vendor answer that is read; more is Malformed."""
CONNECT_TIMEOUT_S: Final = 5.0
_CHUNK_BYTES: Final = 256 * 1024


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
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        """One exchange. Raises Unreachable (never sent), TimedOut (maybe carried out) or Malformed."""
        builder = self._client.request(method, url).headers(headers).timeout(timedelta(seconds=timeout_s))
        if body is not None:
            builder = builder.body_bytes(body)
        try:
            async with builder.build_streamed() as answer:
                if 300 <= answer.status < 400 and answer.status != 304:
                    raise Malformed("the vendor redirects", status=answer.status)
                announced = answer.get_header("content-length")
                if announced is not None and int(announced) <= self._max_answer_bytes:
                    whole = bytes(await answer.bytes())
                else:
                    reader = answer.body_reader
                    parts: list[bytes] = []
                    size = 0
                    while (part := await reader.read_chunk()) is not None:
                        size += len(part)
                        if size > self._max_answer_bytes:
                            raise Malformed("the vendor's answer is too large", status=answer.status)
                        parts.append(bytes(part))
                    whole = b"".join(parts)
                return Response(answer.status, answer.headers, whole)
        except PoolTimeoutError:
            raise Unreachable("the vendor cannot be reached") from None
        except (ConnectError, ConnectTimeoutError) as error:
            if _never_sent(error):
                raise Unreachable("the vendor cannot be reached") from None
            raise TimedOut("no whole answer, and the vendor may have been reached") from None
        except DecodeError as error:
            if "from connection" in str(error):
                raise TimedOut("the connection broke before the answer was whole") from None
            raise Malformed("the vendor's answer cannot be unpacked") from None
        except RequestTimeoutError:
            raise TimedOut("no whole answer in time") from None
        except RequestError:
            raise TimedOut("the connection broke before the answer was whole") from None


def _never_sent(error: ConnectError | ConnectTimeoutError) -> bool:
    """Whether no connection was made. Both errors also stand for what happens after the request has gone out: a lost
    connection, and any time limit that ends before the answer's head has come.

    Only what surely was not sent counts, by the cause that hyper names: `client error (Connect)`.
    """
    return "client error (Connect)" in str(error)
