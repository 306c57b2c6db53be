"""`/v1/me`: what a key is and may do."""

from datetime import date, datetime

from msgspec import Struct

from service import ids
from service.accounts import store
from service.accounts.tokens import Mode
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.limits import Policy
from service.api.operation import Audit, Meter, Operation
from service.db.pool import Pool, as_organization
from service.errors import missing


class OrganizationFacts(Struct, frozen=True):
    """The organization that a key belongs to."""

    id: str
    """`org_…`"""
    name: str
    """As it was signed up."""
    time_zone: str
    """IANA name. Its midnights begin and end billing months and the days of usage sums."""


class CallsPerWindow(Struct, frozen=True):
    """One of the limits that hold together."""

    calls: int
    """Calls that a window has room for."""
    window_s: float
    """Length of the window in seconds."""


class KeyLimits(Struct, frozen=True):
    """How much may be called with a key."""

    rates: tuple[CallsPerWindow, ...]
    """All of them hold; `RateLimit` tells of the tightest at each call."""
    concurrent: int
    """Calls that may be under way at the same time."""


class Me(Struct, frozen=True, kw_only=True, tag_field="object", tag="me"):
    """The key that calls, and its organization."""

    key: str
    """Id of the key, `key_…`; never the key itself."""
    mode: Mode
    """`live` keys reach vendors and are billed; `test` keys reach sandboxes and cost nothing."""
    scopes: tuple[str, ...]
    """What the key may do, `resource:verb`."""
    organization: OrganizationFacts
    """Whose key it is."""
    firms: tuple[str, ...] | None
    """The firms that the key is bound to; null when it may reach all of the organization's."""
    connections: tuple[str, ...] | None
    """The connections that the key is bound to; null when it may reach all of its firms'."""
    ip_allow: tuple[str, ...]
    """Networks that the key may be used from; empty for everywhere."""
    expires_at: datetime | None
    """When the key ends; null for never."""
    api_version: date
    """The version of the contract that the key was made for."""
    limits: KeyLimits
    """How much may be called with it."""


_EXAMPLE = {
    "object": "me",
    "key": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "mode": "live",
    "scopes": ["clients:read", "invoices:read"],
    "organization": {"id": "org_01k3sd2p3bfxvs0q7kxb6hzj5t", "name": "Ledgerline Apps", "time_zone": "UTC"},
    "firms": ["firm_01k3sd2p9ze5ybqk7c5q6qd9q4"],
    "connections": None,
    "ip_allow": [],
    "expires_at": None,
    "api_version": "2026-11-20",
    "limits": {"rates": [{"calls": 100, "window_s": 1.0}, {"calls": 3000, "window_s": 60.0}], "concurrent": 64},
}


def account_operations(pool: Pool, policy: Policy) -> tuple[Operation, ...]:
    """What a key can ask about itself."""

    async def get_me(call: Call) -> Answer:
        return answer_of(await _me(pool, policy, call))

    return (
        Operation(
            id="getMe",
            method="GET",
            path="/v1/me",
            tag="account",
            summary="Get what this key is",
            description="The key that calls, what it may do and reach, its limits, and its organization.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Me,
            example=_EXAMPLE,
            run=get_me,
        ),
    )


async def _me(pool: Pool, policy: Policy, call: Call) -> Me:
    caller = call.known_caller
    async with as_organization(pool, caller.org_id) as connection:
        organization = await store.get_organization(connection, caller.org_id)
    if organization is None:
        raise missing()
    return Me(
        key=ids.encode("key", caller.key_id),
        mode=caller.mode,
        scopes=tuple(sorted(caller.scopes)),
        organization=OrganizationFacts(ids.encode("org", organization.id), organization.name, organization.time_zone),
        firms=None if caller.firm_ids is None else tuple(ids.encode("firm", one) for one in sorted(caller.firm_ids)),
        connections=None
        if caller.connection_ids is None
        else tuple(ids.encode("con", one) for one in sorted(caller.connection_ids)),
        ip_allow=caller.ip_allow,
        expires_at=caller.expires_at,
        api_version=caller.api_version,
        limits=KeyLimits(tuple(CallsPerWindow(one.count, one.window_s) for one in policy.limits), policy.concurrent),
    )
