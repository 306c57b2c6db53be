"""People and invitations as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service import ids
from service.accounts.members_store import Invitation as InvitationRecord
from service.accounts.members_store import Member as MemberRecord
from service.accounts.roles import Role

MEMBER_EXAMPLE: Final[dict[str, Any]] = {
    "object": "member",
    "id": "mem_01k3sd2pwq8w8v3n1m5t2b7c9d",
    "email": "ada@ledgerline.example",
    "name": "Ada Birch",
    "role": "developer",
    "second_factor": True,
    "created_at": "2026-11-02T15:04:05Z",
}
INVITATION_EXAMPLE: Final[dict[str, Any]] = {
    "object": "invitation",
    "id": "ivt_01k3sd2q0v5s7r2h4j6k8m1n3p",
    "email": "ash@ledgerline.example",
    "role": "developer",
    "invited_by": "mem_01k3sd2pwq8w8v3n1m5t2b7c9d",
    "invited_by_key": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "created_at": "2026-11-20T15:04:05Z",
    "expires_at": "2026-11-27T15:04:05Z",
}


class Member(Struct, frozen=True, kw_only=True, tag_field="object", tag="member"):
    """A person of the organization."""

    id: str
    """`mem_…`"""
    email: str
    """The address they sign in with."""
    name: str
    """As they call themselves."""
    role: Role
    """What they may do in the portal."""
    second_factor: bool
    """Whether codes of an app are asked for beside the password."""
    created_at: datetime
    """When they joined."""


class Invitation(Struct, frozen=True, kw_only=True, tag_field="object", tag="invitation"):
    """Somebody who is asked to join and has not yet."""

    id: str
    """`ivt_…`"""
    email: str
    """Where the link was sent."""
    role: Role
    """What they will be able to do."""
    invited_by: str
    """The member who asks, or on whose word a key does: `mem_…`."""
    invited_by_key: str | None
    """The key that asks, `key_…`; null where the member did."""
    created_at: datetime
    """When they were asked."""
    expires_at: datetime
    """Until when the link works."""


class NewInvitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to ask."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    """Where to send the link."""
    role: Role
    """`developer`, `billing` or `auditor`: owners and admins are invited on our pages alone."""


class MemberUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a member may do from now on."""

    role: Role
    """`developer`, `billing` or `auditor`."""


def to_member(record: MemberRecord) -> Member:
    """A member as the API shows it."""
    return Member(
        id=ids.encode("mem", record.id),
        email=record.email,
        name=record.name,
        role=record.role,
        second_factor=record.has_totp,
        created_at=record.created_at,
    )


def to_invitation(record: InvitationRecord) -> Invitation:
    """An invitation as the API shows it."""
    return Invitation(
        id=ids.encode("ivt", record.id),
        email=record.email,
        role=record.role,
        invited_by=ids.encode("mem", record.invited_by),
        invited_by_key=None if record.invited_by_key is None else ids.encode("key", record.invited_by_key),
        created_at=record.created_at,
        expires_at=record.expires_at,
    )
