"""What a vendor lets us in with, and how it is kept: one sealed value for each connection."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.connections import secrets_store
from service.connections.errors import SecretUnreadableError
from service.connections.secrets_store import Lifetime, SealedSecret
from service.connections.vault import DataKey, Place, Vault
from service.db.pool import Connection

NAME = "credentials"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one connection. Without a `refresh_token` they cannot be renewed; `None` expiry means: does not."""

    access_token: str
    refresh_token: str | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    hard_expires_at: datetime | None = None
    """No renewal puts this off."""
    extra: dict[str, str] = {}

    @property
    def lifetime(self) -> Lifetime:
        """What of them may be known without opening them."""
        return Lifetime(
            expires_at=self.expires_at,
            refresh_expires_at=self.refresh_expires_at,
            hard_expires_at=self.hard_expires_at,
        )

    def __repr__(self) -> str:
        return f"Credentials(expires_at={self.expires_at})"


async def insert_credentials(
    connection: Connection,
    vault: Vault,
    org_id: UUID,
    firm_id: UUID,
    connection_id: UUID,
    credentials: Credentials,
    at: datetime,
) -> None:
    """Seals and keeps them, in the caller's transaction; replaces earlier ones."""
    key = await data_key_of(connection, vault, org_id, firm_id)
    sealed = await seal(vault, key, connection_id, credentials)
    await secrets_store.insert_secret(connection, key, connection_id, NAME, sealed, at, credentials.lifetime)


async def seal(vault: Vault, key: DataKey, connection_id: UUID, credentials: Credentials) -> bytes:
    return await vault.seal(key, _place(key.org_id, connection_id), msgspec.json.encode(credentials))


async def unseal(vault: Vault, connection_id: UUID, secret: SealedSecret) -> Credentials:
    """Raises SecretUnreadableError if the stored value is not what we wrote there."""
    return await unseal_with(vault, secret.key, connection_id, secret.sealed)


async def unseal_with(vault: Vault, key: DataKey, connection_id: UUID, sealed: bytes) -> Credentials:
    """The same, of a value that was read with its key alone."""
    plain = await vault.open(key, _place(key.org_id, connection_id), sealed)
    try:
        return msgspec.json.decode(plain, type=Credentials)
    except msgspec.DecodeError:
        raise SecretUnreadableError("the credentials were written by another version") from None


async def data_key_of(connection: Connection, vault: Vault, org_id: UUID, firm_id: UUID) -> DataKey:
    """The key that seals a firm's new secrets, made where it has none."""
    key = await secrets_store.get_newest_data_key(connection, org_id, firm_id)
    if key is None:
        await secrets_store.insert_data_key(connection, await vault.new_data_key(org_id, firm_id, 1))
        key = await secrets_store.get_newest_data_key(connection, org_id, firm_id)
        assert key is not None
    return key


def _place(org_id: UUID, connection_id: UUID) -> Place:
    return Place("connection_secrets", "sealed", f"{org_id}/{connection_id}/{NAME}")
