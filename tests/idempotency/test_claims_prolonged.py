"""A try that takes long keeps its claim; one that died loses it soon."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from service import ids
from service.accounts.organizations import create_organization
from service.db.pool import Connection, Pool
from service.errors import ApiProblem
from service.idempotency import claim as claims
from service.idempotency.claim import Claim, Idempotency

pytestmark = pytest.mark.anyio

_PRINT = b"p" * 32


@pytest.fixture
async def org_id(operator_pool: Pool) -> UUID:
    async with operator_pool.acquire() as connection:
        return (await create_organization(connection, "Ledgerline Apps")).id


async def held_until(connection: Connection, org_id: UUID) -> datetime:
    found: datetime = await connection.fetchval("SELECT held_until FROM idempotency_claims WHERE org_id = $1", org_id)
    return found


async def test_upload_that_takes_longer_than_a_claim_lasts_is_not_begun_twice(
    app_pool: Pool, operator_pool: Pool, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "HELD_FOR", timedelta(milliseconds=300))
    began = datetime.now(UTC)
    late = began + timedelta(seconds=1)
    clock = [began]
    idempotency = Idempotency(app_pool, secrets.token_bytes(32), lambda: clock[0])
    first = await idempotency.claim(org_id, "upload-1", _PRINT, ids.new_uuid())
    assert isinstance(first, Claim)

    async with idempotency.prolonged(first), operator_pool.acquire() as connection:
        clock[0] = late
        async with asyncio.timeout(10):
            while await held_until(connection, org_id) <= late:
                pass
        with pytest.raises(ApiProblem) as refused:
            await idempotency.claim(org_id, "upload-1", _PRINT, ids.new_uuid())
    assert refused.value.kind.code == "idempotency_in_flight"

    clock[0] = late + timedelta(seconds=1)
    second = await idempotency.claim(org_id, "upload-1", _PRINT, ids.new_uuid())
    assert isinstance(second, Claim)
    assert second.earlier_request_ids == (first.request_id,)
