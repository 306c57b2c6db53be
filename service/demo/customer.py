"""A customer's app: it knows the API's address and its key, and nothing of what is behind them."""

import http.client
import re
from collections.abc import Mapping
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

T = TypeVar("T")

_TIMING = re.compile(r"(platform|upstream);dur=([0-9.]+)")
_TIMEOUT_S = 60.0


class Record(Struct, frozen=True):
    """All that the demonstration looks at in a record."""

    id: str


class RecordList(Struct, frozen=True):
    data: list[Record]
    has_more: bool
    next_cursor: str | None = None


class Problem(Struct, frozen=True):
    code: str
    detail: str


class Answer(Struct, frozen=True):
    """One answer as it came; header names are in small letters."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def read(self, form: type[T]) -> T:
        """The body as that Struct. Raises UnexpectedAnswerError for anything else."""
        try:
            return msgspec.json.decode(self.body, type=form)
        except msgspec.DecodeError:
            raise UnexpectedAnswerError(self) from None

    @property
    def is_billed(self) -> bool:
        return self.headers.get("usage-billable") == "?1"

    @property
    def request_id(self) -> str:
        return self.headers["request-id"]

    def duration_ms(self, side: str) -> float:
        """What `platform` or `upstream` took, as the answer says."""
        found = dict(_TIMING.findall(self.headers.get("server-timing", "")))
        return float(found.get(side, 0))


class UnexpectedAnswerError(Exception):
    """The API answered something else than the app needs to go on."""

    def __init__(self, answer: Answer) -> None:
        body = answer.body[:300].decode(errors="replace")
        super().__init__(f"{answer.method} {answer.path} was answered {answer.status}: {body}")


class Customer:
    """Calls the API over one kept-alive HTTP connection."""

    def __init__(self, base_url: str, key: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=_TIMEOUT_S)
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, *, connection: str | None = None) -> Answer:
        """Reads; `connection` is the id that goes into `Connection-Id`."""
        return self._send("GET", path, None, _named(connection))

    def post(self, path: str, body: Mapping[str, Any], *, connection: str, idempotency_key: str) -> Answer:
        """Writes, at most once for each `idempotency_key`."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key, **_named(connection)}
        return self._send("POST", path, msgspec.json.encode(body), headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._http.request(method, path, body, {"Authorization": f"Bearer {self._key}", **headers})
        response = self._http.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(method, path, response.status, named, response.read())


def _named(connection: str | None) -> dict[str, str]:
    return {} if connection is None else {"Connection-Id": connection}
