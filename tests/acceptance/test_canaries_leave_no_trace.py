"""Names of clients, numbers and secrets, sent through every operation and form, are found nowhere afterwards.

Looked through: every table of the database, Valkey, log lines at level debug, traces, metrics and logs as a collector
gets them, and the problems that were answered. What was looked through is known to hold what it should, so that a store
that was not read would be noticed.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from service import ids
from service.accounts.roles import Role
from service.accounts.sessions import open_session
from service.all_operations import operations, unopened_parts
from service.api.operation import Audit
from service.connections.credentials import NAME, unseal
from service.connections.secrets_store import get_secret
from service.db.pool import Pool, as_organization, open_pool
from service.portal.portal import portal_routes
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, client_of, customers_of, vault_of
from tests.acceptance.giving import add_member
from tests.acceptance.logged import lines_logged
from tests.acceptance.operations import OPERATIONS
from tests.acceptance.poison import CARDS, CLIENT, EIN, NEVER, PASSWORD, SSN, cards_in, poisoned
from tests.conftest import Database
from tests.connections.hosted import SIGNED, Browser
from tests.telemetry.test_otlp import Collector

pytestmark = pytest.mark.anyio

DATA = frozenset(one.id for one in operations(unopened_parts()) if one.audit is Audit.CLIENT_DATA)
OURS = ("public", "billing")
UNSENT = frozenset({"receiveStripeWebhook"})
"""Its body is Stripe's, signed, and no card number stands in what it sends (their ids are not digits)."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.close()


@pytest.fixture
async def watched(
    settings: Settings,
    collector: Collector,
    operator_pool: Pool,
    quickbooks: SandboxServer,
    canopy: SandboxServer,
) -> AsyncIterator[Api]:
    """A customer of a deployment that tells everything it can."""
    told = replace(
        settings,
        otlp_endpoint=collector.url,
        trace_share=1.0,
        log_level="debug",
        key_calls_per_second=10**6,
        key_calls_per_minute=10**8,
        unknown_keys_per_minute=10**6,
    )
    async with client_of(told) as http:
        yield await customers_of(http, told, operator_pool, quickbooks, canopy)()


async def test_nothing_of_clients_and_no_secret_stays_anywhere(
    watched: Api,
    settings: Settings,
    database: Database,
    operator_pool: Pool,
    collector: Collector,
) -> None:
    secrets = await secrets_of(watched, settings, operator_pool)
    seen = await names_seen(watched)
    with lines_logged() as lines:
        answers = [*await through_the_api(watched), *await through_forms(watched, database)]
        answers += await through_a_connect_page(watched)
    logs = lines.getvalue()
    stores = {
        **await tables(database),
        "valkey": await valkey(settings),
        "logs": logs,
        "problems": "\n".join(one.text for one in answers if one.status_code >= 400),
        **{f"collector{path}": b"\n".join(bodies).decode("latin-1") for path, bodies in collector.bodies.items()},
    }

    assert sum(one.status_code in (200, 201) and CLIENT in one.text for one in answers) >= 2, "nothing was written"
    assert all(stores[name] for name in ("public.audit_rows", "billing.calls", "valkey")), "a store was not read"
    assert "listClients" in stores["collector/v1/traces"]
    assert logs.count("call failed") > 100
    words = (*NEVER, *secrets, *seen)
    assert {name: left for name, text in stores.items() if (left := [one for one in words if holds(text, one)])} == {}
    assert {name: cards for name, text in stores.items() if (cards := cards_in(text))} == {}


def holds(text: str, word: str) -> bool:
    """As text, or as bytes in the way PostgreSQL writes them."""
    return word in text or word.encode().hex() in text


async def secrets_of(api: Api, settings: Settings, pool: Pool) -> list[str]:
    """The key, and what the vendors let us in with."""
    vault, found = vault_of(settings), [api.cast.key]
    for link in api.cast.connections.values():
        async with as_organization(pool, api.cast.org_id) as connection:
            sealed = await get_secret(connection, api.cast.org_id, link, NAME)
        assert sealed is not None
        held = await unseal(vault, link, sealed)
        found += [held.access_token, held.refresh_token or held.access_token]
    return found


async def names_seen(api: Api) -> set[str]:
    """What clients are called at the vendors, as the API gives it."""
    found: set[str] = set()
    for vendor in ("quickbooks", "canopy"):
        for client in (await api.get("/v1/clients?limit=50", vendor)).json()["data"]:
            found |= {client["display_name"], *(one["address"] for one in client.get("emails") or ())}
    assert len(found) > 60
    return found


async def through_the_api(api: Api) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    connection = api.connection("quickbooks")
    for name in sorted(set(OPERATIONS) - UNSENT):
        for one in poisoned(name, connection, DATA):
            headers = api.headers() | one.headers
            answers.append(await api.http.request(one.method, one.path, headers=headers, content=one.content))
    wrong = (PASSWORD, f"tm_live_{PASSWORD}", CARDS[0])
    answers += [await api.http.get("/v1/me", headers={"Authorization": f"Bearer {one}"}) for one in wrong]
    assert {one.status_code for one in answers} >= {200, 201, 400, 401, 404, 422}
    assert not [one.request.url for one in answers if one.status_code == 500]
    return answers


async def through_forms(api: Api, database: Database) -> list[httpx.Response]:
    """Every form of the portal, signed in or not, with a canary in each field that any form has."""
    async with await open_pool(database.owner_url, "tickmark_operator", max_size=1) as operators:
        member = await add_member(operators, api.cast.org_id, Role.OWNER)
    async with (
        await open_pool(database.owner_url, "tickmark_app", max_size=1) as pool,
        as_organization(pool, api.cast.org_id) as connection,
    ):
        cookie = await open_session(connection, api.cast.org_id, member.id, user_agent="", address="")
    answers: list[httpx.Response] = []
    async with httpx.AsyncClient(base_url=api.http.base_url, cookies={"tm_session": cookie}) as desk:
        token = re.search(r'name="token" value="([0-9a-f]{64})"', (await desk.get("/home")).text)
        assert token is not None
        for route in portal_routes():
            path = re.sub(r"\{\w+\}", ids.encode("firm", api.cast.firm_id), route.path)
            if route.method == "GET":
                answers.append(await desk.get(f"{path}?q={CARDS[0]}&request={SSN}&actor={CARDS[1]}&next=/{EIN}"))
                continue
            for word in (CARDS[0], CARDS[1], f"SSN {SSN}", f"EIN: {EIN}"):
                fields = dict.fromkeys(_FIELDS, word) | {"token": token[1], "password": PASSWORD}
                refused = await desk.post(path, data=fields)
                answers.append(refused)
                assert refused.status_code in (422, 429), (route.path, refused.status_code)
    return answers


_FIELDS = (
    "name", "email", "purpose", "recipient", "signed_by", "client", "ticket", "organization", "query", "firm", "reason",
    "code", "days", "ips", "limit", "operation", "wanted", "role", "vendor", "time_zone", "key", "return_urls",
)  # fmt: skip


async def through_a_connect_page(api: Api) -> list[httpx.Response]:
    wish: dict[str, Any] = {"firm": ids.encode("firm", api.cast.firm_id), "purpose": "Matching invoices", "vendors": []}
    url = str((await api.post("/v1/link-sessions", wish)).json()["url"])
    browser = Browser()
    answers: list[httpx.Response] = []
    page = await browser.open(str(api.http.base_url.join(urlsplit(url).path)))
    for name in (f"Morgan {CARDS[0]}", f"Morgan SSN {SSN}"):
        page = await browser.submit(page, "sign", {**SIGNED, "vendor": "quickbooks", "name": name})
        assert "never kept" in page.text
        answers.append(page.answer)
    return answers


async def tables(database: Database) -> dict[str, str]:
    """Every row of every table of ours, as text."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        await connection.execute("SET row_security = off")
        named = await connection.fetch(
            "SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname = ANY ($1)", OURS
        )
        found = {
            f"{one['schema']}.{one['name']}": str(
                await connection.fetchval(
                    f"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM \"{one['schema']}\".\"{one['name']}\" t"
                )
            )
            for one in named
        }
    finally:
        await connection.close()
    assert len(found) > 40
    return found


async def valkey(settings: Settings) -> str:
    """Every key and value."""
    lines: list[str] = []
    # redis-py's answers have no types
    async with cast(Any, Redis.from_url(settings.redis_url)) as server:  # pyright: ignore[reportUnknownMemberType]
        async for key in server.scan_iter():
            match await server.type(key):
                case b"string":
                    value = await server.get(key)
                case b"hash":
                    value = await server.hgetall(key)
                case b"zset":
                    value = await server.zrange(key, 0, -1)
                case b"set":
                    value = await server.smembers(key)
                case other:
                    raise AssertionError(f"Valkey holds a {other!r}, which nobody looks into")
            lines.append(f"{key!r} {value!r}")
    return "\n".join(lines)
