"""Making, changing and ending connections."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from service.accounts.errors import UnknownFirmError
from service.clock import Clock, now
from service.connections import secrets_store, store
from service.connections.credentials import Credentials, insert_credentials
from service.connections.errors import ConnectionNotFoundError
from service.connections.store import Account, ConnectionRecord, Consent, State
from service.connections.vault import Vault
from service.db.pool import Connection
from service.ids import new_uuid


async def create_connection(
    connection: Connection,
    vault: Vault,
    *,
    org_id: UUID,
    firm_id: UUID,
    vendor: str,
    accounts: Sequence[Account],
    credentials: Credentials,
    granted_by: str,
    consent_scopes: Sequence[str],
    consent_lasts: timedelta | None = None,
    sandbox: bool = False,
    base_url: str | None = None,
    clock: Clock = now,
) -> ConnectionRecord:
    """A healthy, consented connection, by an operator: all of it or nothing. Raises UnknownFirmError.

    `granted_by` says who at the firm consented. `base_url` is for sandboxes and self-hosted vendors.
    """
    at = clock()
    made = ConnectionRecord(
        org_id=org_id,
        id=new_uuid(),
        firm_id=firm_id,
        vendor=vendor,
        state=State.HEALTHY,
        sandbox=sandbox,
        base_url=base_url,
        created_at=at,
        updated_at=at,
    )
    consent = Consent(
        org_id=org_id,
        id=new_uuid(),
        firm_id=firm_id,
        connection_id=made.id,
        scopes=tuple(consent_scopes),
        granted_by=granted_by,
        granted_at=at,
        expires_at=None if consent_lasts is None else at + consent_lasts,
    )
    async with connection.transaction():
        try:
            await store.insert_connection(connection, made)
        except asyncpg.ForeignKeyViolationError:
            raise UnknownFirmError("the organization has no such firm") from None
        for account in accounts:
            await store.insert_account(connection, org_id, made.id, account)
        await store.insert_consent(connection, consent)
        await insert_credentials(connection, vault, org_id, firm_id, made.id, credentials, at)
    return made


async def replace_credentials(
    connection: Connection,
    vault: Vault,
    org_id: UUID,
    connection_id: UUID,
    credentials: Credentials,
    *,
    clock: Clock = now,
) -> None:
    """The firm has connected again: new credentials, healthy once more. Raises ConnectionNotFoundError."""
    async with connection.transaction():
        found = await store.get_connection(connection, org_id, connection_id)
        if found is None:
            raise ConnectionNotFoundError("no such connection")
        await insert_credentials(connection, vault, org_id, found.firm_id, connection_id, credentials, clock())
        await set_state(connection, org_id, connection_id, State.HEALTHY, clock=clock)


async def set_state(
    connection: Connection,
    org_id: UUID,
    connection_id: UUID,
    state: State,
    reason: str | None = None,
    *,
    clock: Clock = now,
) -> None:
    """Felt by every process within a second. Raises ConnectionNotFoundError."""
    if not await store.mark_connection_state(connection, org_id, connection_id, state, reason, clock()):
        raise ConnectionNotFoundError("no such connection")


async def disconnect(connection: Connection, org_id: UUID, connection_id: UUID, *, clock: Clock = now) -> None:
    """Ends a connection for good, by an operator: its consents end and its credentials are gone."""
    async with connection.transaction():
        await set_state(connection, org_id, connection_id, State.DISCONNECTED, clock=clock)
        await store.mark_consents_revoked(connection, org_id, connection_id, clock())
        await secrets_store.delete_secrets(connection, org_id, connection_id)
        await store.delete_account_marks(connection, org_id, connection_id)


async def rewrap_data_keys(connection: Connection, vault: Vault, newest: str) -> int:
    """Moves data keys under the key-encryption key named `newest`, a batch at a time; how many. Touches no secret."""
    async with connection.transaction():
        keys = await secrets_store.list_data_keys_to_rewrap(connection, newest)
        for key in keys:
            await secrets_store.mark_data_key_rewrapped(connection, await vault.rewrap(key))
    return len(keys)
