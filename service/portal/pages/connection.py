"""One connection: how it stands, what led there, what mends it, what it can do, and what has changed at the vendor."""

from typing import Final
from uuid import UUID

from service.accounts.organizations import list_firms
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.connections.errors import ConnectionNotUsableError
from service.connections.health import mending, read_standing
from service.connections.hold import pause_connection, resume_connection
from service.connections.issues.settle import Settle, accept_issue, ignore_issue
from service.connections.issues.store import get_issue, list_issues
from service.connections.open import USABLE
from service.connections.routes import to_connection
from service.connections.store import ConnectionRecord, State, get_connection, list_accounts_of
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Refusal, Reply, Visit, missing
from service.unified.coverage import vendor_coverage

ISSUES_SHOWN: Final = 50
PORTS: Final = ("list", "get", "create", "update", "delete", "download", "upload")
HAPPENED: Final = {
    "connected": "Connected",
    "connected_again": "Connected again",
    "state": "State",
    "renewal_refused": "The vendor refused to renew access",
    "vendor_error": "The vendor answered with an error",
    "drift": "The vendor's answers changed",
    "drift_resolved": "The vendor's answers are as before",
    "drift_accepted": "A change was taken for the new normal",
    "drift_ignored": "A change was set aside",
    "exported": "Tokens and settings were taken away",
    "connect": "A second person decided about the connection",
    "consent": "A second person decided about the consent",
    "export": "A second person decided about an export",
    "ended": "Ended",
}
KINDS: Final = {
    "unreadable": "cannot be read any more",
    "missing_field": "is gone",
    "changed_type": "holds another sort of value",
}
MENDED_BY_LINK: Final = frozenset({State.NEEDS_ATTENTION, State.EXPIRING, State.REVOKED})


def routes() -> tuple[Route, ...]:
    """Everybody sees how it stands; those who connect change it."""
    return (
        page("/connections/{id}", one, Permission.READ),
        form("/connections/{id}/pause", pause, Permission.CONNECT),
        form("/connections/{id}/resume", resume, Permission.CONNECT),
        form("/issues/{id}/accept", accept, Permission.CONNECT),
        form("/issues/{id}/ignore", ignore, Permission.CONNECT),
    )


async def one(visit: Visit) -> Reply:
    record = await connection_of(visit)
    standing = await read_standing(visit.parts.pool, record)
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        accounts = await list_accounts_of(database, visit.org_id, [record.id])
        firms = {firm.id: firm for firm in await list_firms(database, visit.org_id)}
        issues = await list_issues(database, visit.org_id, None, [record.id], ISSUES_SHOWN, only_open=False)
    connector = next((one for one in visit.parts.connectors if one.slug == record.vendor), None)
    return visit.page(
        "connection.html",
        link=to_connection(record, accounts[record.id]),
        firm=firms[record.firm_id],
        standing=standing,
        mend=mending(record.state),
        in_use=record.state in USABLE,
        mended_by_link=record.state in MENDED_BY_LINK,
        issues=[issue for issue in issues if issue.resolved_at is None],
        settled=sum(issue.resolved_at is not None for issue in issues),
        coverage=None if connector is None else vendor_coverage(connector),
        ports=PORTS,
        happened=HAPPENED,
        kinds=KINDS,
    )


async def pause(visit: Visit) -> Reply:
    return await _held(visit, await connection_of(visit), stop=True)


async def resume(visit: Visit) -> Reply:
    return await _held(visit, await connection_of(visit), stop=False)


async def accept(visit: Visit) -> Reply:
    return await _settled(visit, accept_issue)


async def ignore(visit: Visit) -> Reply:
    return await _settled(visit, ignore_issue)


async def connection_of(visit: Visit) -> ConnectionRecord:
    """The connection in the path; the page of a missing thing for every other."""
    wanted: UUID = visit.id_in_path("con")
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        found = await get_connection(database, visit.org_id, wanted)
    if found is None:
        raise missing()
    return found


async def _held(visit: Visit, record: ConnectionRecord, *, stop: bool) -> Reply:
    actor = member_actor(visit.me.session.member_id)
    try:
        if stop:
            await pause_connection(visit.parts.linking, record, actor=actor)
        else:
            await resume_connection(visit.parts.linking, record, actor=actor)
    except ConnectionNotUsableError:
        raise Refusal(
            409, "The connection stands otherwise by now", "Go back and load its page again to see how."
        ) from None
    return visit.go(visit.path.rpartition("/")[0])


async def _settled(visit: Visit, settle: Settle) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        issue = await get_issue(database, visit.org_id, visit.id_in_path("iss"))
    if issue is None:
        raise missing()
    await settle(visit.parts.linking, visit.org_id, issue, actor=member_actor(visit.me.session.member_id))
    return visit.go(visit.form.text("back") or "/connections")
