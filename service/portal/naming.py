"""Names in place of ids: what the keys and connections of an organization are called on pages."""

from collections.abc import Iterable

from service import ids
from service.accounts.keys import list_keys
from service.accounts.store import KeyRecord
from service.connections.store import ConnectionRecord, list_connections
from service.db.pool import Connection
from service.portal.visit import Visit


async def read_names(visit: Visit, connection: Connection) -> dict[str, str]:
    """By `key_…` and `con_…`; keys that have ended and connections that are gone among them."""
    keys = await list_keys(connection, visit.org_id)
    return names_of(visit, keys, await list_connections(connection, visit.org_id))


def names_of(visit: Visit, keys: Iterable[KeyRecord], links: Iterable[ConnectionRecord]) -> dict[str, str]:
    """The same of what has been read already."""
    return {ids.encode("key", key.id): key.name for key in keys} | {
        ids.encode("con", link.id): visit.vendor(link.vendor) for link in links
    }
