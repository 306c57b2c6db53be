"""The callers of the crash harness, and what each of them saw.

A caller has a key of its own and behaves as real ones do: it sends a write again, with the same Idempotency-Key, until
it knows how it ended; now and then it sends it twice at once, or long after; now and then it hangs up. Told by a 503 to
come again later, it does.
"""

import asyncio
import random
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from service import ids
from tests.bench.crash_stage import CrashStage

_WAIT_S: Final = 20.0
_FINAL: Final = frozenset({200, 201, 400, 402, 403, 404, 422})


class Seen(msgspec.Struct, frozen=True):
    """One call as its caller saw it. Without a status, no answer came: the connection broke, or the caller hung up.

    `retry_after_s` is what an answer asked for, 0 where it did not.
    """

    caller: int
    operation: str
    idempotency_key: str | None
    status: int | None = None
    request_id: UUID | None = None
    billable: bool = False
    units: int = 0
    reason: str = ""
    retry_after_s: float = 0.0


class Load:
    """All callers together."""

    def __init__(self, stage: CrashStage, calls: int, rng: random.Random) -> None:
        self._stage = stage
        self._calls = calls
        self._rng = rng
        self._records: dict[str, list[str]] = {}
        self._late: list[tuple[int, str]] = []
        self.sent = 0
        self.seen: list[Seen] = []
        self.unsettled: dict[str, int] = {}
        """Idempotency-Keys whose write has not been answered for good yet, with their caller."""
        self.keys: dict[str, int] = {}
        """Every Idempotency-Key that was sent, with its caller."""

    async def run(self) -> None:
        """Sends the calls; returns when the last has ended."""
        await self._learn_records()
        await asyncio.gather(*(self._caller(number) for number in range(len(self._stage.callers))))

    async def settle(self) -> None:
        """Sends every write again whose end its caller does not know, until all are answered."""
        while self.unsettled:
            waiting = list(self.unsettled.items())
            for batch in (waiting[at : at + 16] for at in range(0, len(waiting), 16)):
                await asyncio.gather(*(self._write(caller, key) for key, caller in batch))
            if self.unsettled:
                await asyncio.sleep(0.5)

    async def _learn_records(self) -> None:
        for number, caller in enumerate(self._stage.callers):
            if caller.connection_ref not in self._records:
                seen, body = await self._send(number, "list_clients", "GET", "/v1/clients?limit=20")
                assert seen.status == 200, seen
                found = [record["id"] for record in msgspec.json.decode(body)["data"]]
                self._records[caller.connection_ref] = found

    async def _caller(self, number: int) -> None:
        records = self._records[self._stage.callers[number].connection_ref]
        while self.sent < self._calls:
            choice = self._rng.random()
            if choice < 0.5:
                path = f"/v1/clients/{self._rng.choice(records)}"
                await self._send(number, "get_client", "GET", path, hang_up=self._rng.random() < 0.05)
            elif choice < 0.6:
                await self._send(
                    number, "list_clients", "GET", "/v1/clients?limit=5", hang_up=self._rng.random() < 0.05
                )
            elif choice < 0.65:
                await self._send(number, "get_client", "GET", f"/v1/clients/{records[0][:-4]}zzzz")
            else:
                await self._some_write(number)

    async def _some_write(self, number: int) -> None:
        kind = self._rng.random()
        if kind < 0.2 and self._late:  # long after, in another order, over another process
            caller, key = self._late.pop(self._rng.randrange(len(self._late)))
            await self._write(caller, key)
            return
        key = f"k-{len(self.keys)}"
        self.keys[key] = number
        self.unsettled[key] = number
        if kind < 0.45:  # twice at once
            await asyncio.gather(self._write(number, key), self._write(number, key))
        else:
            await self._write(number, key, hang_up=self._rng.random() < 0.1)
        self._late.append((number, key))

    async def _write(self, caller: int, key: str, *, hang_up: bool = False) -> None:
        body = msgspec.json.encode({"display_name": f"Client {key}"})
        seen, _ = await self._send(caller, "create_client", "POST", "/v1/clients", body, key, hang_up=hang_up)
        if seen.status in _FINAL:
            self.unsettled.pop(key, None)

    async def _send(
        self,
        caller: int,
        operation: str,
        method: str,
        path: str,
        body: bytes = b"",
        key: str | None = None,
        *,
        hang_up: bool = False,
    ) -> tuple[Seen, bytes]:
        """One call on a connection of its own, to any of the processes that listens."""
        reader, writer = await self._connect()
        nothing = Seen(caller, operation, key)
        self.sent += 1
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: close",
            f"Authorization: Bearer {self._stage.callers[caller].key}",
            f"Connection-Id: {self._stage.callers[caller].connection_ref}",
        ]
        if key is not None:
            lines += [f"Idempotency-Key: {key}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        seen, content = nothing, b""
        try:
            async with asyncio.timeout(_WAIT_S):
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                if hang_up:
                    await asyncio.sleep(self._rng.random() * 0.02)
                else:
                    seen, content = _to_seen(nothing, await reader.read())
        except (OSError, TimeoutError):
            pass
        finally:
            writer.transport.abort()
        self.seen.append(seen)
        if seen.status == 503:
            await asyncio.sleep(seen.retry_after_s * (1 + self._rng.random()))
        return seen, content

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            if ports := self._stage.open_ports:
                with suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", self._rng.choice(ports))
            await asyncio.sleep(0.02)  # all of them may be down: then nothing is sent, and nothing is counted


def _to_seen(call: Seen, answer: bytes) -> tuple[Seen, bytes]:
    """The answer, if it came whole: a caller trusts no half of one."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return call, b""
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(body) < int(headers.get("content-length", "0")):
        return call, b""
    request_ref = headers.get("request-id")
    return (
        msgspec.structs.replace(
            call,
            status=int(first.split(" ")[1]),
            request_id=ids.decode("req", request_ref) if request_ref else None,
            billable=headers.get("usage-billable") == "?1",
            units=int(headers.get("usage-units", "0")),
            reason=headers.get("usage-reason", ""),
            retry_after_s=float(headers.get("retry-after", "0")),
        ),
        body,
    )
