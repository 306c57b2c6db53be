"""Units of budgets, leased to processes: the one transaction in which money is reserved, settled and released.

Under the lock of its budget: settled units (known to be used) + leased units (a process may use them without asking)
never cost more than the limit. A process reports what it has used as a total since its lease began, so a report whose
answer was lost can be made again. A lease that ran out belongs to a process that died: what it used is in the ledger.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from billing.budgets import BudgetScope, BudgetSpan, Used, Window, count_used, most_units, spend
from billing.invocation import Meter
from billing.prices import Plan
from billing.store import QUERIES, Connection

LEASE_S: Final = 10.0
"""How long a process may use what it leased without being heard of."""
MARGIN_S: Final = 5.0
"""How much later the lease ends for everybody else: longer than a row may take from its last check to its commit."""
SHARE: Final = 8
"""One lease takes at most this part of what a budget has left, so that others find some too."""
ALERTS: Final = (50, 80, 100)

PlanOf = Callable[[Connection, datetime], Awaitable[Plan]]


class LeaseKey(msgspec.Struct, frozen=True):
    """Units of one meter in one window of one budget."""

    scope: BudgetScope
    scope_id: UUID
    span: BudgetSpan
    window: Window
    meter: Meter

    @property
    def place(self) -> "Place":
        """The budget and window it belongs to."""
        return self.scope.value, self.scope_id, self.span.value, self.window.starts_at


class Ask(msgspec.Struct, frozen=True):
    """What a process says of one lease: `spent` in all since it began, `kept` unused or under way, `wanted` more.

    `needed` of those are for calls that wait. `known` says that the database had the lease before.
    """

    key: LeaseKey
    holder: UUID
    spent: int
    kept: int
    wanted: int
    needed: int
    known: bool


class Grant(msgspec.Struct, frozen=True):
    """The answer. `room`: units the budget had; `lost`: the lease had run out; `gone`: there is no such budget now."""

    units: int = 0
    room: int = 0
    lost: bool = False
    gone: bool = False
    limit_minor: int = 0
    spent_minor: int = 0


Place = tuple[str, UUID, str, datetime]


class _Lease(msgspec.Struct, frozen=True):
    holder: UUID
    meter: Meter
    units: int
    spent: int
    expired: bool


class _Account(msgspec.Struct):
    """One budget window under its lock."""

    limit_minor: int
    settled: dict[Meter, tuple[int, int]]
    leases: list[_Lease]
    changed: bool = False

    def held_by(self, ask: Ask) -> _Lease | None:
        """The asking process's lease, as the database has it."""
        return next((one for one in self.leases if (one.holder, one.meter) == (ask.holder, ask.key.meter)), None)

    def hold(self, ask: Ask, units: int) -> None:
        """The asking process has so many units from now on."""
        known = self.held_by(ask)
        if known is not None:
            self.leases.remove(known)
        self.leases.append(_Lease(ask.holder, ask.key.meter, units, ask.spent, expired=False))

    def with_leases(self) -> Used:
        """What would be used if all that is leased were."""
        leased = dict.fromkeys(Meter, 0)
        for lease in self.leases:
            leased[lease.meter] += lease.units
        return {meter: (base, units + leased[meter]) for meter, (base, units) in self.settled.items()}


async def settle_and_lease(
    connection: Connection, org_id: UUID, plan_of: PlanOf, asks: Sequence[Ask], *, may_count: bool
) -> list[Grant]:
    """Answers every ask, in a transaction of the caller's that sees the organization.

    `may_count`: before it refuses, it may look into the ledger, which takes as long as the window has rows.
    """
    accounts = await _open(connection, org_id, {ask.key.place: ask.key for ask in asks})
    grants: list[Grant] = []
    leased: list[tuple[Ask, int]] = []
    for ask in asks:
        account = accounts.get(ask.key.place)
        if account is None:
            grants.append(Grant(gone=True))
            continue
        spent = _settle(account, ask)
        if spent is None:
            grants.append(Grant(lost=True))
            continue
        plan = await plan_of(connection, ask.key.window.month_starts_at)
        grant = _grant(account, plan, ask)
        if grant.units < ask.needed and may_count and not any(one.units for one in account.leases):
            await _count(connection, org_id, ask.key, account)
            grant = _grant(account, plan, ask)
        account.hold(ask, ask.kept + grant.units)
        grants.append(grant)
        leased.append((ask, ask.kept + grant.units))
        if spent or grant.units < ask.needed:
            await _alert(connection, org_id, ask.key, account, plan, refused=grant.units < ask.needed)
    await _write(connection, org_id, accounts, leased)
    return grants


async def _open(connection: Connection, org_id: UUID, keys: dict[Place, LeaseKey]) -> dict[Place, _Account]:
    """Locks the budgets, in one order for all, and reads where they stand; settles what ran out."""
    scopes = sorted({place[:3] for place in keys})
    limits = await connection.fetch(QUERIES["lock_budgets"], org_id, *_columns(scopes, 3))
    limit_of = {(row["scope"], row["scope_id"], row["span"]): row["limit_minor"] for row in limits}
    places = [place for place in keys if place[:3] in limit_of]
    columns = _columns(places, 4)
    accounts = {place: _Account(limit_of[place[:3]], {}, []) for place in places}
    for row in await connection.fetch(QUERIES["list_spend"], org_id, *columns):
        accounts[_place(row)].settled[Meter(row["meter"])] = (row["base"], row["settled"])
    for row in await connection.fetch(QUERIES["list_spend_leases"], org_id, *columns):
        lease = _Lease(row["holder"], Meter(row["meter"]), row["units"], row["spent"], row["expired"])
        accounts[_place(row)].leases.append(lease)
    for place, account in accounts.items():
        if not account.settled:
            await _count(connection, org_id, keys[place], account)
        if any(lease.expired for lease in account.leases):
            await _settle_expired(connection, org_id, keys[place], account)
    return accounts


async def _count(connection: Connection, org_id: UUID, key: LeaseKey, account: _Account) -> None:
    """Takes what is settled from the ledger. Right only while nobody holds a unit."""
    account.settled = await count_used(connection, org_id, key.scope, key.scope_id, key.window)
    account.changed = True


async def _settle_expired(connection: Connection, org_id: UUID, key: LeaseKey, account: _Account) -> None:
    """Ends the leases of processes that died. The ledger has what they used, among the unreported use of the living."""
    dead = [lease for lease in account.leases if lease.expired]
    account.leases = [lease for lease in account.leases if not lease.expired]
    await connection.execute(QUERIES["delete_leases"], org_id, *key.place, [lease.holder for lease in dead])
    if not any(lease.units for lease in dead):
        return
    if not any(lease.units for lease in account.leases):
        await _count(connection, org_id, key, account)
        return
    counted = await count_used(connection, org_id, key.scope, key.scope_id, key.window)
    for meter, (base, units) in account.settled.items():
        most = sum(lease.units for lease in dead if lease.meter is meter)
        account.settled[meter] = (base, units + min(most, max(0, counted[meter][1] - units)))
    account.changed = True


def _settle(account: _Account, ask: Ask) -> int | None:
    """Moves what was used from leased to settled: units it was, None where the lease had run out."""
    known = account.held_by(ask)
    if known is None and ask.known:
        return None
    spent = ask.spent - (known.spent if known else 0)
    if spent:
        base, units = account.settled[ask.key.meter]
        account.settled[ask.key.meter] = (base, units + spent)
        account.changed = True
    account.hold(ask, ask.kept)
    return spent


def _grant(account: _Account, plan: Plan, ask: Ask) -> Grant:
    spent = round(spend(plan, ask.key.scope, account.settled))
    if not ask.wanted:
        return Grant(limit_minor=account.limit_minor, spent_minor=spent)
    key, used = ask.key, account.with_leases()
    room = most_units(plan, key.scope, used, key.meter, account.limit_minor, SHARE * ask.wanted)
    units = min(room, ask.wanted, max(ask.needed, room // SHARE))
    return Grant(units, room, limit_minor=account.limit_minor, spent_minor=spent)


async def _alert(
    connection: Connection, org_id: UUID, key: LeaseKey, account: _Account, plan: Plan, *, refused: bool
) -> None:
    spent = spend(plan, key.scope, account.settled)
    for percent in ALERTS:
        if 0 < account.limit_minor * percent <= spent * 100 or (refused and percent == ALERTS[-1]):
            facts = (account.limit_minor, percent, round(spent))
            await connection.execute(QUERIES["insert_alert"], org_id, *key.place, *facts)


async def _write(
    connection: Connection, org_id: UUID, accounts: dict[Place, _Account], leased: list[tuple[Ask, int]]
) -> None:
    settled = [
        (*place, meter.value, base, units)
        for place, account in accounts.items()
        if account.changed
        for meter, (base, units) in account.settled.items()
    ]
    if settled:
        await connection.execute(QUERIES["insert_spend"], org_id, *_columns(settled, 7))
    if leased:
        rows = [(*ask.key.place, ask.key.meter.value, ask.holder, units, ask.spent) for ask, units in leased]
        lives = timedelta(seconds=LEASE_S + MARGIN_S)
        await connection.execute(QUERIES["insert_leases"], org_id, lives, *_columns(rows, 8))


def _place(row: asyncpg.Record) -> Place:
    return row["scope"], row["scope_id"], row["span"], row["starts_at"]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
