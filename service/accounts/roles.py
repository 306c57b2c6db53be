"""What a member of an organization may do in the portal."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """From the one who may do everything to the one who may only look."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    BILLING = "billing"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing a role allows."""

    READ = "read"
    """Connections, keys without their tokens, and the team."""
    READ_CALLS = "read_calls"
    """The request log and usage."""
    READ_MONEY = "read_money"
    """Invoices and the running month."""
    AUDIT = "audit"
    """See, verify and take away the audit log."""
    BUDGETS = "budgets"
    """Set budgets, say who invoices are made out to, and pay them."""
    KEYS = "keys"
    """Make, roll and revoke API keys."""
    CONNECT = "connect"
    """Add firms and connect them."""
    TEAM = "team"
    """Invite and remove members and change their roles."""
    ORGANIZATION = "organization"
    """Change the organization's own settings."""


_EVERYTHING = frozenset(Permission)
_LOOK = frozenset({Permission.READ, Permission.READ_CALLS, Permission.READ_MONEY})

ALLOWED: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.OWNER: _EVERYTHING,
        Role.ADMIN: _EVERYTHING,
        Role.DEVELOPER: _LOOK - {Permission.READ_MONEY} | {Permission.KEYS, Permission.CONNECT},
        Role.BILLING: _LOOK | {Permission.BUDGETS},
        Role.AUDITOR: _LOOK | {Permission.AUDIT},
    }
)

SAYS: Mapping[Role, str] = MappingProxyType(
    {
        Role.OWNER: "Everything, and makes other owners.",
        Role.ADMIN: "Everything but making or removing owners.",
        Role.DEVELOPER: "Keys, firms, connections, usage and the request log; no invoices.",
        Role.BILLING: "Usage, the request log and invoices; sets budgets and pays; changes nothing else.",
        Role.AUDITOR: "Sees everything, changes nothing.",
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Whether the role allows it."""
    return permission in ALLOWED[role]


def may_give(role: Role, given: Role) -> bool:
    """Whether a member of this role may give, or take away, that role: only owners touch owners."""
    return may(role, Permission.TEAM) and (role is Role.OWNER or given is not Role.OWNER)
