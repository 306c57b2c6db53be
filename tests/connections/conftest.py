"""One organization, one firm, one consented sandbox connection."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from service.accounts.caller import Caller
from service.accounts.organizations import create_firm, create_organization
from service.accounts.tokens import Mode
from service.connections.credentials import Credentials
from service.connections.link import create_connection
from service.connections.store import Account, ConnectionRecord
from service.connections.vault import LocalKey, Vault
from service.db.pool import Pool
from service.ids import new_uuid

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKENS = Credentials(access_token="access-0", refresh_token="refresh-0", expires_at=NOON + timedelta(hours=1))


class Linked(msgspec.Struct, frozen=True):
    """A connection, the vault that sealed its credentials, and a test caller of its organization."""

    record: ConnectionRecord
    vault: Vault
    caller: Caller


def caller_of(org_id: UUID, mode: Mode = Mode.TEST) -> Caller:
    return Caller(
        org_id=org_id,
        key_id=new_uuid(),
        mode=mode,
        scopes=frozenset(),
        firm_ids=None,
        connection_ids=None,
        api_version=date(2026, 11, 1),
        ip_allow=(),
        expires_at=None,
    )


@pytest.fixture
def vault() -> Vault:
    return Vault(LocalKey(b"k" * 32))


@pytest.fixture
async def linked(operator_pool: Pool, vault: Vault) -> Linked:
    async with operator_pool.acquire() as connection:
        organization = await create_organization(connection, "Ledger Apps")
        firm = await create_firm(connection, organization.id, "Alder & Birch CPAs")
        record = await create_connection(
            connection,
            vault,
            org_id=organization.id,
            firm_id=firm.id,
            vendor="quickbooks",
            accounts=[Account(0, "9130", "Alder & Birch", "USD", "America/Chicago")],
            credentials=TOKENS,
            granted_by="partner@alderbirch.example",
            consent_scopes=["clients", "invoices"],
            consent_lasts=timedelta(days=365),
            sandbox=True,
            base_url="http://127.0.0.1:9",
            clock=lambda: NOON,
        )
    return Linked(record, vault, caller_of(organization.id))
