"""`DELETE /v1/connections/{id}`: a connection ends, with proof."""

from typing import Any, Final

from msgspec import Struct

from service import errors, ids
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Meter, Operation, Parameter
from service.api.parameters import path_id
from service.api.problems import to_problem
from service.api.query import boolean, read_query
from service.connections.end import AtVendor, Ended, end_connection
from service.connections.linking import Linking
from service.connections.named import connection_to_change
from service.connections.store import ConnectionRecord
from service.connectors.sdk.faults import VendorFault


class ConnectionEnd(Struct, frozen=True, kw_only=True, tag_field="object", tag="connection_end"):
    """A connection that has ended, and what proves it."""

    connection: str
    """`con_…`"""
    vendor: AtVendor
    """What became of our access at the vendor."""
    access_refused: bool | None
    """The vendor refused our former token when we tried it afterwards; null where nothing was revoked."""
    secrets_left: int
    """Sealed secrets of the connection that are left: 0."""
    data_key_destroyed: bool
    """The firm's data key is gone as well: it sealed nothing else."""
    consents_ended: int
    """Consents that ended with it."""


class EndRoutes:
    """The answer about the end of a connection."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def end(self, call: Call) -> Answer:
        force = read_query(call.scope["query_string"], {"force": boolean}).get("force", False)
        record = await connection_to_change(call, self._linking)
        try:
            ended = await end_connection(self._linking, record, force=force)
        except VendorFault as fault:
            raise to_problem(fault, record.vendor, reading=True) from fault
        self._linking.connections.forget(record.org_id, record.id)
        call.rows = 1
        return answer_of(to_end(record, ended))


def end_operations(linking: Linking) -> tuple[Operation, ...]:
    """How a key ends a connection."""
    routes = EndRoutes(linking)
    named = path_id("id", "The connection's id, `con_…`.")
    return (
        Operation(
            id="deleteConnection",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="DELETE",
            path="/v1/connections/{id}",
            tag="connections",
            summary="End a connection",
            description="Revokes our access at the vendor, destroys the sealed secrets, ends the consents, and proves "
            "it. When the vendor cannot be reached nothing is changed, unless `force=true`.",
            scope="connections:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectionEnd,
            parameters=(
                named,
                Parameter(
                    name="force",
                    place="query",
                    schema={"type": "boolean", "default": False},
                    description="`true`: end it here even while the vendor does not answer.",
                ),
            ),
            problems=(
                errors.INVALID_PARAMETER,
                errors.NOT_FOUND,
                errors.CONNECTION_NEEDS_ATTENTION,
                errors.VENDOR_FAULT,
                errors.VENDOR_UNREADABLE,
                errors.VENDOR_RATE_LIMITED,
                errors.VENDOR_UNAVAILABLE,
                errors.VENDOR_TIMEOUT,
            ),
            example=_END,
            run=routes.end,
        ),
    )


def to_end(record: ConnectionRecord, ended: Ended) -> ConnectionEnd:
    """What ended a connection, as it is shown."""
    return ConnectionEnd(
        connection=ids.encode("con", record.id),
        vendor=ended.vendor,
        access_refused=ended.access_refused,
        secrets_left=ended.secrets_left,
        data_key_destroyed=ended.data_key_destroyed,
        consents_ended=ended.consents_ended,
    )


_CON: Final = "con_01k3sd2pjhfmh9pgwzpxrqsk7k"
_END: Final[dict[str, Any]] = {
    "object": "connection_end",
    "connection": _CON,
    "vendor": "revoked",
    "access_refused": True,
    "secrets_left": 0,
    "data_key_destroyed": True,
    "consents_ended": 1,
}
