"""Sessions: a browser in which a member is signed in.

The token names organization and session and holds 256 random bits, whose hash alone is kept. It changes whenever the
member proves anew who it is, so a token seen before a second factor is worth nothing after it.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from service import ids
from service.accounts import members_store as store
from service.accounts.members_store import OpenSession, Session
from service.audit.acts import member_actor, record_act
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.ids import new_uuid

LASTS: Final = timedelta(days=14)
RECENT: Final = timedelta(minutes=15)
"""How long a proof of who it is opens what needs a recent one: keys, the team, the second factor itself."""

_SEEN_EVERY: Final = timedelta(minutes=1)
_SECRET_BYTES: Final = 32

list_sessions = store.list_sessions


class SignedIn(msgspec.Struct, frozen=True):
    """A session in use."""

    org_id: UUID
    session: OpenSession

    def is_recent(self, clock: Clock = now) -> bool:
        """Whether the member has proved who it is a short while ago."""
        return clock() - self.session.confirmed_at < RECENT


async def open_session(
    connection: Connection, org_id: UUID, member_id: UUID, *, user_agent: str, address: str, clock: Clock = now
) -> str:
    """A new session's token. The member has just proved who it is, by both factors where it has two."""
    at = clock()
    made = Session(
        id=new_uuid(),
        user_agent="".join(filter(str.isprintable, user_agent))[:200],
        address=address[:64],
        confirmed_at=at,
        created_at=at,
        seen_at=at,
        expires_at=at + LASTS,
    )
    secret = secrets.token_bytes(_SECRET_BYTES)
    await store.insert_session(connection, org_id, member_id, made, _hash(secret))
    await record_act(
        connection, org_id, "members.sign_in", (ids.encode("ses", made.id),), actor=member_actor(member_id)
    )
    return _token(org_id, made.id, secret)


async def read_session(pool: Pool, token: str, *, clock: Clock = now) -> SignedIn | None:
    """The session of this token; None for any that is not in force."""
    parts = _parts(token)
    if parts is None:
        return None
    org_id, session_id, secret = parts
    at = clock()
    async with as_organization(pool, org_id) as connection:
        found = await store.get_session(connection, org_id, session_id, at)
        if found is None or not hmac.compare_digest(found.secret_hash, _hash(secret)):
            return None
        if at - found.seen_at > _SEEN_EVERY:
            await store.mark_session_seen(connection, org_id, session_id, at)
    return SignedIn(org_id, found)


async def confirm_session(connection: Connection, signed_in: SignedIn, *, clock: Clock = now) -> str:
    """The member has proved again who it is: the same session under a new token."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    await store.mark_session_confirmed(connection, signed_in.org_id, signed_in.session.id, clock(), _hash(secret))
    return _token(signed_in.org_id, signed_in.session.id, secret)


async def end_session(connection: Connection, signed_in: SignedIn, session_id: UUID) -> None:
    """Signs the member out of one of its own browsers."""
    await store.delete_session(connection, signed_in.org_id, signed_in.session.member_id, session_id)


async def end_other_sessions(connection: Connection, signed_in: SignedIn) -> None:
    """Signs the member out everywhere but here."""
    await store.delete_sessions(connection, signed_in.org_id, signed_in.session.member_id, signed_in.session.id)


async def end_all_sessions(connection: Connection, signed_in: SignedIn) -> None:
    """Signs the member out everywhere."""
    await store.delete_sessions(connection, signed_in.org_id, signed_in.session.member_id, None)


def _token(org_id: UUID, session_id: UUID, secret: bytes) -> str:
    return urlsafe_b64encode(org_id.bytes + session_id.bytes + secret).rstrip(b"=").decode()


def _parts(token: str) -> tuple[UUID, UUID, bytes] | None:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (NotBase64, ValueError):
        return None
    if len(raw) != 32 + _SECRET_BYTES:
        return None
    return UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:]


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
