"""Personal fields of the log, sealed under a key of their firm that can be destroyed.

The row's hash covers the ciphertext. Once the key is gone the chain still verifies and the content is unreadable.
"""

import time
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from uuid import UUID

import msgspec

from service.audit import store
from service.audit.entry import Personal, SealedPart
from service.connections.vault import DataKey, Place, Sealer, Vault
from service.db.pool import Connection, Pool, as_organization
from service.db.recent import Recent
from service.ids import canonical

key_version = store.get_audit_key_version

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Personal).decode


class _Held(msgspec.Struct, frozen=True):
    """A key in use, as it is stored and as it seals."""

    key: DataKey
    sealer: Sealer


class PersonalKeys:
    """The keys in use, as seen by one process; a destroyed one is not used again after a second."""

    def __init__(self, pool: Pool, vault: Vault, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._vault = vault
        self._keys: Recent[tuple[UUID, UUID], _Held] = Recent(monotonic=monotonic)

    async def seal(self, org_id: UUID, firm_id: UUID | None, row_id: UUID, personal: Personal) -> SealedPart:
        """Sealed under the firm's key, or under the organization's where no firm is known."""
        subject = firm_id or org_id
        held = self._keys.peek((org_id, subject)) or await self._held(org_id, subject)
        sealed = held.sealer.seal(_place(org_id, row_id), _encode(personal))
        return SealedPart(subject, held.sealer.version, b64encode(sealed).decode())

    async def key_of(self, org_id: UUID, subject: UUID) -> DataKey:
        """The key in use for what is personal of a firm, or of the organization itself."""
        return (await self._held(org_id, subject)).key

    async def _held(self, org_id: UUID, subject: UUID) -> _Held:
        return await self._keys.get((org_id, subject), lambda: self._read(org_id, subject))

    async def _read(self, org_id: UUID, subject: UUID) -> _Held:
        async with as_organization(self._pool, org_id) as connection:
            key = await store.get_audit_key(connection, org_id, subject)
            while key is None:
                version = await store.get_next_version(connection, org_id, subject)
                await store.insert_audit_key(connection, await self._vault.new_data_key(org_id, subject, version))
                key = await store.get_audit_key(connection, org_id, subject)
        return _Held(key, await self._vault.sealer(key))


async def unseal(
    connection: Connection, vault: Vault, org_id: UUID, row_id: UUID, sealed: SealedPart | None
) -> Personal | None:
    """None where there is nothing, or nothing that can be read any more because the key was destroyed.

    Raises SecretUnreadableError for what was altered.
    """
    if sealed is None:
        return None
    key = await store.get_audit_key_version(connection, org_id, sealed.subject, sealed.version)
    if key is None:
        return None
    return _decode(await vault.open(key, _place(org_id, row_id), b64decode(sealed.value)))


async def destroy_keys(connection: Connection, org_id: UUID, subject: UUID, at: datetime) -> int:
    """Makes the personal fields of a firm's rows unreadable for good, by an operator; how many keys there were."""
    return await store.mark_keys_destroyed(connection, org_id, subject, at)


async def rewrap_audit_keys(connection: Connection, vault: Vault, newest: str) -> int:
    """Moves keys under the key-encryption key named `newest`, a batch at a time; how many."""
    async with connection.transaction():
        keys = await store.list_audit_keys_to_rewrap(connection, newest)
        for key in keys:
            await store.mark_audit_key_rewrapped(connection, await vault.rewrap(key))
    return len(keys)


async def all_audit_keys(connection: Connection) -> AsyncGenerator[DataKey]:
    """Every key that is not destroyed, by an operator: what they seal beside the log are webhook secrets and bodies."""
    after = (UUID(int=0), UUID(int=0), 0)
    while found := await store.list_audit_keys(connection, after):
        for key in found:
            yield key
        after = (found[-1].org_id, found[-1].firm_id, found[-1].version)


def _place(org_id: UUID, row_id: UUID) -> Place:
    return Place("audit_rows", "personal", f"{canonical(org_id)}/{canonical(row_id)}")
