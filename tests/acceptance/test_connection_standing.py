"""Connections that must not be used: mode, state, consent. Nothing reaches the vendor."""

from datetime import UTC, datetime

import pytest

from service.accounts.tokens import Mode
from service.connections.link import disconnect, set_state
from service.connections.store import State, mark_consents_revoked
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Keys, problem_of

pytestmark = pytest.mark.anyio

PATH = "/v1/clients?limit=1"


async def test_test_key_does_not_reach_a_real_vendor(
    api: Api, keys: Keys, operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    tester = await keys(api, mode=Mode.TEST)
    await operator_pool.execute(
        "UPDATE connections SET sandbox = false WHERE id = $1", api.cast.connections["quickbooks"]
    )

    answer = await tester.get(PATH, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (403, "key_mode_mismatch")
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize("state", [State.PENDING, State.PAUSED, State.REVOKED, State.NEEDS_ATTENTION])
async def test_unusable_connection_is_424(
    api: Api, operator_pool: Pool, quickbooks: SandboxServer, state: State
) -> None:
    async with operator_pool.acquire() as connection:
        await set_state(connection, api.cast.org_id, api.cast.connections["quickbooks"], state)

    answer = await api.get(PATH, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (424, "connection_needs_attention")
    assert state.value in answer.json()["detail"]
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize("state", [State.DEGRADED, State.EXPIRING])
async def test_ailing_connection_still_works(api: Api, operator_pool: Pool, state: State) -> None:
    async with operator_pool.acquire() as connection:
        await set_state(connection, api.cast.org_id, api.cast.connections["quickbooks"], state)

    assert (await api.get(PATH, "quickbooks")).status_code == 200


async def test_withdrawn_consent_is_403(api: Api, operator_pool: Pool, quickbooks: SandboxServer) -> None:
    async with operator_pool.acquire() as connection:
        link = api.cast.connections["quickbooks"]
        await mark_consents_revoked(connection, api.cast.org_id, link, datetime.now(UTC))

    answer = await api.get(PATH, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (403, "consent_missing")
    assert answer.json()["origin"] == "connection"
    assert quickbooks.stats()["total"] == 0


async def test_disconnected_connection_is_424_and_still_listed(api: Api, operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        await disconnect(connection, api.cast.org_id, api.cast.connections["quickbooks"])

    assert (await api.get(PATH, "quickbooks")).status_code == 424
    assert (await api.get(f"/v1/connections/{api.connection('quickbooks')}")).json()["state"] == "disconnected"
