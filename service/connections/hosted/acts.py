"""What a firm's person does on a connect page, as the audit log keeps it: also what did not work."""

from uuid import UUID

from service import ids
from service.audit.acts import link_actor, record_act
from service.connections.hosted.store import LinkSession
from service.connectors.sdk.faults import ConnectionRefused, CredentialsExpired, RateLimited, Refused, VendorFault
from service.db.pool import Connection

SIGN = "link_sessions.sign"
CANCEL = "link_sessions.cancel"
CONNECT = "connections.connect"
CONNECT_AGAIN = "connections.connect_again"


async def note(
    connection: Connection,
    session: LinkSession,
    what: str,
    outcome: str = "done",
    *,
    about: tuple[str, ...] = (),
    connection_id: UUID | None = None,
) -> None:
    """One row, in the transaction of the act. The actor is the link session: the consent signed on it says who."""
    await record_act(
        connection,
        session.org_id,
        what,
        (*about, ids.encode("lks", session.id)),
        firm_id=session.firm_id,
        connection_id=connection_id or session.relinks,
        actor=link_actor(session.id),
        outcome=outcome,
    )


async def note_try(connection: Connection, session: LinkSession, outcome: str) -> None:
    """A try to connect that came to nothing."""
    await note(connection, session, CONNECT if session.relinks is None else CONNECT_AGAIN, outcome)


def outcome_of(fault: VendorFault) -> str:
    """A vendor's refusal in a word of ours."""
    match fault:
        case ConnectionRefused() | CredentialsExpired():
            return "credentials_refused"
        case Refused():
            return "vendor_refused"
        case RateLimited():
            return "vendor_rate_limited"
        case _:
            return "vendor_unavailable"
