"""API keys: made, shown once, rolled, revoked."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import billing
from billing import Span
from service import ids
from service.accounts.errors import AccountError, ImpossibleValueError, KeyNotFoundError
from service.accounts.granting import get_granting, set_granting
from service.accounts.keys import change_rate, list_keys, mint_key, revoke_key, roll_key
from service.accounts.leaks import list_key_leaks
from service.accounts.organizations import get_organization, list_firms
from service.accounts.roles import Permission
from service.accounts.scopes import SCOPES
from service.accounts.store import KeyRecord
from service.accounts.tokens import Mode
from service.api.versions import VERSION
from service.audit.acts import member_actor
from service.connections.store import list_connections
from service.db.pool import Connection, as_organization
from service.portal.key_charts import call_chart, time_chart
from service.portal.route import Route, form, page
from service.portal.visit import Form, Reply, Visit, missing
from service.usage.budgets import ShownBudget, to_budget
from service.usage.key_usage import KeyUsage, read_key_usage

EXPIRIES: Final = {"": "Never", "7": "In 7 days", "30": "In 30 days", "90": "In 90 days", "365": "In a year"}
OVERLAPS: Final = {"0": "Ends now", "1": "Works 1 more hour", "24": "Works 24 more hours", "168": "Works 7 more days"}
_PRESETS: Final = {
    "read": ("Read everything", ("*:read",)),
    "write": ("Read and write records", ("*:*",)),
    "some": ("Only what I choose", ()),
}


def routes() -> tuple[Route, ...]:
    """Lists for everybody; changes for those who may, shortly after they proved who they are."""
    return (
        page("/keys", keys, Permission.READ),
        page("/keys/new", ask, Permission.KEYS, recent=True),
        form("/keys/new", mint, Permission.KEYS, recent=True),
        form("/keys/granting", grant, Permission.TEAM, recent=True),
        page("/keys/{id}", one, Permission.READ),
        form("/keys/{id}/limit", limit, Permission.KEYS, recent=True),
        form("/keys/{id}/roll", roll, Permission.KEYS, recent=True),
        form("/keys/{id}/revoke", revoke, Permission.KEYS, recent=True),
    )


async def keys(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await list_keys(connection, visit.org_id)
        granting = await get_granting(connection, visit.org_id)
    now = visit.parts.clock()
    in_use = [
        key for key in reversed(found) if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
    ]
    ended = [key for key in reversed(found) if key not in in_use]
    return visit.page("keys.html", in_use=in_use, ended=ended, granting=granting)


async def grant(visit: Visit) -> Reply:
    """Whether keys may make keys and invite people."""
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await set_granting(connection, visit.member, on=visit.form.text("on") == "yes")
    return visit.go("/keys")


async def one(visit: Visit) -> Reply:
    return await _one(visit)


async def _one(visit: Visit, status: int = 200, wrong_rate: str | None = None) -> Reply:
    key_id = visit.id_in_path("key")
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        known = {key.id: key for key in await list_keys(connection, visit.org_id)}
        found = known.get(key_id)
        firms = {firm.id: firm.name for firm in await list_firms(connection, visit.org_id)}
        links = {link.id: link for link in await list_connections(connection, visit.org_id)}
        leaks = await list_key_leaks(connection, visit.org_id, key_id)
        organization = await get_organization(connection, visit.org_id)
        if found is None:
            raise missing()
        usage, budgets = await _use(visit, connection, key_id)
    zone = visit.me.session.time_zone
    ended = found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= visit.parts.clock())
    made = [one for one in known.values() if one.made_by_key == key_id and one.revoked_at is None]
    facts: dict[str, Any] = {"firms": firms, "links": links, "overlaps": OVERLAPS}
    if usage is not None:
        facts |= {"calls": call_chart(usage, zone), "times": time_chart(usage, zone)}
    facts |= {"usage": usage, "budgets": budgets, "limits": visit.parts.reference.limits_of_keys}
    facts["networks"] = () if organization is None else organization.ip_allow
    maker = None if found.made_by_key is None else known.get(found.made_by_key)
    facts["wrong_rate"] = wrong_rate
    return visit.page("key.html", status, key=found, leaks=leaks, ended=ended, made=made, maker=maker, **facts)


async def _use(visit: Visit, connection: Connection, key_id: UUID) -> tuple[KeyUsage | None, tuple[ShownBudget, ...]]:
    """How the key is used, for who may see calls; its budgets, for who may see money."""
    if not visit.may(Permission.READ_CALLS):
        return None, ()
    chosen = visit.query.text("by")
    by = Span(chosen) if chosen in tuple(Span) else Span.HOUR
    at, prices = visit.parts.clock(), visit.parts.prices
    usage = await read_key_usage(connection, prices, visit.org_id, key_id, by, at)
    if not visit.may(Permission.READ_MONEY):
        return usage, ()
    found = await billing.get_budget_statuses(connection, prices, visit.org_id, at)
    return usage, tuple(to_budget(one) for one in found if one.budget.scope_id == key_id)


async def ask(visit: Visit) -> Reply:
    return await _ask(visit, visit.form, {}, 200)


async def mint(visit: Visit) -> Reply:
    typed = visit.form
    preset = typed.text("access")
    scopes = typed.all("scope") if preset == "some" else _PRESETS.get(preset, ("", ()))[1]
    wrong: dict[str, str] = {}
    if not typed.text("name"):
        wrong["name"] = "Name it after what will use it, such as: billing worker."
    if not scopes:
        wrong["access"] = "Choose at least one thing the key may do."
    if typed.text("mode") not in tuple(Mode):
        wrong["mode"] = "Choose test or live."
    if typed.text("expires") not in EXPIRIES:
        wrong["expires"] = "Choose one of the list."
    firms = [visit.read_id("firm", text) for text in typed.all("firm")]
    links = [visit.read_id("con", text) for text in typed.all("connection")]
    if not wrong:
        try:
            async with as_organization(visit.parts.pool, visit.org_id) as connection:
                made, token = await mint_key(
                    connection,
                    visit.parts.peppers,
                    org_id=visit.org_id,
                    name=typed.text("name"),
                    mode=Mode(typed.text("mode")),
                    scopes=scopes,
                    api_version=date.fromisoformat(VERSION),
                    firm_ids=firms or None,
                    connection_ids=links or None,
                    ip_allow=typed.text("ips").replace(",", " ").split(),
                    calls_per_minute=_rate(typed),
                    expires_in=timedelta(days=int(typed.text("expires"))) if typed.text("expires") else None,
                    clock=visit.parts.clock,
                    actor=member_actor(visit.me.session.member_id),
                )
                sandbox = next(
                    (one.id for one in await list_connections(connection, visit.org_id) if one.sandbox), None
                )
            return _made(visit, made, token, sandbox)
        except AccountError as error:
            wrong["ips" if "network" in str(error) else "rate" if "minute" in str(error) else "name"] = str(error)
    return await _ask(visit, typed, wrong, 422)


async def limit(visit: Visit) -> Reply:
    """How many calls a minute it may make; an empty field is as many as any key may."""
    key_id = visit.id_in_path("key")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            actor = member_actor(visit.me.session.member_id)
            await change_rate(connection, visit.org_id, key_id, _rate(visit.form), actor=actor)
    except KeyNotFoundError:
        raise missing() from None
    except ImpossibleValueError as error:
        return await _one(visit, 422, f"{error}.".capitalize())
    return visit.go(f"/keys/{ids.encode('key', key_id)}")


def _rate(typed: Form) -> int | None:
    """What was typed; 0, which no limit is, for what is no number."""
    text = typed.text("rate").replace(",", "")
    return (int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0) if text else None


async def roll(visit: Visit) -> Reply:
    overlap = visit.form.text("overlap")
    key_id = visit.id_in_path("key")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            made, token = await roll_key(
                connection,
                visit.parts.peppers,
                visit.org_id,
                key_id,
                overlap=timedelta(hours=int(overlap) if overlap in OVERLAPS else 24),
                clock=visit.parts.clock,
                actor=member_actor(visit.me.session.member_id),
            )
    except KeyNotFoundError:
        raise missing() from None
    return _made(visit, made, token, None, rolled=True)


async def revoke(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await revoke_key(
                connection,
                visit.org_id,
                visit.id_in_path("key"),
                clock=visit.parts.clock,
                actor=member_actor(visit.me.session.member_id),
            )
    except KeyNotFoundError:
        raise missing() from None
    return visit.go("/keys")


def _made(visit: Visit, key: KeyRecord, secret: str, sandbox: UUID | None, *, rolled: bool = False) -> Reply:
    """The key, this once; `sandbox` is a connection that a first call can go through."""
    link = None if sandbox is None else ids.encode("con", sandbox)
    return visit.page("key_made.html", key=key, secret=secret, sandbox=link, rolled=rolled)


async def _ask(visit: Visit, typed: Form, wrong: Mapping[str, str], status: int) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        firms = await list_firms(connection, visit.org_id)
        links = await list_connections(connection, visit.org_id)
    resources: dict[str, list[str]] = {}
    for scope in SCOPES:
        resources.setdefault(scope.partition(":")[0], []).append(scope)
    facts: dict[str, Any] = {"firms": firms, "links": links, "resources": resources, "presets": _PRESETS}
    return visit.page("key_new.html", status, typed=typed, error=wrong, expiries=EXPIRIES, **facts)
