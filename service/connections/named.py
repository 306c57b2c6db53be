"""The connection that a path names."""

from service.api.call import Call
from service.api.modes import require_own_mode
from service.connections.errors import ConnectionNotFoundError
from service.connections.linking import Linking
from service.connections.open import Connections
from service.connections.store import ConnectionRecord, get_connection
from service.db.pool import as_organization
from service.errors import missing


async def connection_named(call: Call, connections: Connections) -> ConnectionRecord:
    """The connection whose id stands in the path; the plain 404 for every other."""
    try:
        return await connections.get(call.known_caller, call.named("con"))
    except ConnectionNotFoundError:
        raise missing() from None


async def connection_to_change(call: Call, linking: Linking) -> ConnectionRecord:
    """The same, to act upon: a test key does so upon sandboxes alone."""
    record = await current_connection(call, linking)
    require_own_mode(call, is_sandbox=record.sandbox)
    return record


async def current_connection(call: Call, linking: Linking) -> ConnectionRecord:
    """The same as it stands in the database at this moment; the call's rows name it."""
    known = await connection_named(call, linking.connections)
    async with as_organization(linking.pool, known.org_id) as connection:
        record = await get_connection(connection, known.org_id, known.id)
    assert record is not None, "connections are never deleted"
    call.connection_id, call.vendor, call.firm_id = record.id, record.vendor, record.firm_id
    return record
