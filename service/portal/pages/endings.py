"""Ending a connection with proof, and taking its tokens and settings away."""

import msgspec

from service.accounts.roles import Permission
from service.api.operation import Exports
from service.audit.acts import member_actor
from service.connections.approvals.require import ApprovalNeededError
from service.connections.approvals.store import Action, get_policy
from service.connections.end import end_connection
from service.connections.end_routes import to_end
from service.connections.errors import ApprovalError
from service.connections.export import export_connection
from service.connections.export_routes import to_export
from service.connections.store import State
from service.connectors.sdk.faults import VendorFault
from service.db.pool import as_organization
from service.portal.pages.connection import connection_of
from service.portal.pages.taking import NO_TICKET, ticket_of
from service.portal.route import Route, form, page
from service.portal.visit import JSON, Reply, Visit


def routes() -> tuple[Route, ...]:
    """All of it with a recent proof; what an export holds lets anybody in, so owners and admins alone may have it."""
    return (
        page("/connections/{id}/disconnect", ask_end, Permission.CONNECT, recent=True),
        form("/connections/{id}/disconnect", end, Permission.CONNECT, recent=True),
        page("/connections/{id}/export", ask_export, Permission.ORGANIZATION, recent=True),
        form("/connections/{id}/export", export, Permission.ORGANIZATION, recent=True, exports=Exports.ITSELF),
    )


async def ask_end(visit: Visit) -> Reply:
    return await _ask_end(visit)


async def end(visit: Visit) -> Reply:
    """Revoked, destroyed, looked at again; the page says what was found."""
    record = await connection_of(visit)
    if visit.form.text("sure") != "yes":
        return await _ask_end(visit, 422, "Tick the box first: this cannot be undone.")
    try:
        ended = await end_connection(
            visit.parts.linking,
            record,
            force=visit.form.text("force") == "yes",
            actor=member_actor(visit.me.session.member_id),
        )
    except VendorFault:
        return await _ask_end(visit, 502, away=True)
    return visit.page("disconnected.html", link=record, name=_name(visit, record.vendor), ended=to_end(record, ended))


async def ask_export(visit: Visit) -> Reply:
    return await _ask_export(visit)


async def export(visit: Visit) -> Reply:
    """The file; or, where the firm wants a second person, word that somebody has to agree first."""
    record = await connection_of(visit)
    ticket = ticket_of(visit)
    if ticket is None:
        return await _ask_export(visit, 422, NO_TICKET)
    session = visit.me.session
    try:
        found = await export_connection(
            visit.parts.linking,
            record,
            by=session.email,
            key_id=None,
            ticket=ticket,
            approval_id=None,
            actor=member_actor(session.member_id),
        )
    except ApprovalNeededError:
        return await _ask_export(visit, 202, waits=True)
    except ApprovalError as error:
        return await _ask_export(visit, 422, f"{error}.".capitalize())
    shown = to_export(found)
    name = f'attachment; filename="{shown.connection}.json"'.encode()
    body = msgspec.json.format(msgspec.json.encode(shown), indent=2)
    return Reply(200, body, JSON, ((b"content-disposition", name),))


async def _ask_end(visit: Visit, status: int = 200, error: str | None = None, *, away: bool = False) -> Reply:
    record = await connection_of(visit)
    over = record.state is State.DISCONNECTED
    name = _name(visit, record.vendor)
    return visit.page("disconnect.html", status, link=record, name=name, error=error, away=away, over=over)


async def _ask_export(visit: Visit, status: int = 200, error: str | None = None, *, waits: bool = False) -> Reply:
    record = await connection_of(visit)
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        dual = Action.EXPORT in await get_policy(database, visit.org_id, record.firm_id)
    name = _name(visit, record.vendor)
    return visit.page(
        "connection_export.html", status, link=record, name=name, error=error, waits=waits, dual=dual, typed=visit.form
    )


def _name(visit: Visit, vendor: str) -> str:
    return next((one.name for one in visit.parts.connectors if one.slug == vendor), vendor)
