"""The callers' view against the ledger: every answer has its row, and every row has its call."""

from collections import Counter
from collections.abc import Iterable
from math import ceil
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from billing import get_budget_statuses, load_price_book, month_of, reconcile
from service.clock import now
from tests.bench.crash_load import Load, Seen
from tests.bench.crash_stage import CrashStage

_LEDGER: Final = """
    SELECT c.request_id, c.key_id, c.operation, c.status, c.billable, c.reason, coalesce(u.units, 0) AS units,
           v.request_id IS NOT NULL AS void
    FROM billing.calls c
    LEFT JOIN billing.usage u USING (org_id, request_id)
    LEFT JOIN billing.voids v USING (org_id, request_id)
    WHERE c.org_id = ANY ($1)"""
_KEYS: Final = "SELECT id, name FROM api_keys WHERE org_id = ANY ($1) AND name LIKE 'caller %'"
_WRITE: Final = "create_client"


class Row(msgspec.Struct, frozen=True):
    """A call as the ledger has it."""

    request_id: UUID
    key_id: UUID
    operation: str
    status: int
    billable: bool
    reason: str
    units: int
    void: bool

    @property
    def owed(self) -> int:
        """The units that its caller will pay for."""
        return 0 if self.void else self.units


class Verdict(msgspec.Struct, frozen=True):
    """Units. `lost`: answered as billed and not in the ledger. `double`: to be paid and not answered so."""

    lost: int
    double: int
    overshoot_minor: int
    spent_minor: int
    """Of the budget."""
    reconciliation: int
    findings: tuple[str, ...]
    rude: tuple[str, ...]
    """Answers of 5xx that no caller can do anything with: anything but a 503 that says when to come again."""


async def compare(stage: CrashStage, load: Load) -> Verdict:
    """Both, call by call. The reconciliation of the month is a third account of the same."""
    orgs = sorted({caller.org_id for caller in stage.callers})
    book = load_price_book()
    connection = await asyncpg.connect(stage.postgres.url)
    try:
        rows = {row["request_id"]: msgspec.convert(dict(row), Row) for row in await connection.fetch(_LEDGER, orgs)}
        callers = {row["id"]: int(row["name"].removeprefix("caller ")) for row in await connection.fetch(_KEYS, orgs)}
        month = month_of(now(), "UTC").starts_on
        third = sum([(await reconcile(connection, book, org_id, month)).difference for org_id in orgs])
        (status,) = await get_budget_statuses(connection, book, stage.capped_org, now())
    finally:
        await connection.close()
    lost: list[str] = []
    double: list[str] = []
    compare_answers(load.seen, rows, lost, double)
    compare_unanswered(load.seen, rows.values(), callers, double)
    _compare_writes(load, rows.values(), callers, lost, double)
    overshoot = max(0, ceil(status.spent_minor) - stage.limit_minor)
    return Verdict(
        len(lost), len(double), overshoot, int(status.spent_minor), third, (*lost, *double), find_rude(load.seen)
    )


def find_rude(seen: list[Seen]) -> tuple[str, ...]:
    return tuple(
        f"answered {call.status} without a word when to come again: {call}"
        for call in seen
        if call.status is not None and call.status >= 500 and not (call.status == 503 and call.retry_after_s > 0)
    )


def compare_answers(seen: list[Seen], rows: dict[UUID, Row], lost: list[str], double: list[str]) -> None:
    for call in seen:
        if call.request_id is None or call.status is None:
            continue
        row = rows.get(call.request_id)
        owed = row.owed if row is not None else 0
        if row is None and call.status < 500 and call.status != 401:
            lost.append(f"answered {call.status} and not in the log: {call}")
        elif call.billable and owed < call.units:
            lost.append(f"answered as billed, not owed: {call} {row}")
        elif owed > (call.units if call.billable else 0):
            double.append(f"owed beyond its receipt: {call} {row}")


def compare_unanswered(seen: list[Seen], rows: Iterable[Row], callers: dict[UUID, int], double: list[str]) -> None:
    """Rows that no caller saw an answer of: at most as many as calls without answer, of each caller and operation."""
    answered = {call.request_id for call in seen}
    silent = Counter((call.caller, call.operation) for call in seen if call.status is None)
    unseen = Counter(
        (callers[row.key_id], _plain(row.operation)) for row in rows if row.owed and row.request_id not in answered
    )
    for bucket, count in unseen.items():
        double += [f"owed without a call: {bucket}"] * (count - silent[bucket])


def _compare_writes(
    load: Load, rows: Iterable[Row], callers: dict[UUID, int], lost: list[str], double: list[str]
) -> None:
    """Each Idempotency-Key that was answered with a record is owed once: per caller, neither more nor less."""
    made = {call.idempotency_key for call in load.seen if call.status == 201}
    doubtful = {call.idempotency_key for call in load.seen if call.status is None or call.status >= 500} - made
    expected = Counter(caller for key, caller in load.keys.items() if key in made)
    # Refused at last, for want of money, and nobody knows of an earlier try: it may have been done, once.
    perhaps = Counter(caller for key, caller in load.keys.items() if key in doubtful)
    owed = Counter(callers[row.key_id] for row in rows if row.owed and _plain(row.operation) == _WRITE)
    for caller in expected.keys() | owed.keys():
        lost += [f"a write of caller {caller} is free"] * (expected[caller] - owed[caller])
        double += [f"a write of caller {caller} is owed twice"] * (owed[caller] - expected[caller] - perhaps[caller])


def _plain(operation: str) -> str:
    return {"getClient": "get_client", "listClients": "list_clients", "createClient": _WRITE}.get(operation, operation)
