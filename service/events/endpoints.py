"""Endpoints: made, changed, removed, and the secrets their bodies are signed with."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from service import ids
from service.accounts.tokens import Mode
from service.db.pool import as_organization
from service.events import store
from service.events.errors import EndpointNotFoundError, ImpossibleEndpointError, TooManyEndpointsError
from service.events.kinds import EVENT_TYPES
from service.events.secrets import Webhooks, record_hook, sealed_secret
from service.events.store import Endpoint
from service.events.urls import checked_url

MOST_ENDPOINTS: Final = 20
"""Of one organization, of both modes together."""
MAX_DESCRIPTION_CHARACTERS: Final = 200


async def create_endpoint(
    hooks: Webhooks,
    org_id: UUID,
    *,
    url: str,
    description: str,
    event_types: Sequence[str] | None,
    mode: Mode,
    api_version: date,
    actor: str | None,
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, which cannot be shown again.

    Raises ImpossibleEndpointError and TooManyEndpointsError.
    """
    at = hooks.clock()
    made = Endpoint(
        id=ids.new_uuid(),
        url=checked_url(url, mode, loopback=hooks.loopback),
        description=_checked_description(description),
        event_types=_checked_types(event_types),
        mode=mode,
        api_version=api_version,
        enabled=True,
        disabled_because=None,
        created_at=at,
        updated_at=at,
    )
    secret, sealed = await sealed_secret(hooks, org_id, made.id)
    async with as_organization(hooks.pool, org_id) as connection:
        if await store.count_endpoints(connection, org_id) >= MOST_ENDPOINTS:
            raise TooManyEndpointsError(f"an organization has at most {MOST_ENDPOINTS} endpoints")
        await store.insert_endpoint(connection, org_id, made)
        await store.insert_secret(connection, org_id, made.id, *sealed, at)
        await record_hook(connection, org_id, "webhooks.create", made.id, actor)
    return made, secret


async def change_endpoint(
    hooks: Webhooks,
    org_id: UUID,
    endpoint: Endpoint,
    *,
    url: str | None = None,
    description: str | None = None,
    event_types: Sequence[str] | None = None,
    every_type: bool = False,
    enabled: bool | None = None,
    actor: str | None,
) -> Endpoint:
    """What is given is changed; `every_type` takes the list of types off. Raises ImpossibleEndpointError."""
    changed = msgspec.structs.replace(endpoint, updated_at=hooks.clock())
    if url is not None:
        changed = msgspec.structs.replace(changed, url=checked_url(url, endpoint.mode, loopback=hooks.loopback))
    if description is not None:
        changed = msgspec.structs.replace(changed, description=_checked_description(description))
    if event_types is not None or every_type:
        changed = msgspec.structs.replace(changed, event_types=_checked_types(event_types))
    if enabled is not None and enabled != endpoint.enabled:
        changed = msgspec.structs.replace(changed, enabled=enabled, disabled_because=None if enabled else "asked")
    async with as_organization(hooks.pool, org_id) as connection:
        await store.mark_endpoint(connection, org_id, changed)
        await record_hook(connection, org_id, "webhooks.change", endpoint.id, actor)
    return changed


async def delete_endpoint(hooks: Webhooks, org_id: UUID, endpoint_id: UUID, *, actor: str | None) -> None:
    """Removes it with its deliveries. Raises EndpointNotFoundError."""
    async with as_organization(hooks.pool, org_id) as connection:
        if not await store.delete_endpoint(connection, org_id, endpoint_id):
            raise EndpointNotFoundError("no such endpoint")
        await record_hook(connection, org_id, "webhooks.delete", endpoint_id, actor)


async def find_endpoint(hooks: Webhooks, org_id: UUID, endpoint_id: UUID, mode: Mode | None = None) -> Endpoint:
    """One of the organization's; of this mode where one is given. Raises EndpointNotFoundError."""
    async with as_organization(hooks.pool, org_id) as connection:
        found = await store.get_endpoint(connection, org_id, endpoint_id)
    if found is None or mode not in (None, found.mode):
        raise EndpointNotFoundError("no such endpoint")
    return found


def _checked_description(description: str) -> str:
    shown = description.strip()
    if len(shown) > MAX_DESCRIPTION_CHARACTERS or not shown.isprintable():
        message = f"a description has at most {MAX_DESCRIPTION_CHARACTERS} printable characters"
        raise ImpossibleEndpointError("description", message)
    return shown


def _checked_types(event_types: Sequence[str] | None) -> tuple[str, ...] | None:
    if event_types is None:
        return None
    unknown = sorted(set(event_types) - set(EVENT_TYPES))
    if unknown:
        raise ImpossibleEndpointError("event_types", f"there is no event {unknown[0][:80]!r}")
    if not event_types:
        raise ImpossibleEndpointError("event_types", "name at least one event, or none of them to get all")
    return tuple(sorted(set(event_types)))
