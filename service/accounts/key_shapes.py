"""API keys as the API shows and takes them."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from service import ids
from service.accounts.leaks import KeyLeak
from service.accounts.organizations import MAX_NAME_CHARACTERS
from service.accounts.store import KeyRecord
from service.accounts.tokens import Mode

MOST_OVERLAP_S: Final = 7 * 24 * 3600
USUAL_OVERLAP_S: Final = 24 * 3600

KeyId = Annotated[str, Meta(max_length=64)]


class Key(Struct, frozen=True, kw_only=True, tag_field="object", tag="key"):
    """An API key, without the token that is sent with calls."""

    id: str
    """`key_…`"""
    name: str
    """What uses it."""
    mode: Mode
    """`live` keys reach vendors and are billed; `test` keys reach sandboxes and cost nothing."""
    state: Literal["active", "expired", "revoked"]
    """Whether it opens anything at the moment."""
    scopes: tuple[str, ...]
    """What it may do, `resource:verb`."""
    firms: tuple[str, ...] | None
    """The firms that it is bound to; null when it may reach all of the organization's."""
    connections: tuple[str, ...] | None
    """The connections that it is bound to; null when it may reach all of its firms'."""
    ip_allow: tuple[str, ...]
    """Networks that it may be used from; empty for everywhere."""
    calls_per_minute: int | None
    """How many calls a minute it may make; null for as many as any key may."""
    api_version: date
    """The version of the contract that it was made for."""
    made_by: str | None
    """The key that made it, `key_…`, and ends it when it is revoked; null for one that a person made."""
    created_at: datetime
    """When it was made."""
    last_used_at: datetime | None
    """When it was last used, to the minute; null for not yet."""
    expires_at: datetime | None
    """When it ends, or ended; null for never."""
    revoked_at: datetime | None
    """When it was revoked, or ended by a leak report."""


class MadeKey(Key, frozen=True, kw_only=True, tag_field="object", tag="key"):
    """A key that was just made, and what to send with calls."""

    token: str | None
    """`tm_live_…` or `tm_test_…`, this once: only its hash is kept. Null where the same request is answered again."""


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make. What is left out is as it is with the key that calls; nothing can be more."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    """What will use it, such as: nightly export."""
    scopes: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(min_length=1, max_length=200)]
    """What it may do: `clients:read`, `clients:*`, `*:read`. Never `keys:write` or `members:write`."""
    mode: Mode | UnsetType = UNSET
    """`live` or `test`."""
    firms: Annotated[list[KeyId], Meta(min_length=1, max_length=200)] | None | UnsetType = UNSET
    """Firms to bind it to; null for none."""
    connections: Annotated[list[KeyId], Meta(min_length=1, max_length=200)] | None | UnsetType = UNSET
    """Connections to bind it to; null for none."""
    ip_allow: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=100)] | UnsetType = UNSET
    """Networks that it may be used from, such as `192.0.2.0/24`; empty for everywhere."""
    calls_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None | UnsetType = UNSET
    """How many calls a minute it may make; null for as many as any key may."""
    expires_at: datetime | None | UnsetType = UNSET
    """When it ends; null for never."""


class KeyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is changed of a key."""

    calls_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None
    """How many calls a minute it may make; null for as many as any key may. Felt within a second."""


class RollKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key is replaced."""

    overlap_s: Annotated[int, Meta(ge=0, le=MOST_OVERLAP_S)] = USUAL_OVERLAP_S
    """For how many seconds the old key still works, at most 7 days."""


class LeakReport(Struct, frozen=True, kw_only=True, tag_field="object", tag="key_leak"):
    """Where a secret scanner found a key."""

    id: str
    """`leak_…`"""
    key: str
    """Which one, `key_…`."""
    found_at_url: str | None
    """Where it lay, as the scanner says."""
    source: str
    """In what it was found: `content`, `commit` …"""
    reported_at: datetime
    """When we were told."""
    ended_key: bool
    """Whether the report ended it; else it had ended before."""


KEY_ID_EXAMPLE: Final = "key_01k3sd2pjhfmh9pgwzpxrqsk7k"
KEY_EXAMPLE: Final[dict[str, Any]] = {
    "object": "key",
    "id": KEY_ID_EXAMPLE,
    "name": "nightly export",
    "mode": "live",
    "state": "active",
    "scopes": ["clients:read", "invoices:read"],
    "firms": None,
    "connections": None,
    "ip_allow": ["192.0.2.0/24"],
    "calls_per_minute": None,
    "api_version": "2026-11-20",
    "made_by": None,
    "created_at": "2026-11-02T15:04:05Z",
    "last_used_at": None,
    "expires_at": None,
    "revoked_at": None,
}
LEAK_EXAMPLE: Final[dict[str, Any]] = {
    "object": "key_leak",
    "id": "leak_01k3sd2q4cfkz9yq9r4r2pnf3m",
    "key": KEY_ID_EXAMPLE,
    "found_at_url": "https://code.example/app/config.env",
    "source": "content",
    "reported_at": "2026-11-03T10:00:00Z",
    "ended_key": True,
}


def to_key(record: KeyRecord, at: datetime) -> Key:
    """A key as it stands at an instant."""
    ended = record.expires_at is not None and record.expires_at <= at
    return Key(
        id=ids.encode("key", record.id),
        name=record.name,
        mode=record.mode,
        state="revoked" if record.revoked_at is not None else "expired" if ended else "active",
        scopes=record.scopes,
        firms=None if record.firm_ids is None else tuple(ids.encode("firm", one) for one in record.firm_ids),
        connections=None
        if record.connection_ids is None
        else tuple(ids.encode("con", one) for one in record.connection_ids),
        ip_allow=record.ip_allow,
        calls_per_minute=record.calls_per_minute,
        api_version=record.api_version,
        made_by=None if record.made_by_key is None else ids.encode("key", record.made_by_key),
        created_at=record.created_at,
        last_used_at=record.last_used_at,
        expires_at=record.expires_at,
        revoked_at=record.revoked_at,
    )


def to_made(record: KeyRecord, token: str, at: datetime) -> MadeKey:
    """A key that was just made, with its token."""
    return MadeKey(token=token, **asdict(to_key(record, at)))


def to_leak(leak: KeyLeak) -> LeakReport:
    """A leak as the API shows it."""
    return LeakReport(
        id=ids.encode("leak", leak.id),
        key=ids.encode("key", leak.key_id),
        found_at_url=leak.found_at_url,
        source=leak.found_in,
        reported_at=leak.reported_at,
        ended_key=leak.ended_key,
    )
