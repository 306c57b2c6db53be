"""An audit log in a real database: the usage ledger that writes it, the sealer, and the owner who could meddle."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from billing import Invocation, Meter, Reason, UsageLedger
from service.accounts.organizations import create_organization
from service.audit.calls import BESIDE
from service.audit.entry import Entry, Personal, to_row
from service.audit.personal import PersonalKeys
from service.connections.vault import LocalKey, Vault
from service.db.pool import Connection, Pool, open_pool
from service.ids import new_uuid
from tests.conftest import Database

Record: TypeAlias = Callable[..., Awaitable[UUID]]


@pytest.fixture
async def operator(operator_pool: Pool) -> AsyncIterator[Connection]:
    async with operator_pool.acquire() as connection:
        yield connection


@pytest.fixture
async def owner(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Who may do everything: the attacker of these tests."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def org(operator: Connection) -> UUID:
    return (await create_organization(operator, "Ledgerline Apps")).id


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[UsageLedger]:
    pool = await open_pool(database.owner_url, "tickmark_meter")
    ledger = UsageLedger(pool, beside=BESIDE)
    await ledger.start()
    yield ledger
    await ledger.close()
    await pool.close()


@pytest.fixture
def key_encryption_key() -> LocalKey:
    return LocalKey(secrets.token_bytes(32))


@pytest.fixture
def vault(key_encryption_key: LocalKey) -> Vault:
    return Vault(key_encryption_key)


@pytest.fixture
def personal_keys(app_pool: Pool, vault: Vault) -> PersonalKeys:
    return PersonalKeys(app_pool, vault)


def invocation(org_id: UUID, request_id: UUID) -> Invocation:
    return Invocation(
        org_id=org_id,
        request_id=request_id,
        key_id=new_uuid(),
        operation="listClients",
        status=200,
        meter=Meter.READ,
        units=1,
        billable=True,
        reason=Reason.SUCCESS,
        rows=50,
    )


@pytest.fixture
def record(ledger: UsageLedger, personal_keys: PersonalKeys) -> Record:
    """Records a call with its audit row; its id."""

    async def do(org_id: UUID, firm_id: UUID | None = None, address: str = "192.0.2.7") -> UUID:
        request_id = new_uuid()
        sealed = await personal_keys.seal(org_id, firm_id, request_id, Personal(address, ("cli_9",)))
        entry = Entry(
            org=org_id,
            id=request_id,
            kind="call",
            actor="key:1",
            what="listClients",
            outcome="success",
            status=200,
            firm=firm_id,
            rows=50,
            personal=sealed,
        )
        await ledger.record(invocation(org_id, request_id), to_row(entry))
        return request_id

    return do
