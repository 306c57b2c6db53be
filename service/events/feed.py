"""What happened, from every part that has something to tell, as one list."""

from datetime import datetime
from itertools import takewhile
from typing import Final
from uuid import UUID

from msgspec import Struct

import billing
from billing import News
from service import ids
from service.accounts.leaks import list_key_leaks
from service.connections.store import Event, list_recent_events
from service.db.pool import Connection

_PREFIXES: Final = {"organization": "org", "key": "key", "connection": "con", "invoice": "bill"}


class Happening(Struct, frozen=True, kw_only=True, tag_field="object", tag="event"):
    """One thing that happened."""

    type: str
    """`budget.alert`, `invoice.issued`, `invoice.paid` …, `key.leaked`, `connection.connected`, `connection.state` …"""
    at: datetime
    """When."""
    about: str
    """What it happened to: `org_…`, `key_…`, `con_…` or `bill_…`."""
    says: str
    """In a sentence."""


async def list_happenings(
    connection: Connection, org_id: UUID, *, before: datetime, limit: int, money: bool = True
) -> list[Happening]:
    """Newest first; a few more than `limit` where several happened in the last one's instant, so that asking for what
    was before it leaves nothing out. Without `money` nothing is told of budgets and invoices."""
    found = [_of_link(about, event) for about, event in await list_recent_events(connection, org_id, before, limit)]
    found += [
        Happening(
            type="key.leaked",
            at=leak.reported_at,
            about=ids.encode("key", leak.key_id),
            says=f"A secret scanner found the key in public. {'It was ended.' if leak.ended_key else 'It had ended.'}",
        )
        for leak in await list_key_leaks(connection, org_id)
        if leak.reported_at < before
    ]
    if money:
        account = await billing.get_account(connection, org_id)
        news = await billing.list_news(connection, org_id, before=before, limit=limit)
        found += [_of_money(one, account.currency) for one in news]
    found.sort(key=lambda one: one.at, reverse=True)
    shown = found[:limit]
    return shown + list(takewhile(lambda one: one.at == shown[-1].at, found[limit:]))


def _of_link(connection_id: UUID, event: Event) -> Happening:
    words = event.kind.replace("_", " ")
    said = f"{words}: {event.state.replace('_', ' ')}" if event.kind in ("state", "connected") else words
    detail = f". {event.detail}" if event.detail else ""
    return Happening(
        type=f"connection.{event.kind}",
        at=event.at,
        about=ids.encode("con", connection_id),
        says=f"{said.capitalize()}{detail}",
    )


def _of_money(news: News, currency: str) -> Happening:
    scope, _, rest = news.what.partition(".")
    amount = f"{billing.format_money(news.amount_minor, currency)} {currency}"
    about = ids.encode(_PREFIXES[scope], news.about)
    if news.percent is None:
        words = rest.replace("_", " ")
        return Happening(type=news.what, at=news.at, about=about, says=f"Our invoice over {amount} is {words}.")
    return Happening(
        type="budget.alert",
        at=news.at,
        about=about,
        says=f"{news.percent} % of {amount} for the {rest} is used.",
    )
