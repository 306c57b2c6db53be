"""`/v1/connections/{id}/health`, its end and its export."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from service import errors, ids
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, Exports, Operation, Parameter
from service.api.operation import Meter as Metered
from service.api.parameters import path_id
from service.api.problems import to_problem
from service.api.query import boolean, read_query
from service.connections.approvals.routes import Person, approval_problem, decoded
from service.connections.end import AtVendor, Ended, end_connection
from service.connections.errors import ApprovalError, ConnectionNotFoundError
from service.connections.export import Exported, export_connection
from service.connections.health import Standing, mending, read_standing
from service.connections.linking import Linking
from service.connections.store import ConnectionRecord, Event, State, get_connection
from service.connectors.sdk.faults import VendorFault
from service.db.pool import as_organization
from service.errors import ApiProblem, FieldError, missing

MAX_BODY_BYTES: Final = 64 * 1024


class TimelineEvent(Struct, frozen=True, kw_only=True):
    """One line of what led to where a connection stands."""

    at: datetime
    """When."""
    kind: str
    """What happened: `connected`, `state`, `renewal_refused`, `vendor_error`, `drift`, `exported`, `ended` …"""
    state: State
    """The state after it."""
    detail: str | None
    """In words, where there is something to say."""
    vendor_status: int | None
    """The vendor's HTTP status, where a vendor said something."""
    vendor_code: str | None
    """The vendor's own code."""


class ConnectionHealth(Struct, frozen=True, kw_only=True, tag_field="object", tag="connection_health"):
    """How a connection stands and what led there."""

    connection: str
    """`con_…`"""
    state: State
    """Calls pass while it is `healthy`, `degraded` or `expiring`."""
    reason: str | None
    """Why it stands so."""
    mend: str | None
    """What mends it, in one sentence for the firm; null while there is nothing to mend."""
    since: datetime
    """Since when."""
    next_renewal_at: datetime | None
    """When we renew access by ourselves; null where the vendor's access does not expire."""
    access_ends_at: datetime | None
    """When access ends unless it is renewed."""
    renewable_until: datetime | None
    """Until when it can be renewed; every renewal puts it off."""
    hard_end_at: datetime | None
    """The day that no renewal puts off: the firm has to connect again by then."""
    renewed_at: datetime | None
    """When access was last renewed or given."""
    renewals: int
    """How often."""
    last_vendor_error: TimelineEvent | None
    """The newest thing that the vendor refused or failed at, as far as our own care of the connection goes."""
    open_issues: int
    """Differences between the vendor's answers and what we were written for; see `/v1/issues`."""
    timeline: tuple[TimelineEvent, ...]
    """What led here, newest first, at most 100 lines."""


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


class CareRoutes:
    """The answers about one connection's life."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def health(self, call: Call) -> Answer:
        record = await self._named(call)
        call.rows = 1
        return answer_of(_to_health(await read_standing(self._linking.pool, record)))

    async def end(self, call: Call) -> Answer:
        force = read_query(call.scope["query_string"], {"force": boolean}).get("force", False)
        record = await self._named(call)
        try:
            ended = await end_connection(self._linking, record, force=force)
        except VendorFault as fault:
            raise to_problem(fault, record.vendor, reading=True) from fault
        self._linking.connections.forget(record.org_id, record.id)
        call.rows = 1
        return answer_of(to_end(record, ended))

    async def export(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), ExportRequest)
        record = await self._named(call)
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
                approval_id=None if asked.approval is None else decoded("apr", asked.approval, "/approval"),
            )
        except ApprovalError as refusal:
            raise approval_problem(refusal) from None
        call.rows = 1
        return answer_of(to_export(found))

    async def _named(self, call: Call) -> ConnectionRecord:
        """The connection in the path as it stands in the database now; the plain 404 for every other."""
        try:
            known = await self._linking.connections.get(call.known_caller, ids.decode("con", call.params["id"]))
        except (ids.MalformedIdError, ConnectionNotFoundError):
            raise missing() from None
        async with as_organization(self._linking.pool, known.org_id) as connection:
            record = await get_connection(connection, known.org_id, known.id)
        assert record is not None, "connections are never deleted"
        call.connection_id, call.vendor, call.firm_id = record.id, record.vendor, record.firm_id
        return record


def care_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about one connection's life."""
    routes = CareRoutes(linking)
    named = path_id("id", "The connection's id, `con_…`.")
    return (
        Operation(
            id="getConnectionHealth",
            method="GET",
            path="/v1/connections/{id}/health",
            tag="connections",
            summary="Get how a connection stands",
            description="State, what led to it, next renewal, hard ends, last vendor error, and what mends it.",
            scope="connections:read",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectionHealth,
            parameters=(named,),
            problems=(errors.UNKNOWN_PARAMETER, errors.NOT_FOUND),
            example=_HEALTH,
            run=routes.health,
        ),
        Operation(
            id="deleteConnection",
            method="DELETE",
            path="/v1/connections/{id}",
            tag="connections",
            summary="End a connection",
            description="Revokes our access at the vendor, destroys the sealed secrets, ends the consents, and proves "
            "it. When the vendor cannot be reached nothing is changed, unless `force=true`.",
            scope="connections:write",
            meter=Metered.NONE,
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
                errors.UNKNOWN_PARAMETER,
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
        Operation(
            id="exportConnection",
            method="POST",
            path="/v1/connections/{id}/export",
            tag="connections",
            summary="Export a connection",
            description="Settings and tokens, so that you can take a connection away. Needs its own scope, the id "
            "again in `Confirm-Connection`, a ticket, and a second person where the firm wants one.",
            scope="connections:export",
            meter=Metered.NONE,
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
            problems=(
                errors.UNKNOWN_PARAMETER,
                errors.INVALID_HEADER,
                errors.MALFORMED_JSON,
                errors.NOT_FOUND,
                errors.APPROVAL_REQUIRED,
                errors.BODY_TOO_LARGE,
                errors.UNSUPPORTED_MEDIA_TYPE,
                errors.VALIDATION_FAILED,
            ),
            example=_EXPORT,
            body_example={"requested_by": "ada@ledgerline.example", "ticket": "GRC-1042"},
            run=routes.export,
        ),
    )


def _to_event(event: Event) -> TimelineEvent:
    return msgspec.convert(
        {name: value for name, value in msgspec.structs.asdict(event).items() if name != "seq"}, TimelineEvent
    )


def _to_health(standing: Standing) -> ConnectionHealth:
    record, renewals, error = standing.record, standing.renewals, standing.last_vendor_error
    return ConnectionHealth(
        connection=ids.encode("con", record.id),
        state=record.state,
        reason=record.state_reason,
        mend=mending(record.state),
        since=record.updated_at,
        next_renewal_at=standing.next_renewal_at,
        access_ends_at=renewals.expires_at if renewals else None,
        renewable_until=renewals.refresh_expires_at if renewals else None,
        hard_end_at=renewals.hard_expires_at if renewals else None,
        renewed_at=renewals.renewed_at if renewals else None,
        renewals=renewals.renewals if renewals else 0,
        last_vendor_error=None if error is None else _to_event(error),
        open_issues=standing.open_issues,
        timeline=tuple(_to_event(event) for event in standing.timeline),
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
_EVENT: Final[dict[str, Any]] = {
    "at": "2026-11-02T16:05:11Z",
    "kind": "connected",
    "state": "healthy",
    "detail": "connected by Morgan Vale",
    "vendor_status": None,
    "vendor_code": None,
}
_HEALTH: Final[dict[str, Any]] = {
    "object": "connection_health",
    "connection": _CON,
    "state": "healthy",
    "reason": None,
    "mend": None,
    "since": "2026-11-02T16:05:11Z",
    "next_renewal_at": "2026-11-20T12:53:20Z",
    "access_ends_at": "2026-11-20T13:00:00Z",
    "renewable_until": "2027-02-28T12:00:00Z",
    "hard_end_at": "2031-11-01T16:05:11Z",
    "renewed_at": "2026-11-20T12:00:00Z",
    "renewals": 431,
    "last_vendor_error": None,
    "open_issues": 0,
    "timeline": [_EVENT],
}
_END: Final[dict[str, Any]] = {
    "object": "connection_end",
    "connection": _CON,
    "vendor": "revoked",
    "access_refused": True,
    "secrets_left": 0,
    "data_key_destroyed": True,
    "consents_ended": 1,
}
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
