"""Replacing the key-encryption key while everything runs, and proving that every sealed value opens."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from service.audit.personal import all_audit_keys
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
    """All of them: those of connections, and those of the audit log, under which webhook secrets and bodies lie too."""
    under_older_keys: int
    """Data keys that another key-encryption key than the newest still wraps: none may be taken away before it is 0."""
    secrets: int
    unreadable: tuple[str, ...]
    """Connections whose secret does not open, by id; no reason that could tell anything of it."""
    unreadable_keys: tuple[str, ...] = ()
    """Data keys of the audit log that do not open: organization, firm or organization, version."""


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
    closed: list[str] = []
    async for key in all_audit_keys(connection):
        keys += 1
        older += key.wrapping_key != vault.newest
        try:
            await vault.check(key)
        except SecretUnreadableError:
            closed.append(f"{key.org_id}/{key.firm_id}/{key.version}")
    return Verified(
        data_keys=keys,
        under_older_keys=older,
        secrets=secrets,
        unreadable=tuple(unreadable),
        unreadable_keys=tuple(closed),
    )
