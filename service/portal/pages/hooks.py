"""Webhook endpoints: made, their secret shown once, changed, rolled, enabled, removed."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from service.accounts.roles import Permission
from service.accounts.tokens import Mode
from service.api.versions import VERSION
from service.audit.acts import member_actor
from service.db.pool import as_organization
from service.events import endpoints, store
from service.events.errors import EndpointNotFoundError, ImpossibleEndpointError, WebhookError
from service.events.kinds import EVENT_TYPES, PING
from service.events.replay import ping, replay_since
from service.events.secrets import roll_secret
from service.events.store import Endpoint, State
from service.portal.route import Route, form, page
from service.portal.visit import Form, Refusal, Reply, Visit, missing

OVERLAPS: Final = {"0": "Ends now", "1": "Signs 1 more hour", "24": "Signs 24 more hours", "168": "Signs 7 more days"}
SINCE: Final = {"1": "the last hour", "24": "the last day", "72": "the last 3 days", "720": "the last 30 days"}
_ROWS: Final = 40
_PATH: Final = "/events/endpoints"
_STATES: Final[Mapping[str, State | None]] = {
    "": None,
    "waiting": "waiting",
    "delivered": "delivered",
    "failed": "failed",
}
_TYPES: Final = {name: says for name, says in EVENT_TYPES.items() if name != PING}


def routes() -> tuple[Route, ...]:
    """Everybody sees where events go; who may make keys changes it, and proves who they are where a secret is shown."""
    one = f"{_PATH}/{{id}}"
    return (
        page(_PATH, listed, Permission.READ),
        page(f"{_PATH}/new", ask, Permission.KEYS, recent=True),
        form(f"{_PATH}/new", make, Permission.KEYS, recent=True),
        page(one, shown, Permission.READ),
        page(f"{one}/edit", ask_again, Permission.KEYS, recent=True),
        form(f"{one}/edit", change, Permission.KEYS, recent=True),
        form(f"{one}/roll", roll, Permission.KEYS, recent=True),
        form(f"{one}/delete", delete, Permission.KEYS, recent=True),
        form(f"{one}/enable", enable, Permission.KEYS),
        form(f"{one}/disable", disable, Permission.KEYS),
        form(f"{one}/ping", send_ping, Permission.KEYS),
        form(f"{one}/replay", replay, Permission.KEYS),
    )


async def listed(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await store.list_endpoints(connection, visit.org_id)
    return visit.page("hooks.html", endpoints=found)


async def shown(visit: Visit) -> Reply:
    endpoint = await _named(visit)
    after = visit.query.text("after")
    state, again = visit.query.text("status"), visit.query.text("replayed")
    if state not in _STATES:
        raise missing()
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await store.list_deliveries(
            connection,
            visit.org_id,
            endpoint.id,
            after=visit.read_id("dlv", after) if after else None,
            limit=_ROWS + 1,
            state=_STATES[state],
        )
        live = await store.list_secrets(connection, visit.org_id, endpoint.id, visit.parts.clock())
    return visit.page(
        "hook.html",
        endpoint=endpoint,
        deliveries=found[:_ROWS],
        more=len(found) > _ROWS,
        secrets=live,
        state=state,
        first=not after,
        overlaps=OVERLAPS,
        since=SINCE,
        replayed=again if again.isdecimal() else "",
    )


async def ask(visit: Visit) -> Reply:
    return _ask(visit, visit.form, {}, None, 200)


async def ask_again(visit: Visit) -> Reply:
    return _ask(visit, visit.form, {}, await _named(visit), 200)


async def make(visit: Visit) -> Reply:
    typed = visit.form
    wrong = _wrong(typed)
    if typed.text("mode") not in tuple(Mode):
        wrong["mode"] = "Choose test or live."
    if wrong:
        return _ask(visit, typed, wrong, None, 422)
    try:
        made, secret = await endpoints.create_endpoint(
            visit.parts.webhooks,
            visit.org_id,
            url=typed.text("url"),
            description=typed.text("description"),
            event_types=_types(typed),
            mode=Mode(typed.text("mode")),
            api_version=date.fromisoformat(VERSION),
            actor=member_actor(visit.me.session.member_id),
        )
    except WebhookError as error:
        return _ask(visit, typed, _said(error), None, 422)
    return visit.page("hook_secret.html", endpoint=made, secret=secret, rolled=False)


async def change(visit: Visit) -> Reply:
    typed, endpoint = visit.form, await _named(visit)
    wrong, types = _wrong(typed), _types(typed)
    if wrong:
        return _ask(visit, typed, wrong, endpoint, 422)
    try:
        await endpoints.change_endpoint(
            visit.parts.webhooks,
            visit.org_id,
            endpoint,
            url=typed.text("url"),
            description=typed.text("description"),
            event_types=types,
            every_type=types is None,
            actor=member_actor(visit.me.session.member_id),
        )
    except WebhookError as error:
        return _ask(visit, typed, _said(error), endpoint, 422)
    return _back(visit)


async def roll(visit: Visit) -> Reply:
    endpoint, hours = await _named(visit), visit.form.text("overlap")
    overlap = timedelta(hours=int(hours) if hours in OVERLAPS else 24)
    actor = member_actor(visit.me.session.member_id)
    secret = await roll_secret(visit.parts.webhooks, visit.org_id, endpoint.id, overlap=overlap, actor=actor)
    return visit.page("hook_secret.html", endpoint=endpoint, secret=secret, rolled=True)


async def delete(visit: Visit) -> Reply:
    endpoint, actor = await _named(visit), member_actor(visit.me.session.member_id)
    try:
        await endpoints.delete_endpoint(visit.parts.webhooks, visit.org_id, endpoint.id, actor=actor)
    except EndpointNotFoundError:
        raise missing() from None
    return visit.go(_PATH)


async def enable(visit: Visit) -> Reply:
    return await _switch(visit, on=True)


async def disable(visit: Visit) -> Reply:
    return await _switch(visit, on=False)


async def send_ping(visit: Visit) -> Reply:
    endpoint, actor = await _named(visit), member_actor(visit.me.session.member_id)
    await ping(visit.parts.webhooks, visit.org_id, endpoint, actor=actor)
    return _back(visit)


async def replay(visit: Visit) -> Reply:
    endpoint, hours = await _named(visit), visit.form.text("since")
    if hours not in SINCE:
        raise Refusal(422, "Choose since when", "Go back and choose one of the list.")
    since: datetime = visit.parts.clock() - timedelta(hours=int(hours))
    actor = member_actor(visit.me.session.member_id)
    done = await replay_since(visit.parts.webhooks, visit.org_id, endpoint, since, actor=actor)
    return visit.go(f"{_PATH}/{visit.params['id']}?replayed={done.count}")


async def _switch(visit: Visit, *, on: bool) -> Reply:
    endpoint, actor = await _named(visit), member_actor(visit.me.session.member_id)
    await endpoints.change_endpoint(visit.parts.webhooks, visit.org_id, endpoint, enabled=on, actor=actor)
    return _back(visit)


async def _named(visit: Visit) -> Endpoint:
    try:
        return await endpoints.find_endpoint(visit.parts.webhooks, visit.org_id, visit.id_in_path("whe"))
    except EndpointNotFoundError:
        raise missing() from None


def _back(visit: Visit) -> Reply:
    return visit.go(f"{_PATH}/{visit.params['id']}")


def _types(typed: Form) -> tuple[str, ...] | None:
    return typed.all("type") if typed.text("which") == "some" else None


def _wrong(typed: Form) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not typed.text("url"):
        wrong["url"] = "Enter where events are sent, such as https://app.example/webhooks."
    if _types(typed) == ():
        wrong["event_types"] = "Choose at least one, or everything."
    return wrong


def _said(error: WebhookError) -> dict[str, str]:
    field = error.field if isinstance(error, ImpossibleEndpointError) else "url"
    return {field: f"{error}.".capitalize()}


def _ask(visit: Visit, typed: Form, wrong: Mapping[str, str], endpoint: Endpoint | None, status: int) -> Reply:
    sent = "url" in typed
    known = endpoint if not sent else None
    groups: dict[str, list[str]] = {}
    for name in _TYPES:
        groups.setdefault(name.partition(".")[0].replace("_", " "), []).append(name)
    facts: dict[str, Any] = {
        "url": known.url if known else typed.text("url"),
        "description": known.description if known else typed.text("description"),
        "chosen": (known.event_types or ()) if known else typed.all("type"),
        "which": ("some" if known.event_types else "all") if known else typed.text("which") or "all",
        "mode": typed.text("mode") or "test",
    }
    return visit.page("hook_form.html", status, endpoint=endpoint, error=wrong, groups=groups, says=_TYPES, **facts)
