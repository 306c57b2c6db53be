"""Endpoints, deliveries and attempts as the API shows them, and what it takes to make them."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from service import ids
from service.events import store
from service.events.endpoints import MAX_DESCRIPTION_CHARACTERS
from service.events.kinds import EVENT_TYPES
from service.events.urls import MAX_URL_CHARACTERS

Url = Annotated[str, Meta(min_length=8, max_length=MAX_URL_CHARACTERS)]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARACTERS)]
EventTypes = Annotated[
    tuple[Annotated[str, Meta(extra_json_schema={"enum": sorted(EVENT_TYPES)})], ...],
    Meta(min_length=1, max_length=100),
]


class WebhookEndpoint(Struct, frozen=True, kw_only=True, tag_field="object", tag="webhook_endpoint"):
    """An address of yours that events are sent to."""

    id: str
    """`whe_…`"""
    url: str
    """Where they are sent."""
    description: str
    """What it is for, in your words."""
    event_types: tuple[str, ...] | None
    """What it gets; null for everything, also what comes later."""
    mode: Literal["live", "test"]
    """That of the key it was made with. `test` hears of sandboxes and test keys alone; `live` of everything."""
    status: Literal["enabled", "disabled"]
    """A disabled one is sent nothing; what waits for it goes on waiting."""
    disabled_because: Literal["asked", "gone", "failing"] | None
    """`gone`: it answered 410. `failing`: it took nothing for three days."""
    api_version: date
    """The version of the contract that its events have."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it was changed."""
    last_delivered_at: datetime | None
    """When it took something."""


class WebhookEndpointWithSecret(WebhookEndpoint, frozen=True, kw_only=True, tag_field="object", tag="webhook_endpoint"):
    """An endpoint with its new secret, which is not shown again."""

    secret: str | None
    """`whsec_…`: what its events are signed with. Keep it as you keep a password. Null where the answer is a replay."""


class NewWebhookEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint to make."""

    url: Url
    """`https://` and a public host."""
    description: Description = ""
    """What it is for."""
    event_types: EventTypes | None = None
    """What it gets; null for everything."""


class WebhookEndpointUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; the rest stays."""

    url: Url | UnsetType = UNSET
    """Where events are sent from now on, those that wait too."""
    description: Description | UnsetType = UNSET
    """What it is for."""
    event_types: EventTypes | None | UnsetType = UNSET
    """The whole list; null for everything."""
    enabled: bool | UnsetType = UNSET
    """`true` sends what waits; what happened while it was disabled can be replayed."""


class SecretRoll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to roll a secret."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168)] = 24
    """How long events are signed with the old one too; 0 ends it at once."""


class ReplayRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on to send again."""

    since: datetime
    """RFC 3339 with an offset: what happened since then and was not delivered."""


class WebhookReplay(Struct, frozen=True, kw_only=True, tag_field="object", tag="webhook_replay"):
    """How much is sent again."""

    endpoint: str
    """`whe_…`"""
    deliveries: int
    """Those that are due now."""
    has_more: bool
    """There was more than a thousand: ask again when these are delivered."""


class WebhookAttempt(Struct, frozen=True, kw_only=True):
    """One time that an event was sent."""

    number: int
    """From 1. One that is missing had no known end, and its event was sent again."""
    at: datetime
    """When it began."""
    duration_ms: int
    """How long it took."""
    outcome: str
    """`delivered`; else `refused`, `gone`, `redirected`, `timeout`, `unreachable`, `address_refused`, `certificate`,
    `no_http`, or `secret_unreadable`."""
    status: int | None
    """Of the answer, where there was one."""


class WebhookDelivery(Struct, frozen=True, kw_only=True, tag_field="object", tag="webhook_delivery"):
    """One event for one endpoint."""

    id: str
    """`dlv_…`"""
    endpoint: str
    """`whe_…`"""
    event: str
    """`evt_…`"""
    type: str
    """The event's."""
    status: Literal["waiting", "delivered", "failed"]
    """`failed` once ten attempts over three days were in vain."""
    attempt_count: int
    """Attempts that were begun."""
    next_attempt_at: datetime | None
    """When it is tried next, where it waits."""
    created_at: datetime
    """When it was first due."""
    settled_at: datetime | None
    """When it was delivered or given up."""
    last_outcome: str | None
    """Of the latest attempt."""
    last_status: int | None
    """The status of its answer."""
    attempts: tuple[WebhookAttempt, ...] | UnsetType = UNSET
    """In one delivery, not in lists."""


def to_endpoint(one: store.Endpoint) -> WebhookEndpoint:
    """An endpoint as the API shows it."""
    return WebhookEndpoint(**_facts(one))


def with_secret(one: store.Endpoint, secret: str) -> WebhookEndpointWithSecret:
    """The same, this once with its secret."""
    return WebhookEndpointWithSecret(secret=secret, **_facts(one))


def to_delivery(one: store.Delivery, attempts: list[store.Attempt] | None = None) -> WebhookDelivery:
    """A delivery as the API shows it."""
    tried = UNSET if attempts is None else tuple(to_attempt(attempt) for attempt in attempts)
    return WebhookDelivery(
        id=ids.encode("dlv", one.id),
        endpoint=ids.encode("whe", one.endpoint_id),
        event=ids.encode("evt", one.event_id),
        type=one.type,
        status=one.state,
        attempt_count=one.attempts,
        next_attempt_at=one.due_at if one.state == "waiting" else None,
        created_at=one.created_at,
        settled_at=one.settled_at,
        last_outcome=one.last_outcome,
        last_status=one.last_status,
        attempts=tried,
    )


def to_attempt(one: store.Attempt) -> WebhookAttempt:
    """An attempt as the API shows it."""
    return WebhookAttempt(
        number=one.number, at=one.at, duration_ms=one.duration_ms, outcome=one.outcome, status=one.status
    )


def _facts(one: store.Endpoint) -> dict[str, Any]:
    return {
        "id": ids.encode("whe", one.id),
        "url": one.url,
        "description": one.description,
        "event_types": one.event_types,
        "mode": one.mode.value,
        "status": "enabled" if one.enabled else "disabled",
        "disabled_because": one.disabled_because,
        "api_version": one.api_version,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "last_delivered_at": one.delivered_at,
    }


EXAMPLE_ID: Final = "whe_01k3sd2pz0fw0s3x6j7m5w2n4q"
NEW_EXAMPLE: Final[dict[str, Any]] = {
    "url": "https://hooks.ledgerline.example/tickmark",
    "description": "keeps our copy in step",
    "event_types": ["connection.ended", "connection.state"],
}
ENDPOINT_EXAMPLE: Final[dict[str, Any]] = {
    "object": "webhook_endpoint",
    "id": EXAMPLE_ID,
    **NEW_EXAMPLE,
    "mode": "live",
    "status": "enabled",
    "disabled_because": None,
    "api_version": "2026-11-20",
    "created_at": "2026-11-20T09:30:00Z",
    "updated_at": "2026-11-20T09:30:00Z",
    "last_delivered_at": "2026-11-20T12:00:01Z",
}
SECRET_EXAMPLE: Final[dict[str, Any]] = {
    **ENDPOINT_EXAMPLE,
    "last_delivered_at": None,
    "secret": "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGUgb2Y=",
}
DELIVERY_EXAMPLE: Final[dict[str, Any]] = {
    "object": "webhook_delivery",
    "id": "dlv_01k3sd2q3bq0v9y8a1c6d4e5f7",
    "endpoint": EXAMPLE_ID,
    "event": "evt_01k3sd2q2hz1g5t8r3k9m7n6p4",
    "type": "connection.state",
    "status": "delivered",
    "attempt_count": 2,
    "next_attempt_at": None,
    "created_at": "2026-11-20T11:59:55Z",
    "settled_at": "2026-11-20T12:00:01Z",
    "last_outcome": "delivered",
    "last_status": 204,
}
ATTEMPTS_EXAMPLE: Final = [
    {"number": 1, "at": "2026-11-20T11:59:55Z", "duration_ms": 84, "outcome": "refused", "status": 503},
    {"number": 2, "at": "2026-11-20T12:00:01Z", "duration_ms": 61, "outcome": "delivered", "status": 204},
]
