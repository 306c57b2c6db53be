"""A connection as its organization may take it away: settings, consents in force, and the tokens themselves."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service import ids
from service.audit.acts import record_act
from service.connections import secrets_store, store
from service.connections.approvals import require
from service.connections.approvals.require import ApprovalNeededError, fingerprint
from service.connections.approvals.store import Action
from service.connections.credentials import NAME, Credentials, unseal
from service.connections.linking import Linking
from service.connections.store import Account, ConnectionRecord
from service.db.pool import Connection, as_organization


class Exported(Struct, frozen=True, kw_only=True):
    """What leaves us. Exists in memory and in one answer only."""

    record: ConnectionRecord
    accounts: tuple[Account, ...]
    credentials: Credentials | None
    at: datetime

    def __repr__(self) -> str:
        return "Exported(…)"


async def export_connection(
    linking: Linking,
    record: ConnectionRecord,
    *,
    by: str,
    key_id: UUID | None,
    ticket: str,
    approval_id: UUID | None,
    actor: str | None = None,
) -> Exported:
    """Everything, once a second person has agreed where the firm wants one. Raises ApprovalError.

    `key_id` is the key's that asks, None on our pages; `actor` is who asks there.
    """
    at = linking.clock()
    what = fingerprint(Action.EXPORT, str(record.id), ticket)
    needed: UUID | None = None
    async with as_organization(linking.pool, record.org_id) as connection:
        if approval_id is None:
            asked = await require.ask(
                connection,
                record.org_id,
                firm_id=record.firm_id,
                connection_id=record.id,
                action=Action.EXPORT,
                detail=f"{by} wants the tokens and settings of a connection to {record.vendor}, ticket {ticket}",
                what=what,
                by=by,
                key_id=key_id,
                at=at,
            )
            needed = None if asked is None else asked.id
            if asked is not None and actor is not None:
                about = (ids.encode("apr", asked.id),)
                await _note(connection, record, "connections.export_asked", about, ticket, actor)
        else:
            await require.spend(connection, record.org_id, approval_id, Action.EXPORT, what, at)
    if needed is not None:
        raise ApprovalNeededError(needed)
    async with as_organization(linking.pool, record.org_id) as connection:
        accounts = await store.list_accounts(connection, record.org_id, record.id)
        secret = await secrets_store.get_secret(connection, record.org_id, record.id, NAME)
        held = None if secret is None else await unseal(linking.vault, record.id, secret)
        await store.insert_event(connection, record.org_id, record.id, at, "exported", f"by {by}, ticket {ticket}")
        if actor is not None:
            about = (ids.encode("con", record.id),)
            await _note(connection, record, "connections.export", about, ticket, actor)
    return Exported(record=record, accounts=accounts, credentials=held, at=at)


async def _note(
    connection: Connection, record: ConnectionRecord, what: str, about: tuple[str, ...], ticket: str, actor: str
) -> None:
    await record_act(
        connection,
        record.org_id,
        what,
        about,
        firm_id=record.firm_id,
        connection_id=record.id,
        actor=actor,
        ticket=ticket,
    )
