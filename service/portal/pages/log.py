"""The request log: every answered call, as soon as it is answered, with its price."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import billing
from billing import CallFilter, Reason
from service import errors, ids
from service.accounts.keys import list_keys
from service.accounts.roles import Permission
from service.api.operation import Exports
from service.audit.search import get_entry
from service.connections.store import list_connections
from service.db.pool import Connection, as_organization
from service.portal.naming import names_of, read_names
from service.portal.pages.taking import ask_ticket, may_take, taking_waits, ticket_of
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing
from service.usage.bodies import get_bodies
from service.usage.export import MEDIA_TYPES, export_calls, named
from service.usage.shapes import UsageReceipt, to_call, to_receipt

_ROWS: Final = 25
KINDS: Final = {kind.code: kind for kind in errors.KINDS}
_ASKED: Final = ("request", "connection", "key", "status", "since", "until", "operation")
CLASSES: Final = {"errors": (400, None), "4xx": (400, 500), "5xx": (500, None), "2xx": (None, 300)}
"""Statuses from and below, by what the page calls them."""
STATUSES: Final = (
    "200",
    "201",
    "202",
    "400",
    "401",
    "403",
    "404",
    "409",
    "422",
    "424",
    "429",
    "500",
    "502",
    "503",
    "504",
)


def routes() -> tuple[Route, ...]:
    """The log and one call."""
    return (
        page("/log", log, Permission.READ_CALLS),
        form("/log/export", export, Permission.READ_CALLS, recent=True, exports=Exports.ORGANIZATION),
        page("/log/{id}", call, Permission.READ_CALLS),
    )


async def log(visit: Visit) -> Reply:
    asked = {name: visit.query.text(name) for name in _ASKED}
    if asked["request"]:
        return await _jump(visit, asked)
    wrong: str | None = None
    try:
        only = _filter(asked, visit.me.session.time_zone)
        after = ids.decode("req", visit.query.text("after")) if visit.query.text("after") else None
    except ValueError:
        only, after, wrong = CallFilter(), None, "One of the filters cannot be read; all calls are shown."
    return await _log(visit, asked, only, after, wrong)


async def export(visit: Visit) -> Reply:
    """The calls that fit, as a file."""
    format_ = visit.form.text("format")
    if format_ not in MEDIA_TYPES:
        raise missing()
    asked = {name: visit.form.text(name) for name in _ASKED}
    try:
        only = _filter(asked, visit.me.session.time_zone)
    except ValueError:
        raise missing() from None
    ticket = ticket_of(visit)
    if ticket is None:
        return ask_ticket(visit, "/log/export", "the request log", "/log", {"format": format_, **asked})
    narrowed = tuple(f"{name} {value}" for name, value in asked.items() if value)
    if not await may_take(visit, "calls.export", "the request log", format_, *narrowed, ticket=ticket):
        return taking_waits(visit, "/log")
    parts = export_calls(visit.parts.pool, visit.org_id, only, format_)
    return Reply(200, b"", MEDIA_TYPES[format_], named(format_), parts)


async def call(visit: Visit) -> Reply:
    request_id = visit.id_in_path("req")
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await billing.get_call(connection, visit.parts.prices, visit.org_id, request_id)
        if found is None:
            raise missing()
        names = await read_names(visit, connection)
        vault, at = visit.parts.linking.vault, visit.parts.clock()
        bodies = await get_bodies(connection, vault, visit.org_id, found.call.request_id, at)
        entry = await get_entry(connection, visit.org_id, found.call.request_id)
    receipt = to_receipt(found)
    operation = visit.parts.reference.get(receipt.call.operation)
    return visit.page(
        "call.html",
        receipt=receipt,
        names=names,
        operation=operation,
        problem=None if entry is None else KINDS.get(entry.outcome),
        test=receipt.call.reason is Reason.TEST_KEY,
        bodies=bodies,
    )


async def _jump(visit: Visit, asked: dict[str, str]) -> Reply:
    """To the call with that Request-Id; back to the list with what was typed if there is none."""
    try:
        request_id = ids.decode("req", asked["request"])
    except ids.MalformedIdError:
        return await _log(visit, asked, CallFilter(), None, "A Request-Id starts with req_ and has 30 characters.")
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await billing.get_call(connection, visit.parts.prices, visit.org_id, request_id)
    if found is None:
        return await _log(visit, asked, CallFilter(), None, "There is no call with this Request-Id.")
    return visit.go(f"/log/{asked['request']}")


async def _log(visit: Visit, asked: dict[str, str], only: CallFilter, after: UUID | None, wrong: str | None) -> Reply:
    org_id = visit.org_id
    async with as_organization(visit.parts.pool, org_id) as connection:
        found = await billing.list_calls(connection, org_id, after=after, limit=_ROWS + 1, only=only)
        shown = found[:_ROWS]
        prices = await _prices(visit, connection, shown)
        keys = await list_keys(connection, org_id)
        links = await list_connections(connection, org_id)
        names = names_of(visit, keys, links)
    onward = None
    if len(found) > _ROWS:
        kept = {name: value for name, value in asked.items() if value}
        onward = "/log?" + urlencode({**kept, "after": ids.encode("req", shown[-1].request_id)})
    return visit.page(
        "log.html",
        calls=[to_call(one) for one in shown],
        prices=prices,
        names=names,
        keys=keys,
        links=links,
        asked=asked,
        statuses=STATUSES,
        onward=onward,
        first=after is None,
        filtered=any(asked.values()),
        wrong=wrong,
    )


async def _prices(visit: Visit, connection: Connection, calls: tuple[billing.Call, ...]) -> dict[str, UsageReceipt]:
    """What the billed ones cost, by Request-Id."""
    billed = [one for one in calls if one.billable and not one.void]
    receipts = await billing.price_calls(connection, visit.parts.prices, visit.org_id, billed)
    return {ids.encode("req", one.call.request_id): to_receipt(one) for one in receipts}


def _filter(asked: dict[str, str], zone: str) -> CallFilter:
    """ValueError for what cannot be read."""
    chosen: dict[str, Any] = {}
    for name in ("since", "until"):
        if asked[name]:
            chosen[name] = datetime.fromisoformat(asked[name]).replace(tzinfo=ZoneInfo(zone))
    if asked["operation"]:
        chosen["operation"] = asked["operation"]
    if asked["connection"]:
        chosen["connection_id"] = ids.decode("con", asked["connection"])
    if asked["key"]:
        chosen["key_id"] = ids.decode("key", asked["key"])
    if asked["status"]:
        if asked["status"] in CLASSES:
            chosen["status_from"], chosen["status_below"] = CLASSES[asked["status"]]
        else:
            chosen["status"] = _status(asked["status"])
    return CallFilter(**chosen)


def _status(text: str) -> int:
    if text not in STATUSES:
        raise ValueError(text)
    return int(text)
