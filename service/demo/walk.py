"""The calls of the demonstration, as a customer's app makes them, each shown with what it cost and why."""

import secrets
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.demo.customer import Answer, Customer, Problem, Record, RecordList
from service.demo.screen import Line, Screen, shortened
from service.sandbox.serve import SandboxServer

MOST_PAGES: Final = 12
"""Of each list, so that a demonstration of 100,000 clients stays within the vendors' limits a minute."""
_BURST: Final = 1000
_WORDS: Final = {
    "success": "billed",
    "replay": "free, the same write",
    "management": "free, not client data",
    "not_modified": "free, unchanged",
    "dry_run": "free, dry run",
}


class Walk(Struct, frozen=True, kw_only=True):
    """What the walk needs. `price_of` gives what a request id costs in the ledger; None for what is not in it."""

    app: Customer
    greedy_app: Customer
    """The same customer with a second key, which it will overuse."""
    stranger: Customer
    """Has a key that is no key."""
    connections: dict[str, str]
    sandboxes: dict[str, SandboxServer]
    price_of: Callable[[str], Decimal | None]
    screen: Screen

    def go(self) -> None:
        """Every scene, in order."""
        self.screen.headings()
        self._read()
        self._write()
        self._meet_limits()
        self._meet_trouble()

    def _read(self) -> None:
        for vendor, title in (("canopy", "Canopy"), ("quickbooks", "QuickBooks")):
            self.screen.scene(f"every client in {title}, page by page")
            pages = [self._show(answer) for answer in self._pages("/v1/clients?limit=50", vendor)]
        client = pages[0].read(RecordList).data[0]
        self.screen.scene("one of them; its id says where it lives")
        self._show(self.app.get(f"/v1/clients/{client.id}"))
        for noun in ("invoices", "payments"):
            self.screen.scene(f"{noun}: the same call for Canopy, then for QuickBooks")
            for vendor in self.connections:
                self._show(self.app.get(f"/v1/{noun}?limit=200", connection=self.connections[vendor]))

    def _write(self) -> None:
        self.screen.scene("a new client in QuickBooks, and the same request again")
        client = self._create_twice("/v1/clients", {"display_name": "Juniper Bakery"})
        self.screen.scene("an invoice for it, and the same request again")
        line = {"description": "Bookkeeping, November", "amount": {"amount_minor": 42_000, "currency": "USD"}}
        self._create_twice("/v1/invoices", {"client": client.id, "lines": [line]})

    def _create_twice(self, path: str, body: dict[str, object]) -> Record:
        key = secrets.token_hex(16)
        answers = [
            self.app.post(path, body, connection=self.connections["quickbooks"], idempotency_key=key) for _ in "12"
        ]
        self._show(answers[0])
        self._show(answers[1], note="same Idempotency-Key, same answer: QuickBooks was not asked again")
        return answers[0].read(Record)

    def _meet_limits(self) -> None:
        self.screen.scene("a second key asks more than 100 times in a second")
        first = answer = self.greedy_app.get("/v1/vendors")
        count = 1
        while answer.status == 200 and count < _BURST:
            answer = self.greedy_app.get("/v1/vendors")
            count += 1
        self._show(first, note=f"and {count - 2} more like it")
        self._show(answer, note=f"Retry-After: {answer.headers.get('retry-after', '-')} s")

    def _meet_trouble(self) -> None:
        canopy, quickbooks = self.connections["canopy"], self.connections["quickbooks"]
        self.screen.scene("what can go wrong at a vendor")
        self.sandboxes["canopy"].fault("throttle", retry_after=1)
        answer = self.app.get("/v1/tasks?limit=5", connection=canopy)
        self._show(answer, note="Canopy said 429, wait 1 s; we waited and asked again")
        before = _refreshes(self.sandboxes["quickbooks"])
        self.sandboxes["quickbooks"].fault("expire_token")
        answer = self.app.get("/v1/payments?limit=5", connection=quickbooks)
        renewed = _refreshes(self.sandboxes["quickbooks"]) - before
        self._show(answer, note=f"the token had expired; tokens renewed: {renewed}")
        self.sandboxes["canopy"].fault("not_json")
        answer = self.app.get("/v1/credits?limit=5", connection=canopy)
        self._show(answer, note="Canopy sent a maintenance page instead of data")
        self.screen.scene("what can go wrong on the customer's side")
        answer = self.app.get("/v1/clients?filter[owner]=me", connection=quickbooks)
        self._show(answer, note=answer.read(Problem).detail)
        answer = self.stranger.get("/v1/clients", connection=quickbooks)
        self._show(answer, note="belongs to no organization, so it is in nobody's log")

    def _pages(self, path: str, vendor: str) -> Iterator[Answer]:
        connection = self.connections[vendor]
        answer = self.app.get(path, connection=connection)
        for _ in range(MOST_PAGES):
            yield answer
            cursor = answer.read(RecordList).next_cursor
            if cursor is None:
                return
            answer = self.app.get(f"{path}&cursor={cursor}", connection=connection)
        self.screen.say(f"      and so on: the demonstration stops after {MOST_PAGES} pages of each list")

    def _show(self, answer: Answer, note: str | None = None) -> Answer:
        price = self.price_of(answer.request_id)
        self.screen.call(
            Line(
                method=answer.method,
                path=shortened(answer.path),
                status=answer.status,
                rows=_rows(answer),
                vendor_ms=answer.duration_ms("upstream"),
                our_ms=answer.duration_ms("platform"),
                units=int(answer.headers["usage-units"]),
                price=price,
                why=_why(answer, price),
                note=note,
            )
        )
        return answer


def _rows(answer: Answer) -> int | None:
    if answer.status >= 400:
        return None
    return len(answer.read(RecordList).data) if b'"object":"list"' in answer.body[:40] else 1


def _why(answer: Answer, price: Decimal | None) -> str:
    if answer.status >= 400:
        return f"free, {answer.read(Problem).code.replace('_', ' ')}"
    if answer.is_billed and not price:
        return "billed, free allowance"
    reason = answer.headers["usage-reason"]
    return _WORDS.get(reason, f"free, {reason.replace('_', ' ')}")


def _refreshes(sandbox: SandboxServer) -> int:
    count: int = sandbox.stats()["token_refreshes"]
    return count
