"""The caller behind a key that is known by its id: for what was begun with it and is carried on without its token."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.accounts import store
from service.accounts.caller import Caller
from service.db.pool import Connection


class KnownCaller(Struct, frozen=True):
    """What a key may do now. `in_force` is False of one that is revoked or has expired."""

    caller: Caller
    in_force: bool


async def known_caller(connection: Connection, org_id: UUID, key_id: UUID, at: datetime) -> KnownCaller | None:
    """None where the organization has no such key."""
    found = await store.get_caller(connection, org_id, key_id)
    if found is None:
        return None
    caller, revoked_at = found
    has_expired = caller.expires_at is not None and caller.expires_at <= at
    return KnownCaller(caller, in_force=revoked_at is None and not has_expired)
