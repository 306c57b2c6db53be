"""Members, their sessions and invitations as rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.accounts.roles import Role
from service.db.pool import Connection, Pool
from service.db.queries import load_queries

SQL = load_queries(__file__)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of an organization."""

    org_id: UUID
    id: UUID
    email: str
    name: str
    role: Role
    has_totp: bool = False
    created_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser in which a member is signed in."""

    id: UUID
    user_agent: str
    address: str
    confirmed_at: datetime
    """When the member last proved who it is."""
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class OpenSession(Session, frozen=True, kw_only=True):
    """A session with its member and organization."""

    secret_hash: bytes
    member_id: UUID
    email: str
    name: str
    role: Role
    has_totp: bool
    member_since: datetime
    organization: str
    time_zone: str

    def __repr__(self) -> str:
        return f"OpenSession({self.id})"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is asked to join; it can still be accepted."""

    org_id: UUID
    id: UUID
    email: str
    role: Role
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
    invited_by_key: UUID | None = None
    """The key that asked, on the word of `invited_by`."""


class Totp(msgspec.Struct, frozen=True):
    """A member's second factor as it is kept."""

    totp_sealed: bytes | None
    totp_last_step: int | None


async def mark_organization_changed(connection: Connection, org_id: UUID, name: str, time_zone: str) -> None:
    await connection.execute(SQL["mark_organization_changed"], org_id, name, time_zone)


async def mark_keys_granting(connection: Connection, org_id: UUID, member_id: UUID | None) -> None:
    await connection.execute(SQL["mark_keys_granting"], org_id, member_id)


async def get_granting(connection: Connection, org_id: UUID) -> Member | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_granting"], org_id), Member | None)


async def insert_member(connection: Connection, made: Member, password_hash: str) -> None:
    head = (made.org_id, made.id, made.email, made.name, made.role)
    await connection.execute(SQL["insert_member"], *head, password_hash, made.created_at)


async def find_member(pool: Pool, email: str) -> tuple[UUID, UUID, str] | None:
    """Organization, member and password hash; the one question asked without an organization."""
    row = await pool.fetchrow(SQL["find_member"], email)
    return None if row is None else (row["org_id"], row["member_id"], row["password_hash"])


async def get_member(connection: Connection, org_id: UUID, member_id: UUID) -> Member | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_member"], org_id, member_id), Member | None)


async def list_members(connection: Connection, org_id: UUID) -> list[Member]:
    return msgspec.convert(await connection.fetch(SQL["list_members"], org_id), list[Member])


async def lock_members(connection: Connection, org_id: UUID) -> None:
    await connection.execute(SQL["lock_members"], org_id)


async def mark_member_role(connection: Connection, org_id: UUID, member_id: UUID, role: Role) -> bool:
    return await connection.fetchval(SQL["mark_member_role"], org_id, member_id, role) is not None


async def mark_member_removed(connection: Connection, org_id: UUID, member_id: UUID, at: datetime) -> bool:
    return await connection.fetchval(SQL["mark_member_removed"], org_id, member_id, at) is not None


async def mark_member_password(connection: Connection, org_id: UUID, member_id: UUID, password_hash: str) -> None:
    await connection.execute(SQL["mark_member_password"], org_id, member_id, password_hash)


async def get_totp(connection: Connection, org_id: UUID, member_id: UUID) -> Totp | None:
    """The second factor, which no other sign-in can use until the transaction ends."""
    return msgspec.convert(await connection.fetchrow(SQL["get_totp"], org_id, member_id), Totp | None)


async def mark_totp(
    connection: Connection, org_id: UUID, member_id: UUID, sealed: bytes | None, step: int | None
) -> None:
    await connection.execute(SQL["mark_totp"], org_id, member_id, sealed, step)


async def mark_totp_step(connection: Connection, org_id: UUID, member_id: UUID, step: int) -> None:
    await connection.execute(SQL["mark_totp_step"], org_id, member_id, step)


async def insert_session(
    connection: Connection, org_id: UUID, member_id: UUID, made: Session, secret_hash: bytes
) -> None:
    facts = (secret_hash, made.user_agent, made.address, made.created_at, made.expires_at)
    await connection.execute(SQL["insert_session"], org_id, made.id, member_id, *facts)


async def get_session(connection: Connection, org_id: UUID, session_id: UUID, at: datetime) -> OpenSession | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_session"], org_id, session_id, at), OpenSession | None)


async def list_sessions(connection: Connection, org_id: UUID, member_id: UUID, at: datetime) -> list[Session]:
    return msgspec.convert(await connection.fetch(SQL["list_sessions"], org_id, member_id, at), list[Session])


async def mark_session_confirmed(
    connection: Connection, org_id: UUID, session_id: UUID, at: datetime, secret_hash: bytes
) -> None:
    await connection.execute(SQL["mark_session_confirmed"], org_id, session_id, at, secret_hash)


async def mark_session_seen(connection: Connection, org_id: UUID, session_id: UUID, at: datetime) -> None:
    await connection.execute(SQL["mark_session_seen"], org_id, session_id, at)


async def delete_session(connection: Connection, org_id: UUID, member_id: UUID, session_id: UUID) -> None:
    await connection.execute(SQL["delete_session"], org_id, member_id, session_id)


async def delete_sessions(connection: Connection, org_id: UUID, member_id: UUID, but: UUID | None) -> None:
    await connection.execute(SQL["delete_sessions"], org_id, member_id, but)


async def insert_invitation(connection: Connection, made: Invitation) -> None:
    await connection.execute(
        SQL["insert_invitation"],
        made.org_id,
        made.id,
        made.email,
        made.role,
        made.invited_by,
        made.created_at,
        made.expires_at,
        made.invited_by_key,
    )


async def list_invitations(connection: Connection, org_id: UUID, at: datetime) -> list[Invitation]:
    return msgspec.convert(await connection.fetch(SQL["list_invitations"], org_id, at), list[Invitation])


async def lock_invitation(connection: Connection, org_id: UUID, invitation_id: UUID, at: datetime) -> Invitation | None:
    row = await connection.fetchrow(SQL["lock_invitation"], org_id, invitation_id, at)
    return msgspec.convert(row, Invitation | None)


async def mark_invitation_accepted(connection: Connection, org_id: UUID, invitation_id: UUID, at: datetime) -> None:
    await connection.execute(SQL["mark_invitation_accepted"], org_id, invitation_id, at)


async def mark_invitation_revoked(connection: Connection, org_id: UUID, invitation_id: UUID, at: datetime) -> bool:
    return await connection.fetchval(SQL["mark_invitation_revoked"], org_id, invitation_id, at) is not None


async def delete_ended_sessions(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_ended_sessions"], before)


async def delete_old_invitations(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_old_invitations"], before)
