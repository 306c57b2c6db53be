"""`/v1/connections`: the links that a key may know of and how they stand. Never their secrets or addresses."""

from datetime import datetime
from itertools import dropwhile, islice
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, read_query
from service.connections.named import connection_named
from service.connections.open import Connections
from service.connections.store import Account, ConnectionRecord, State
from service.resources.common import Page

_ADVICE: Final = {
    State.PENDING: "Let somebody at the firm finish connecting.",
    State.DEGRADED: "Nothing to do: calls pass, and the vendor fails more often than usual.",
    State.EXPIRING: "Ask the firm to connect again before its consent ends.",
    State.NEEDS_ATTENTION: "Ask the firm to connect again; calls answer 424 until it has.",
    State.PAUSED: "Resume the connection; calls answer 424 until then.",
    State.REVOKED: "The firm took its consent back; only the firm can give it again.",
    State.DISCONNECTED: "The connection has ended; connect the firm anew.",
}


class ConnectionAccount(Struct, frozen=True):
    """One book of records behind a connection."""

    remote_id: str
    """The vendor's id, such as a QuickBooks realm; goes into the `Account-Id` header."""
    name: str
    """As the vendor calls it."""
    currency: str | None
    """Its home currency, ISO 4217, where the vendor has one."""
    time_zone: str | None
    """IANA name, where the vendor has one."""


class Connection(Struct, frozen=True, kw_only=True, tag_field="object", tag="connection"):
    """A firm's consented link to a vendor."""

    id: str
    """`con_…`; goes into the `Connection-Id` header."""
    vendor: str
    """The vendor's short name."""
    firm: str
    """Whose records it reaches, `firm_…`."""
    state: State
    """Calls pass while it is `healthy`, `degraded` or `expiring`."""
    reason: str | None
    """Why it stands so, where there is something to say."""
    advice: str | None
    """What mends it; null while there is nothing to mend."""
    accounts: tuple[ConnectionAccount, ...]
    """The books of records behind it."""
    sandbox: bool
    """True when it leads to invented data."""
    created_at: datetime
    """When it was first made."""
    updated_at: datetime
    """When its state last changed."""


CONNECTION_EXAMPLE: Final[dict[str, Any]] = {
    "object": "connection",
    "id": "con_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "vendor": "quickbooks",
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "state": "healthy",
    "reason": None,
    "advice": None,
    "accounts": [
        {
            "remote_id": "9130347957982346",
            "name": "Birch & Vale",
            "currency": "USD",
            "time_zone": "America/Los_Angeles",
        }
    ],
    "sandbox": False,
    "created_at": "2026-11-02T16:05:11Z",
    "updated_at": "2026-11-02T16:05:11Z",
}


class ConnectionRoutes:
    """The answers about connections."""

    def __init__(self, connections: Connections, cursors: Cursors) -> None:
        self._connections = connections
        self._cursors = cursors

    async def page(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], PAGING)
        caller = call.known_caller
        belongs_to = b"connections|" + caller.key_id.bytes
        records = iter(await self._connections.visible(caller))
        if "cursor" in asked:
            last = UUID(hex=self._cursors.read(asked["cursor"], belongs_to))
            records = dropwhile(lambda record: record.id <= last, records)
        limit = asked.get("limit", DEFAULT_LIMIT)
        found = list(islice(records, limit + 1))
        shown = found[:limit]
        accounts = await self._connections.accounts_of(caller, shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(found) > limit else None
        data = [to_connection(record, accounts[record.id]) for record in shown]
        call.rows = len(data)
        return answer_of(Page(data, cursor is not None, cursor))

    async def one(self, call: Call) -> Answer:
        record = await connection_named(call, self._connections)
        accounts = await self._connections.accounts_of(call.known_caller, [record])
        call.rows = 1
        return answer_of(to_connection(record, accounts[record.id]))


def connection_operations(connections: Connections, cursors: Cursors) -> tuple[Operation, ...]:
    """What a key can ask about connections."""
    routes = ConnectionRoutes(connections, cursors)
    return (
        Operation(
            id="listConnections",
            method="GET",
            path="/v1/connections",
            tag="connections",
            summary="List connections",
            description="The connections that this key may see, oldest first, with how each stands.",
            scope="connections:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[Connection],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(CONNECTION_EXAMPLE),
            run=routes.page,
        ),
        Operation(
            id="getConnection",
            method="GET",
            path="/v1/connections/{id}",
            tag="connections",
            summary="Get one connection",
            description="One connection: how it stands, and what to do where it does not work.",
            scope="connections:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Connection,
            parameters=(parameters.path_id("id", "The connection's id, `con_…`."),),
            problems=(errors.NOT_FOUND,),
            example=CONNECTION_EXAMPLE,
            run=routes.one,
        ),
    )


def to_connection(record: ConnectionRecord, accounts: tuple[Account, ...]) -> Connection:
    """A connection as it is shown, with what mends it."""
    return Connection(
        id=ids.encode("con", record.id),
        vendor=record.vendor,
        firm=ids.encode("firm", record.firm_id),
        state=record.state,
        reason=record.state_reason,
        advice=_ADVICE.get(record.state),
        accounts=tuple(ConnectionAccount(one.remote_id, one.name, one.currency, one.time_zone) for one in accounts),
        sandbox=record.sandbox,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )
