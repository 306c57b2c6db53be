"""How an organization's connect pages look, and where they may lead back to."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET, UnsetType

from service import ids
from service.audit.acts import record_act
from service.connections.hosted import store
from service.connections.hosted.sessions import checked_return_url
from service.connections.hosted.store import ConnectSettings
from service.connections.linking import Linking
from service.db.pool import as_organization


async def change_settings(
    linking: Linking,
    org_id: UUID,
    *,
    return_urls: Sequence[str] | UnsetType = UNSET,
    accent: str | None | UnsetType = UNSET,
    actor: str | None = None,
) -> ConnectSettings:
    """What is said changes, the rest stays. `accent` is six hex digits, or None for ours. Raises WishError.

    `actor` is who acts outside of the API, whose calls have rows of their own in the audit log.
    """
    async with as_organization(linking.pool, org_id) as connection:
        before = await store.get_settings(connection, org_id)
        urls = before.return_urls
        if return_urls is not UNSET:
            urls = tuple(dict.fromkeys(checked_return_url(url) for url in return_urls))
        after = ConnectSettings(urls, before.accent if accent is UNSET else accent)
        await store.upsert_settings(connection, org_id, after, linking.clock())
        if actor is not None:
            await record_act(connection, org_id, "connect_settings.change", (ids.encode("org", org_id),), actor=actor)
    return after
