"""Nothing of a person or a client is kept longer than it is said to be: the clock is moved, and it is gone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from service.accounts.organizations import create_firm, create_organization
from service.connections.hosted.store import delete_abandoned
from service.connections.jobs import Care
from service.db.pool import Pool
from service.ids import new_uuid
from service.jobs.worker import JOBS, run_due
from tests.conftest import Database

pytestmark = pytest.mark.anyio

MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEPT: Mapping[str, timedelta] = {
    "member_sessions": timedelta(days=14),
    "invitations": timedelta(days=7 + 30),
    "idempotency_claims": timedelta(days=30),
    "operations": timedelta(days=30),
    "link_sessions": timedelta(minutes=30) + timedelta(days=30),
}
"""How long after it was made a row of each table is gone."""
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
async def full(database: Database, operator_pool: Pool) -> Pool:
    """One row of each, made at the same instant."""
    async with operator_pool.acquire() as connection:
        org = (await create_organization(connection, "Ledgerline Apps")).id
        firm = (await create_firm(connection, org, "Birch & Vale")).id
    owner = await asyncpg.connect(database.owner_url)
    member = new_uuid()
    await owner.execute(
        "INSERT INTO members (org_id, id, email, name, role, password_hash, created_at)"
        " VALUES ($1, $2, 'morgan@birch.example', 'Morgan Vale', 'owner', '$argon2id$x', $3)",
        org,
        member,
        MADE,
    )
    for sql, arguments in rows(org, firm, member):
        await owner.execute(sql, *arguments)
    await owner.close()
    return operator_pool


def rows(org: UUID, firm: UUID, member: UUID) -> list[tuple[str, tuple[object, ...]]]:
    return [
        (
            "INSERT INTO member_sessions (org_id, id, member_id, secret_hash, user_agent, address, confirmed_at,"
            " created_at, seen_at, expires_at) VALUES ($1, gen_random_uuid(), $2, sha256('s'), 'Firefox', '192.0.2.7',"
            " $3, $3, $3, $3::timestamptz + interval '14 days')",
            (org, member, MADE),
        ),
        (
            "INSERT INTO invitations (org_id, id, email, role, invited_by, created_at, expires_at)"
            " VALUES ($1, gen_random_uuid(), 'ash@birch.example', 'admin', $2, $3,"
            " $3::timestamptz + interval '7 days')",
            (org, member, MADE),
        ),
        (
            "INSERT INTO idempotency_claims (org_id, key, fingerprint, request_id, claimed_at, held_until, status,"
            " answer) VALUES ($1, 'k', sha256('f'), gen_random_uuid(), $2, $2, 201, 'sealed')",
            (org, MADE),
        ),
        (
            "INSERT INTO operations (org_id, id, idempotency_key, key_id, connection_id, operation, scope, asked,"
            " state, held_until, created_at, ended_at, request_id, status, answer) VALUES ($1, gen_random_uuid(), 'k',"
            " gen_random_uuid(), gen_random_uuid(), 'createClient', 'clients:write', 'sealed', 'succeeded', $2, $2, $2,"
            " gen_random_uuid(), 201, 'sealed')",
            (org, MADE),
        ),
        (
            "INSERT INTO link_sessions (org_id, id, firm_id, token_hash, sandbox, vendors, items, purpose,"
            " consent_days, return_url, created_by, created_at, expires_at, step, signer_name, signer_email)"
            " VALUES ($1, gen_random_uuid(), $2, sha256('t'), false, '{canopy}', '{clients}', 'p', 1, 'u',"
            " gen_random_uuid(), $3, $3::timestamptz + interval '30 minutes', 'connect', 'Morgan Vale',"
            " 'morgan@birch.example')",
            (org, firm, MADE),
        ),
    ]


async def left_at(pool: Pool, at: datetime) -> set[str]:
    """What is left after the worker has done all of its jobs at an instant."""
    async with pool.acquire() as connection:
        await run_due(connection, {job: at for job in JOBS if job.name.startswith("forget_")}, lambda: at)
        await Care.empty_pages(_NO_CARE, connection, at)
        return {table for table in KEPT if await connection.fetchval(f"SELECT count(*) FROM {table}")}


_NO_CARE = Care.__new__(Care)
"""Emptying pages needs neither vendors nor a vault."""


@pytest.mark.parametrize("table", sorted(KEPT))
async def test_row_is_kept_to_its_end_and_gone_a_minute_later(full: Pool, table: str) -> None:
    before = await left_at(full, MADE + KEPT[table] - A_MINUTE)
    after = await left_at(full, MADE + KEPT[table] + A_MINUTE)

    assert table in before
    assert table not in after


async def test_in_the_end_nothing_is_left(full: Pool) -> None:
    assert await left_at(full, MADE) == set(KEPT)
    assert await left_at(full, MADE + max(KEPT.values()) + A_MINUTE) == set()


async def test_page_that_led_to_a_connection_stays_as_the_evidence_of_its_consent(full: Pool) -> None:
    await full.execute(
        "INSERT INTO connections (org_id, id, firm_id, vendor, state, sandbox, created_at, updated_at)"
        " SELECT org_id, gen_random_uuid(), firm_id, 'canopy', 'healthy', false, $1, $1 FROM link_sessions",
        MADE,
    )
    await full.execute(
        "UPDATE link_sessions SET step = 'finished', connection_id = c.id FROM connections c"
        " WHERE c.org_id = link_sessions.org_id"
    )

    assert "link_sessions" in await left_at(full, MADE + timedelta(days=3650))


async def test_what_an_abandoned_page_held_is_gone_at_once(full: Pool) -> None:
    await full.execute("UPDATE link_sessions SET sealed = 'sealed', key_version = 1")

    async with full.acquire() as connection:
        await delete_abandoned(connection, MADE + timedelta(hours=1))

    assert await full.fetchval("SELECT count(*) FROM link_sessions WHERE sealed IS NOT NULL") == 0
