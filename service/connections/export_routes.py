"""`/v1/connections/{id}/export`: a connection is taken away, tokens and all."""

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from service import errors, ids
from service.api.bodies import answer_of, decode_body, id_in_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Exports, Meter, Operation, Parameter
from service.api.parameters import path_id
from service.connections.approvals.problems import approval_problem
from service.connections.approvals.shapes import Person
from service.connections.errors import ApprovalError
from service.connections.export import Exported, export_connection
from service.connections.linking import Linking
from service.connections.named import connection_to_change
from service.connections.store import State
from service.errors import ApiProblem, FieldError

MAX_BODY_BYTES: Final = 64 * 1024


class ExportRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who takes a connection away, and why."""

    requested_by: Person
    """The person who asks, by e-mail address."""
    ticket: Annotated[str, Meta(min_length=1, max_length=100)]
    """Your own reference for why."""
    approval: str | None = None
    """`apr_…`: the second person's approval, where the firm wants one."""


class ExportedAccount(Struct, frozen=True, kw_only=True):
    """One book of records."""

    remote_id: str
    """The vendor's id."""
    name: str
    """As the vendor calls it."""
    currency: str | None
    """Home currency."""
    time_zone: str | None
    """IANA name."""


class ExportedTokens(Struct, frozen=True, kw_only=True):
    """What the vendor lets us in with. Whoever holds it is let in."""

    access_token: str
    """The current one."""
    refresh_token: str | None
    """What renews it. Using it outside takes it away from us where the vendor rotates."""
    access_ends_at: datetime | None
    """When the access token ends."""
    renewable_until: datetime | None
    """When the refresh token ends."""
    hard_end_at: datetime | None
    """When the consent ends at the vendor."""


class ConnectionExport(Struct, frozen=True, kw_only=True, tag_field="object", tag="connection_export"):
    """A connection's settings and tokens, for the organization that owns it."""

    connection: str
    """`con_…`"""
    vendor: str
    """The vendor's short name."""
    firm: str
    """`firm_…`"""
    state: State
    """How it stood."""
    sandbox: bool
    """Whether it leads to invented data."""
    accounts: tuple[ExportedAccount, ...]
    """The books behind it."""
    tokens: ExportedTokens | None
    """Null where none are held any more."""
    exported_at: datetime
    """When."""


class ExportRoutes:
    """The answer that holds a connection."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def export(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), ExportRequest)
        record = await connection_to_change(call, self._linking)
        if call.header(b"confirm-connection") != ids.encode("con", record.id):
            raise ApiProblem(
                errors.INVALID_HEADER,
                "`Confirm-Connection` has to repeat the connection's id: an export holds what lets anybody in.",
                errors=(FieldError("header/confirm-connection", "confirmation", "The id in the path."),),
            )
        call.ticket = asked.ticket
        try:
            found = await export_connection(
                self._linking,
                record,
                by=asked.requested_by,
                key_id=call.known_caller.key_id,
                ticket=asked.ticket,
                approval_id=None if asked.approval is None else id_in_body("apr", asked.approval, "/approval"),
            )
        except ApprovalError as refusal:
            raise approval_problem(refusal) from None
        call.rows = 1
        return answer_of(to_export(found))


def export_operations(linking: Linking) -> tuple[Operation, ...]:
    """How a key takes a connection away."""
    routes = ExportRoutes(linking)
    named = path_id("id", "The connection's id, `con_…`.")
    return (
        Operation(
            id="exportConnection",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/connections/{id}/export",
            tag="connections",
            summary="Export a connection",
            description="Settings and tokens, so that you can take a connection away. Needs its own scope, the id "
            "again in `Confirm-Connection`, a ticket, and a second person where the firm wants one.",
            scope="connections:export",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectionExport,
            exports=Exports.ITSELF,
            body=ExportRequest,
            parameters=(
                named,
                Parameter(
                    name="Confirm-Connection",
                    place="header",
                    schema={"type": "string"},
                    description="The connection's id again.",
                    required=True,
                ),
            ),
            problems=(errors.INVALID_HEADER, errors.NOT_FOUND, errors.APPROVAL_REQUIRED),
            example=_EXPORT,
            body_example={"requested_by": "ada@ledgerline.example", "ticket": "GRC-1042"},
            run=routes.export,
        ),
    )


def to_export(found: Exported) -> ConnectionExport:
    """A connection as it is taken away."""
    record, held = found.record, found.credentials
    return ConnectionExport(
        connection=ids.encode("con", record.id),
        vendor=record.vendor,
        firm=ids.encode("firm", record.firm_id),
        state=record.state,
        sandbox=record.sandbox,
        accounts=tuple(
            ExportedAccount(remote_id=one.remote_id, name=one.name, currency=one.currency, time_zone=one.time_zone)
            for one in found.accounts
        ),
        tokens=None
        if held is None
        else ExportedTokens(
            access_token=held.access_token,
            refresh_token=held.refresh_token,
            access_ends_at=held.expires_at,
            renewable_until=held.refresh_expires_at,
            hard_end_at=held.hard_expires_at,
        ),
        exported_at=found.at,
    )


_CON: Final = "con_01k3sd2pjhfmh9pgwzpxrqsk7k"
_EXPORT: Final[dict[str, Any]] = {
    "object": "connection_export",
    "connection": _CON,
    "vendor": "quickbooks",
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "state": "healthy",
    "sandbox": False,
    "accounts": [{"remote_id": "9130347957982346", "name": "Birch & Vale", "currency": "USD", "time_zone": None}],
    "tokens": {
        "access_token": "at_…",
        "refresh_token": "rt_…",
        "access_ends_at": "2026-11-20T13:00:00Z",
        "renewable_until": "2027-02-28T12:00:00Z",
        "hard_end_at": None,
    },
    "exported_at": "2026-11-20T12:00:00Z",
}
