"""Replacing the key-encryption key while everything runs, and proving that every sealed value opens."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from service.connections import secrets_store
from service.connections.credentials import unseal_with
from service.connections.errors import SecretUnreadableError
from service.connections.link import rewrap_data_keys
from service.connections.vault import Vault
from service.db.pool import Connection

_FIRST: Final = UUID(int=0)


class Verified(Struct, frozen=True, kw_only=True):
    """What a walk over the whole vault found."""

    data_keys: int
    under_older_keys: int
    """Data keys that another key-encryption key than the newest still wraps."""
    secrets: int
    unreadable: tuple[str, ...]
    """Connections whose secret does not open, by id; no reason that could tell anything of it."""


async def rotate(connection: Connection, vault: Vault) -> int:
    """Moves every data key under the newest key-encryption key, a batch at a time; how many. No secret is touched."""
    moved = 0
    while batch := await rewrap_data_keys(connection, vault, vault.newest):
        moved += batch
    return moved


async def verify(connection: Connection, vault: Vault) -> Verified:
    """Opens everything, in batches, and keeps nothing of it."""
    keys = older = secrets = 0
    unreadable: list[str] = []
    key_after = (_FIRST, _FIRST, 0)
    while found := await secrets_store.list_data_keys(connection, key_after):
        keys += len(found)
        older += sum(key.wrapping_key != vault.newest for key in found)
        key_after = (found[-1].org_id, found[-1].firm_id, found[-1].version)
    after = (_FIRST, _FIRST, "")
    while rows := await secrets_store.list_sealed(connection, after):
        for row in rows:
            secrets += 1
            try:
                await unseal_with(vault, row.key, row.connection_id, row.sealed)
            except SecretUnreadableError:
                unreadable.append(str(row.connection_id))
        after = (rows[-1].key.org_id, rows[-1].connection_id, rows[-1].name)
    return Verified(data_keys=keys, under_older_keys=older, secrets=secrets, unreadable=tuple(unreadable))
