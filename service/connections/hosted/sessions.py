"""Link sessions: a page for one firm, made by its customer's app, that lives half an hour and connects once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from service import ids
from service.audit.acts import record_act
from service.connections import store as connections
from service.connections.errors import ConnectRefusedError
from service.connections.hosted import store
from service.connections.hosted.store import ConnectSettings, LinkSession, Step
from service.connections.linking import Linking
from service.connections.oauth import digest, new_secret
from service.connections.store import State
from service.consent.items import ITEMS
from service.db.pool import Connection, as_organization
from service.ids import new_uuid

LASTS: Final = timedelta(minutes=30)
_TAKEN_BACK: Final = "The app that sent this link has taken it back."
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


class Wish(Struct, frozen=True, kw_only=True):
    """What an app asks for."""

    firm_id: UUID
    vendors: Sequence[str]
    return_url: str | None
    purpose: str
    items: Sequence[str]
    consent_days: int
    relinks: UUID | None


class WishError(Exception):
    """What is wrong with a wish; `pointer` says where in it."""

    def __init__(self, pointer: str, says: str) -> None:
        super().__init__(says)
        self.pointer = pointer


async def create_session(
    linking: Linking, org_id: UUID, by: UUID, wish: Wish, *, sandbox: bool, actor: str | None = None
) -> tuple[LinkSession, str]:
    """The session and its address, which is told once. Raises WishError.

    `by` is the key, or the member, that makes it; `actor` is who acts outside of the API, whose calls have rows of
    their own in the audit log.
    """
    at = linking.clock()
    async with as_organization(linking.pool, org_id) as connection:
        if not await store.has_firm(connection, org_id, wish.firm_id):
            raise WishError("/firm", "The organization has no such firm.")
        settings = await store.get_settings(connection, org_id)
        if wish.return_url is not None and not is_allowed(wish.return_url, settings):
            raise WishError("/return_url", "It is not among the organization's return URLs.")
        vendors, sandbox = await _vendors(linking, connection, org_id, wish, sandbox=sandbox)
        token = new_secret()
        made = LinkSession(
            org_id=org_id,
            id=new_uuid(),
            firm_id=wish.firm_id,
            sandbox=sandbox,
            vendors=vendors,
            items=tuple(sorted(set(wish.items or ITEMS))),
            purpose=wish.purpose,
            consent_days=wish.consent_days,
            return_url=wish.return_url,
            relinks=wish.relinks,
            created_by=by,
            created_at=at,
            expires_at=at + LASTS,
            step=Step.SIGN,
        )
        await store.insert_session(connection, made, digest(token))
        if actor is not None:
            await _note(connection, made, "link_sessions.create", actor)
    return made, f"{linking.public_url}/connect/{token}"


async def cancel_session(linking: Linking, session: LinkSession, *, actor: str | None = None) -> LinkSession:
    """Its address works no more, and what it held is dropped. One that is over stays as it is."""
    async with as_organization(linking.pool, session.org_id) as connection:
        if await store.mark_closed(connection, session, _TAKEN_BACK) and actor is not None:
            await _note(connection, session, "link_sessions.cancel", actor)
        after = await store.get_session(connection, session.org_id, session.id)
    return after or session


async def find_session(linking: Linking, secret: str) -> LinkSession:
    """The session of a token, or of a state that a vendor sent back. Raises ConnectRefusedError."""
    async with linking.pool.acquire() as connection:
        found = await store.find_session(connection, digest(secret))
    session = None if found is None else await read_session(linking, *found)
    if session is None:
        raise ConnectRefusedError("This link is not known. Ask for a new one where you were given it.")
    return session


async def read_session(linking: Linking, org_id: UUID, session_id: UUID) -> LinkSession | None:
    """As it stands now; one whose time is over counts as closed."""
    async with as_organization(linking.pool, org_id) as connection:
        return await store.get_session(connection, org_id, session_id)


def checked_return_url(text: str) -> str:
    """An address that may be put on the list. Raises WishError."""
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        host, port, url = "", None, urlsplit("")
    plain = url.scheme == "http" and host in _LOOPBACK
    if not host or not (url.scheme == "https" or plain) or url.fragment or url.query or "@" in url.netloc or port == 0:
        raise WishError("/return_urls", "An https:// address without user, query or fragment (http for this machine).")
    return text


def is_allowed(return_url: str, settings: ConnectSettings) -> bool:
    """Exactly one of the list, but for what stands in the query."""
    try:
        url = urlsplit(return_url)
    except ValueError:
        return False
    bare = return_url.split("?", 1)[0]
    return not url.fragment and bare in settings.return_urls


async def _vendors(
    linking: Linking, connection: Connection, org_id: UUID, wish: Wish, *, sandbox: bool
) -> tuple[tuple[str, ...], bool]:
    """Which vendors the page offers. A connection that is connected again keeps its own."""
    if wish.relinks is not None:
        known = await connections.get_connection(connection, org_id, wish.relinks)
        if known is None or known.firm_id != wish.firm_id or known.state is State.DISCONNECTED:
            raise WishError("/connection", "The firm has no such connection.")
        return (known.vendor,), known.sandbox
    offered = [one.slug for one in linking.vendors.reachable(sandbox=sandbox)]
    unknown = sorted(set(wish.vendors) - set(offered))
    if unknown:
        raise WishError("/vendors", f"Can be connected here: {', '.join(offered) or 'none'}.")
    return tuple(dict.fromkeys(wish.vendors or offered)), sandbox


async def _note(connection: Connection, session: LinkSession, what: str, actor: str) -> None:
    about = (ids.encode("lks", session.id),)
    await record_act(
        connection, session.org_id, what, about, firm_id=session.firm_id, connection_id=session.relinks, actor=actor
    )
