"""Which writes in doubt the worker gets to look at, and when."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from service import ids
from service.accounts.organizations import create_organization
from service.db.pool import Pool
from service.idempotency import looking
from service.idempotency.claim import HELD_FOR, LOOKED_AT_AFTER, Asked, Claim, Idempotency, KeptAnswer

pytestmark = pytest.mark.anyio

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
DUE = BEGAN + HELD_FOR + LOOKED_AT_AFTER
PAUSES = (timedelta(minutes=2), timedelta(hours=1))
PRINT = b"p" * 32
ASKED = Asked(ids.new_uuid(), b"POST /v1/clients")
ANSWER = KeptAnswer(201, b"application/json", (), b"{}")


@pytest.fixture
def idempotency(app_pool: Pool) -> Idempotency:
    return Idempotency(app_pool, secrets.token_bytes(32), lambda: BEGAN)


@pytest.fixture
async def org_id(operator_pool: Pool) -> UUID:
    return await organization(operator_pool)


async def organization(pool: Pool) -> UUID:
    async with pool.acquire() as connection:
        return (await create_organization(connection, "Ledgerline Apps")).id


async def claimed(idempotency: Idempotency, org_id: UUID, key: str = "a-1", asked: Asked | None = ASKED) -> Claim:
    claim = await idempotency.claim(org_id, key, PRINT, ids.new_uuid(), asked)
    assert isinstance(claim, Claim)
    return claim


async def due(pool: Pool, at: datetime, each: int = 5, most: int = 20) -> list[looking.Due]:
    async with pool.acquire() as connection:
        assert await looking.is_any_due(connection, at) or at < DUE
        return await looking.take(connection, at, each, most, PAUSES)


async def test_cut_off_write_is_due_once_its_caller_has_had_time(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    await claimed(idempotency, org_id)

    early = await due(operator_pool, DUE - timedelta(seconds=1))
    found = await due(operator_pool, DUE)

    assert early == []
    assert [(one.org_id, one.key_id, one.looks, idempotency.asked_in(one)) for one in found] == [
        (org_id, ASKED.key_id, 1, ASKED.request)
    ]


async def test_looks_come_after_longer_and_longer_pauses(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    await claimed(idempotency, org_id)
    looks: list[tuple[int, int]] = []
    for minute in range(200):
        at = DUE + timedelta(minutes=minute)
        async with operator_pool.acquire() as connection:
            looks += [(one.looks, minute) for one in await looking.take(connection, at, 5, 20, PAUSES)]

    assert looks == [(1, 0), (2, 2), (3, 62), (4, 122), (5, 182)]


async def test_two_workers_never_get_the_same_write(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    for number in range(4):
        await claimed(idempotency, org_id, f"a-{number}")
    async with operator_pool.acquire() as one, operator_pool.acquire() as other:
        first = await looking.take(one, DUE, 2, 20, PAUSES)
        second = await looking.take(other, DUE, 20, 20, PAUSES)

    assert (len(first), len(second)) == (2, 2)
    assert {due.key for due in first}.isdisjoint(due.key for due in second)


async def test_no_organization_fills_a_round(idempotency: Idempotency, operator_pool: Pool, org_id: UUID) -> None:
    quiet = await organization(operator_pool)
    for number in range(6):
        await claimed(idempotency, org_id, f"a-{number}")
    await claimed(idempotency, quiet)

    found = await due(operator_pool, DUE, each=3)

    assert sorted(one.org_id for one in found) == sorted([org_id] * 3 + [quiet])


@pytest.mark.parametrize("end", ["answered", "let go"])
async def test_write_that_is_sure_is_never_due_and_keeps_nothing_of_what_was_asked(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID, end: str
) -> None:
    claim = await claimed(idempotency, org_id)
    if end == "answered":
        await idempotency.keep(claim, ANSWER)
    else:
        await idempotency.release(claim, in_doubt=False)

    async with operator_pool.acquire() as connection:
        found = await looking.take(connection, DUE, 5, 20, PAUSES)
        asked = await connection.fetchval("SELECT asked FROM idempotency_claims")

    assert (found, asked) == ([], None)


async def test_write_whose_bytes_are_gone_is_never_due(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    claim = await claimed(idempotency, org_id, asked=None)
    await idempotency.release(claim, in_doubt=True)

    async with operator_pool.acquire() as connection:
        assert await looking.take(connection, DUE, 5, 20, PAUSES) == []


async def test_next_try_knows_of_the_doubt_until_it_is_over(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    first = await claimed(idempotency, org_id)
    await idempotency.release(first, in_doubt=True)
    second = await claimed(idempotency, org_id)
    await idempotency.release(second, in_doubt=False)
    third = await claimed(idempotency, org_id)

    assert [claim.in_doubt for claim in (first, second, third)] == [False, True, False]


async def test_what_was_asked_is_sealed_for_its_organization(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    other = await organization(operator_pool)
    await claimed(idempotency, org_id)
    await operator_pool.execute("UPDATE idempotency_claims SET asked = asked")
    found = (await due(operator_pool, DUE))[0]
    moved = looking.Due(other, found.key, found.key_id, found.request_id, found.asked, found.looks, found.claimed_at)

    assert ASKED.request not in found.asked
    with pytest.raises(InvalidTag):
        idempotency.asked_in(moved)


async def test_write_that_is_given_up_stays_so_and_one_that_is_over_stays_over(
    idempotency: Idempotency, operator_pool: Pool, org_id: UUID
) -> None:
    await claimed(idempotency, org_id, "lost")
    over = await claimed(idempotency, org_id, "over")
    taken = await due(operator_pool, DUE)
    await idempotency.keep(over, ANSWER)

    async with operator_pool.acquire() as connection:
        given_up = [await looking.give_up(connection, one, DUE, 409, b"sealed") for one in taken]
        statuses = [row["status"] for row in await connection.fetch("SELECT status FROM idempotency_claims")]
    left = await due(operator_pool, DUE + timedelta(days=1)) if await _any(operator_pool) else []

    assert (sorted(given_up), sorted(statuses), left) == ([False, True], [201, 409], [])


async def _any(pool: Pool) -> bool:
    async with pool.acquire() as connection:
        return await looking.is_any_due(connection, DUE + timedelta(days=1))
