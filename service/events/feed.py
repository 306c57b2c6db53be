"""What happened, as one list: every part tells of it in the transaction in which it happens.

The rows are written by `publish_event` in the database, for which each part's table has a trigger, so that no way to
do a thing leaves it untold. What is sent to endpoints is made of the same rows.
"""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

import billing
from service import ids
from service.db.pool import Connection
from service.events.store import SQL, EventRow


class EventData(Struct, frozen=True, kw_only=True):
    """Ids and states: what it takes to ask for the rest. Which of them there are depends on the type."""

    connection: str | UnsetType = UNSET
    """`con_…`"""
    firm: str | UnsetType = UNSET
    """`firm_…`, whose connection it is."""
    vendor: str | UnsetType = UNSET
    """The connection's vendor."""
    state: str | UnsetType = UNSET
    """In which state the connection or invoice was then."""
    key: str | UnsetType = UNSET
    """`key_…`"""
    ended: bool | UnsetType = UNSET
    """Whether the report ended the key; else it had ended before."""
    organization: str | UnsetType = UNSET
    """`org_…`, where a budget is the whole organization's."""
    invoice: str | UnsetType = UNSET
    """`bill_…`"""
    span: Literal["day", "month"] | UnsetType = UNSET
    """What a budget is for."""
    percent: int | UnsetType = UNSET
    """The share of a budget that is used."""
    webhook_endpoint: str | UnsetType = UNSET
    """`whe_…`"""
    reason: str | UnsetType = UNSET
    """Why an endpoint was disabled: `gone` or `failing`."""


class Happening(Struct, frozen=True, kw_only=True, tag_field="object", tag="event"):
    """One thing that happened."""

    id: str
    """`evt_…`; the `webhook-id` under which it is sent to endpoints."""
    type: str
    """`budget.alert`, `invoice.issued`, `invoice.paid` …, `key.leaked`, `connection.connected`, `connection.state` …"""
    mode: Literal["live", "test"]
    """`test` for what happened to sandboxes and test keys."""
    at: datetime
    """When."""
    about: str
    """What it happened to: `org_…`, `key_…`, `con_…`, `bill_…` or `whe_…`."""
    data: EventData
    """Ids and states."""
    says: str
    """In a sentence. Not sent to endpoints."""


class _Facts(Struct, frozen=True, kw_only=True):
    """What the database keeps of an event beside its columns."""

    firm: UUID | None = None
    vendor: str | None = None
    state: str | None = None
    detail: str | None = None
    ended: bool = False
    span: Literal["day", "month"] | None = None
    percent: int | None = None
    amount_minor: int = 0
    currency: str = ""
    reason: str | None = None


_read: Final = msgspec.json.Decoder(_Facts).decode
_NAMES: Final = {
    "con": "connection", "key": "key", "org": "organization", "bill": "invoice", "whe": "webhook_endpoint",
}  # fmt: skip


async def list_happenings(
    connection: Connection,
    org_id: UUID,
    *,
    before: datetime,
    limit: int,
    after: UUID | None = None,
    since: datetime | None = None,
    type_: str | None = None,
    money: bool = True,
) -> list[Happening]:
    """Newest first; `after` is the last one of the page before. Without `money` nothing of budgets and invoices."""
    rows = await connection.fetch(SQL["list_events"], org_id, before, after, limit, money, since, type_)
    return [to_happening(row) for row in msgspec.convert(rows, list[EventRow])]


async def get_happening(connection: Connection, org_id: UUID, event_id: UUID) -> Happening | None:
    """One of them."""
    row = await connection.fetchrow(SQL["get_event"], org_id, event_id)
    return None if row is None else to_happening(msgspec.convert(row, EventRow))


def to_happening(row: EventRow) -> Happening:
    """A row of the database as the API shows it."""
    facts, about = _read(row.facts), ids.encode(row.about, row.about_id)
    return Happening(
        id=ids.encode("evt", row.id),
        type=row.type,
        mode=row.mode,
        at=row.at,
        about=about,
        data=_data(row, facts, about),
        says=_says(row, facts),
    )


def _data(row: EventRow, facts: _Facts, about: str) -> EventData:
    found: dict[str, object] = {_NAMES[row.about]: about}
    match row.type.partition("."):
        case ("connection", _, _):
            found |= {"vendor": facts.vendor, "state": facts.state}
            if facts.firm is not None:
                found["firm"] = ids.encode("firm", facts.firm)
        case ("key", _, _):
            found["ended"] = facts.ended
        case ("budget", _, _):
            found |= {"span": facts.span, "percent": facts.percent}
        case ("invoice", _, state):
            found["state"] = state
        case _:
            if facts.reason is not None:
                found["reason"] = facts.reason
    return msgspec.convert(found, EventData)


def _says(row: EventRow, facts: _Facts) -> str:
    amount = f"{billing.format_money(facts.amount_minor, facts.currency)} {facts.currency}" if facts.currency else ""
    match row.type.partition("."):
        case ("connection", _, kind):
            words = kind.replace("_", " ")
            said = f"{words}: {(facts.state or '').replace('_', ' ')}" if kind in ("state", "connected") else words
            return f"{said.capitalize()}{f'. {facts.detail}' if facts.detail else ''}"
        case ("key", _, _):
            return f"A secret scanner found the key in public. {'It was ended.' if facts.ended else 'It had ended.'}"
        case ("budget", _, _):
            return f"{facts.percent} % of {amount} for the {facts.span} is used."
        case ("invoice", _, state):
            return f"Our invoice over {amount} is {state.replace('_', ' ')}."
        case (_, _, "ping"):
            return "A test event was sent."
        case _:
            why = "It answered 410, gone." if facts.reason == "gone" else "Nothing reached it for days."
            return f"The webhook endpoint was disabled. {why}"
