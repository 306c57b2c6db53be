"""The end of a connect page: connection, accounts, consent and secrets, all of it or nothing."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from service import ids
from service.connections import store as connections
from service.connections.approvals import require
from service.connections.approvals.require import WAITING, fingerprint
from service.connections.approvals.store import Action
from service.connections.credentials import NAME, insert_credentials
from service.connections.errors import ConnectRefusedError
from service.connections.hosted import store
from service.connections.hosted.acts import CONNECT, CONNECT_AGAIN, note
from service.connections.hosted.held import Held
from service.connections.hosted.sameness import Led, digests, led
from service.connections.hosted.statement import ends_at
from service.connections.hosted.store import LinkSession
from service.connections.linking import Linking
from service.connections.secrets_store import lock_secret
from service.connections.store import Account, ConnectionRecord, State
from service.connectors.sdk.connector import FoundAccount
from service.consent.sign import Signature, sign_consent
from service.db.pool import Connection, as_organization
from service.ids import new_uuid

_METHOD: Final = "click_through"
_LOCK_WAIT_S: Final = 60.0
_UNTOLD: Final = "; there was nothing to tell by whether it is the same account"


async def settle(linking: Linking, session: LinkSession, held: Held, chosen: Sequence[FoundAccount]) -> UUID:
    """The connection. Raises ConnectRefusedError where the page was finished before, or leads to other accounts."""
    assert held.credentials is not None
    assert session.vendor is not None
    at, again = linking.clock(), f"by {session.signer_name}"
    async with as_organization(linking.pool, session.org_id) as connection:
        if session.relinks is None:
            made = await _insert(linking, connection, session, chosen)
        else:
            made, leads = await _same(linking, connection, session, chosen)
            again += _UNTOLD if leads is Led.UNTOLD else ""
        await insert_credentials(
            connection, linking.vault, session.org_id, session.firm_id, made.id, held.credentials, at
        )
        widens = await _sign(linking, connection, session, made)
        waits = await _second_person(linking, connection, session, made, widens=widens)
        state, reason = (State.PENDING, WAITING) if waits else _state_after(made)
        await connections.mark_connection_state(connection, session.org_id, made.id, state, reason, at)
        if session.relinks is not None:
            await connections.insert_event(connection, session.org_id, made.id, at, "connected_again", again)
        notice = f"Nothing can be read before {WAITING.replace('has not agreed yet', 'agrees')}." if waits else None
        if not await store.mark_finished(connection, session, made.id, notice):
            raise ConnectRefusedError("That step was taken already.")
        await note(
            connection,
            session,
            CONNECT if session.relinks is None else CONNECT_AGAIN,
            about=(ids.encode("con", made.id),),
            connection_id=made.id,
        )
    return made.id


def _state_after(made: ConnectionRecord) -> tuple[State, str | None]:
    """In use; but what its organization has paused goes on when that wants it to."""
    paused = made.state is State.PAUSED
    return (State.PAUSED, made.state_reason) if paused else (State.HEALTHY, None)


async def _insert(
    linking: Linking, connection: Connection, session: LinkSession, chosen: Sequence[FoundAccount]
) -> ConnectionRecord:
    at = linking.clock()
    made = ConnectionRecord(
        org_id=session.org_id,
        id=new_uuid(),
        firm_id=session.firm_id,
        vendor=session.vendor or "",
        state=State.PENDING,
        state_reason=f"connected by {session.signer_name}",
        sandbox=session.sandbox,
        created_at=at,
        updated_at=at,
    )
    await connections.insert_own_connection(connection, made)
    await _insert_accounts(connection, made, 0, chosen)
    return made


async def _insert_accounts(
    connection: Connection, made: ConnectionRecord, first: int, chosen: Sequence[FoundAccount]
) -> None:
    for ordinal, found in enumerate(chosen, first):
        account = Account(ordinal, found.remote_id, found.name, found.currency, found.time_zone)
        await connections.insert_account(connection, made.org_id, made.id, account)
        await _tell_by(connection, made, found.remote_id, found)


async def _tell_by(connection: Connection, made: ConnectionRecord, remote_id: str, found: FoundAccount) -> None:
    """Keeps what the account is told by from now on; where nothing was found, what was kept before."""
    if found.marks:
        marks = digests(made.id, found.marks)
        await connections.mark_account_told_by(connection, made.org_id, made.id, remote_id, marks)


async def _same(
    linking: Linking, connection: Connection, session: LinkSession, chosen: Sequence[FoundAccount]
) -> tuple[ConnectionRecord, Led]:
    """The connection that is connected again, with its ids: the accounts it had have to be among the chosen ones."""
    assert session.relinks is not None
    # The secret first, as a renewal does; then nobody pauses, decides or ends it until this is over.
    await lock_secret(connection, session.org_id, session.relinks, NAME, _LOCK_WAIT_S)
    await connections.lock_connection(connection, session.org_id, session.relinks)
    known = await connections.get_connection(connection, session.org_id, session.relinks)
    if known is None or known.state is State.DISCONNECTED:
        raise ConnectRefusedError("The connection has ended meanwhile. Ask for a link to a new one.")
    before = await connections.list_accounts(connection, session.org_id, known.id)
    told_by = await connections.list_account_marks(connection, session.org_id, known.id)
    had, word = {account.remote_id for account in before}, linking.vendors.stand_in(known.vendor)
    leads = led(before, told_by, chosen, known.id, word)
    if leads is Led.ELSEWHERE:
        raise ConnectRefusedError(
            "This login leads to other accounts than the connection had. Use the login of the same firm, and choose "
            f"what it had: {', '.join(account.name for account in before)}."
        )
    is_one = bool(word)  # such a login reaches one account, and what it is called may have changed
    for account in chosen:
        if is_one or account.remote_id in had:
            await _tell_by(connection, known, before[0].remote_id if is_one else account.remote_id, account)
    added = [] if is_one else [account for account in chosen if account.remote_id not in had]
    await _insert_accounts(connection, known, len(before), added)
    return known, leads


async def _sign(linking: Linking, connection: Connection, session: LinkSession, made: ConnectionRecord) -> bool:
    """Enters the consent; whether it is wider than what the firm had consented to for this connection."""
    assert session.signed_at is not None
    assert session.statement is not None
    at = linking.clock()
    widens = await store.widens(connection, session.org_id, made.id, session.items, at)
    await sign_consent(
        connection,
        session.org_id,
        firm_id=session.firm_id,
        connection_id=made.id,
        client=None,
        recipient=session.organization,
        purpose=session.purpose,
        items=session.items,
        clients_consented=session.clients_consented,
        starts_at=None,
        expires_at=ends_at(session, session.signed_at),
        signature=Signature(
            signed_by=f"{session.signer_name} <{session.signer_email}>"[:200],
            signed_at=session.signed_at,
            method=_METHOD,
            document_sha256=sha256(session.statement.encode()).hexdigest(),
        ),
        at=at,
    )
    return widens


async def _second_person(
    linking: Linking, connection: Connection, session: LinkSession, made: ConnectionRecord, *, widens: bool
) -> bool:
    """Whether a second person has to agree before anything is read.

    What waited for that, or was refused it, is not brought into use by being connected again.
    """
    if session.relinks is None:
        wanted = [Action.CONNECT]
    elif made.state in (State.PENDING, State.REVOKED):
        wanted = [Action.CONNECT, Action.CONSENT]
    else:
        wanted = [Action.CONSENT] if widens else []
    for action in wanted:
        asked = await require.ask(
            connection,
            session.org_id,
            firm_id=session.firm_id,
            connection_id=made.id,
            action=action,
            detail=f"{session.signer_name} connected {made.vendor} for {session.organization}: {session.purpose}",
            what=fingerprint(action, str(made.id), *session.items),
            by=session.signer_email or "",
            key_id=None,
            at=linking.clock(),
        )
        if asked is not None:
            return True
    return False
