"""The secrets that bodies are signed with: sealed under the organization's key, shown once, two at a time."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from service import ids
from service.audit.acts import record_act
from service.audit.personal import PersonalKeys, key_version
from service.clock import Clock, now
from service.connections.errors import SecretUnreadableError
from service.connections.vault import Place, Vault
from service.db.pool import Connection, Pool, as_organization
from service.events import store
from service.events.signing import new_secret
from service.events.store import SealedSecret

LONGEST_OVERLAP: Final = timedelta(days=7)


class Webhooks(msgspec.Struct, frozen=True):
    """What it takes to keep endpoints: built once for each process."""

    pool: Pool
    vault: Vault
    keys: PersonalKeys
    loopback: bool = False
    """Whether test endpoints may be on this machine, over plain HTTP."""
    clock: Clock = now


async def roll_secret(
    hooks: Webhooks, org_id: UUID, endpoint_id: UUID, *, overlap: timedelta, actor: str | None
) -> str:
    """A new secret. Until `overlap` is over the old one signs bodies too; one that was ending is forgotten."""
    at = hooks.clock()
    secret, sealed = await sealed_secret(hooks, org_id, endpoint_id)
    async with as_organization(hooks.pool, org_id) as connection:
        await store.mark_secret_ending(connection, org_id, endpoint_id, at + min(overlap, LONGEST_OVERLAP))
        await store.insert_secret(connection, org_id, endpoint_id, *sealed, at)
        await record_hook(connection, org_id, "webhooks.roll", endpoint_id, actor)
    return secret


async def open_secrets(
    connection: Connection, vault: Vault, org_id: UUID, endpoint_id: UUID, at: datetime
) -> tuple[str, ...]:
    """The secrets in use, the newest first. Raises SecretUnreadableError."""
    found = await store.list_secrets(connection, org_id, endpoint_id, at)
    return tuple([await _open(connection, vault, org_id, endpoint_id, one) for one in found])


async def sealed_secret(hooks: Webhooks, org_id: UUID, endpoint_id: UUID) -> tuple[str, tuple[UUID, int, bytes]]:
    """A new secret, and what is kept of it: its id, the version of the key that seals it, and it sealed."""
    secret, secret_id = new_secret(), ids.new_uuid()
    key = await hooks.keys.key_of(org_id, org_id)
    sealed = await hooks.vault.seal(key, _place(org_id, endpoint_id, secret_id), secret.encode())
    return secret, (secret_id, key.version, sealed)


async def record_hook(connection: Connection, org_id: UUID, what: str, endpoint_id: UUID, actor: str | None) -> None:
    """A row of the audit log, where a call's row does not say it already."""
    if actor is not None:
        await record_act(connection, org_id, what, (ids.encode("whe", endpoint_id),), actor=actor)


async def _open(connection: Connection, vault: Vault, org_id: UUID, endpoint_id: UUID, one: SealedSecret) -> str:
    key = await key_version(connection, org_id, org_id, one.key_version)
    if key is None:
        raise SecretUnreadableError("the key of a webhook secret was destroyed")
    return (await vault.open(key, _place(org_id, endpoint_id, one.id), one.sealed)).decode()


def _place(org_id: UUID, endpoint_id: UUID, secret_id: UUID) -> Place:
    return Place("webhook_secrets", "sealed", f"{org_id}/{endpoint_id}/{secret_id}")
