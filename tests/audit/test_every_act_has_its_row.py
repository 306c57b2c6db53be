"""Every act that is no call leaves exactly one row, whichever way it is done, and none where it is undone."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing import PUBLIC_PLAN, load_price_book, open_account
from service import ids
from service.accounts.errors import KeyNotFoundError
from service.accounts.keys import mint_key, revoke_key, roll_key
from service.accounts.organizations import change_organization, create_firm, create_organization, point_to_firm
from service.accounts.tokens import Mode, Peppers
from service.audit.acts import member_actor
from service.connections.credentials import Credentials
from service.connections.issues import canary
from service.connections.link import create_connection
from service.connections.states import move_connection
from service.connections.store import Account, State
from service.connections.vault import LocalKey, Vault
from service.db.pool import Connection, Pool, as_organization
from service.jobs.ledger import close_due_months

pytestmark = pytest.mark.anyio

PEPPERS = Peppers({1: b"p" * 32})
VAULT = Vault(LocalKey(b"k" * 32))
MEMBER = member_actor(ids.new_uuid())
AT = datetime(2026, 11, 20, tzinfo=UTC)


async def mint(connection: Connection, org: UUID, **more: Any) -> UUID:
    made, _ = await mint_key(
        connection,
        PEPPERS,
        org_id=org,
        name="backend",
        mode=Mode.TEST,
        scopes=("clients:read",),
        api_version=date(2026, 11, 20),
        **more,
    )
    return made.id


async def roll(connection: Connection, org: UUID, **more: Any) -> None:
    await roll_key(connection, PEPPERS, org, await mint(connection, org, **more), overlap=timedelta(), **more)


async def revoke(connection: Connection, org: UUID, **more: Any) -> None:
    await revoke_key(connection, org, await mint(connection, org, **more), **more)


async def firm(connection: Connection, org: UUID, **more: Any) -> None:
    await create_firm(connection, org, "Birch & Vale", **more)


async def change(connection: Connection, org: UUID, **more: Any) -> None:
    await change_organization(connection, org, "Ledgerline", "UTC", **({"actor": "operator"} | more))


ACTS: dict[str, tuple[Callable[..., Awaitable[object]], list[str]]] = {
    "mint": (mint, ["keys.mint"]),
    "roll": (roll, ["keys.mint", "keys.roll"]),
    "revoke": (revoke, ["keys.mint", "keys.revoke"]),
    "firm": (firm, ["firms.create"]),
    "change": (change, ["orgs.change"]),
}


@pytest.fixture
async def org(operator_pool: Pool) -> UUID:
    async with operator_pool.acquire() as connection:
        return (await create_organization(connection, "Ledgerline Apps")).id


async def acts(pool: Pool, org: UUID) -> list[tuple[str, str]]:
    rows = await pool.fetch(
        "SELECT content::jsonb ->> 'what' AS what, content::jsonb ->> 'actor' AS actor FROM audit_rows"
        " WHERE org_id = $1 ORDER BY id",
        org,
    )
    return [(row["what"], row["actor"]) for row in rows]


@pytest.mark.parametrize("name", sorted(ACTS))
async def test_act_of_an_operator_has_one_row(operator_pool: Pool, org: UUID, name: str) -> None:
    act, expected = ACTS[name]
    async with operator_pool.acquire() as connection:
        await act(connection, org)

    assert await acts(operator_pool, org) == [(what, "operator") for what in expected]


@pytest.mark.parametrize("name", sorted(ACTS))
async def test_act_of_a_member_has_one_row_that_names_the_member(
    operator_pool: Pool, app_pool: Pool, org: UUID, name: str
) -> None:
    act, expected = ACTS[name]
    async with as_organization(app_pool, org) as connection:
        await act(connection, org, actor=MEMBER)

    assert await acts(operator_pool, org) == [(what, MEMBER) for what in expected]


@pytest.mark.parametrize("name", sorted(ACTS))
async def test_act_that_is_undone_has_none(operator_pool: Pool, org: UUID, name: str) -> None:
    async with operator_pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await ACTS[name][0](connection, org)
        await undone.rollback()

    assert await acts(operator_pool, org) == []


async def test_act_without_its_row_is_not_done(operator_pool: Pool, org: UUID) -> None:
    async with operator_pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute("SET LOCAL ROLE tickmark_meter")  # may neither mint nor record
        with pytest.raises(Exception, match="permission denied"):
            await mint(connection, org)
        await undone.rollback()

    assert await operator_pool.fetchval("SELECT count(*) FROM api_keys") == 0


async def test_refused_act_has_none(operator_pool: Pool, org: UUID) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(KeyNotFoundError):
            await revoke_key(connection, org, ids.new_uuid())

    assert await acts(operator_pool, org) == []


async def test_signpost_to_another_region_has_one_row(operator_pool: Pool, org: UUID) -> None:
    async with operator_pool.acquire() as connection:
        await point_to_firm(connection, org, ids.new_uuid(), "eu")

    assert await acts(operator_pool, org) == [("firms.point", "operator")]


async def test_month_that_the_worker_closed_has_one_row(operator_pool: Pool, org: UUID) -> None:
    async with operator_pool.acquire() as connection:
        plan = load_price_book().find(*PUBLIC_PLAN)
        await open_account(connection, org, plan, "UTC", plan.currency, opened_at=datetime(2026, 9, 5, tzinfo=UTC))
        await close_due_months(connection, datetime(2026, 10, 20, tzinfo=UTC))
        await close_due_months(connection, datetime(2026, 10, 21, tzinfo=UTC))

    assert await acts(operator_pool, org) == [("invoices.draft", "worker")]


@pytest.fixture
async def link(operator_pool: Pool, org: UUID) -> UUID:
    """A connection whose making left no row yet."""
    async with operator_pool.acquire() as connection:
        practice = await create_firm(connection, org, "Birch & Vale")
        made = await create_connection(
            connection,
            VAULT,
            org_id=org,
            firm_id=practice.id,
            vendor="canopy",
            accounts=[Account(0, "1", "Birch & Vale")],
            credentials=Credentials(access_token="a", refresh_token="r", expires_at=None),
            granted_by="Morgan Vale, partner",
            consent_scopes=(),
        )
    return made.id


async def test_state_that_the_platform_set_has_one_row_also_under_the_role_of_requests(
    operator_pool: Pool, app_pool: Pool, org: UUID, link: UUID
) -> None:
    async with as_organization(app_pool, org) as connection:
        await move_connection(connection, org, link, State.NEEDS_ATTENTION, "the vendor refused", AT)

    assert (await acts(operator_pool, org))[1:] == [("connections.needs_attention", "platform")]


async def test_connection_that_drifts_and_recovers_has_a_row_for_each(
    operator_pool: Pool, org: UUID, link: UUID
) -> None:
    async with operator_pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO issues (org_id, id, connection_id, vendor, surface, kind, path, expected, opened_at, seen_at)"
            " VALUES ($1, gen_random_uuid(), $2, 'canopy', 'clients', 'missing_field', '$.id', 'string', $3, $3)",
            org,
            link,
            AT,
        )
        for _ in range(2):
            await canary.judge(connection, org, link, AT)
        await connection.execute("UPDATE issues SET resolved_at = $1", AT)
        for _ in range(2):
            await canary.judge(connection, org, link, AT)

    assert (await acts(operator_pool, org))[1:] == [
        ("connections.degraded", "platform"),
        ("connections.healthy", "platform"),
    ]
