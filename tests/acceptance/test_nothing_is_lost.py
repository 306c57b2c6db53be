"""Over all sandboxes and nouns: raw records without secrets, what is left of them told; what is written agrees."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import msgspec
import pytest

from service.connectors.registry import CONNECTORS, get_connector
from service.connectors.sdk.wire import unmapped
from service.db.pool import Pool
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, customers_of, problem_of

pytestmark = pytest.mark.anyio

LISTS = [(one.slug, name) for one in CONNECTORS for name, bound in one.bindings().items() if bound.page and bound.raw]
NEEDS_A_FILTER = {("taxdome", "messages"): "threads", ("sodium", "invoices"): "clients"}
WRITABLE: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("canopy", "clients"): (
        {"display_name": "Alder & Sons", "kind": "business"},
        {"display_name": "Alder & Daughters"},
    ),
    ("quickbooks", "clients"): ({"display_name": "Alder & Sons"}, {"notes": "Prefers e-mail."}),
    ("taxdome", "clients"): (
        {"display_name": "Alder & Sons", "kind": "business", "tags": ["1120-S"]},
        {"display_name": "Alder & Daughters"},
    ),
    ("sodium", "clients"): (
        {"display_name": "Alder & Sons", "kind": "business", "filing_type": "PrivateLimitedCompany"},
        {"display_name": "Alder & Daughters"},
    ),
    ("quickbooks", "service_items"): (
        {"name": "Payroll setup", "sku": "P9", "rate": "240", "income_account": "31"},
        {"sku": "P10", "rate": "260.5"},
    ),
    ("quickbooks", "users"): ({"given_name": "Una", "family_name": "O'Hara"}, {"given_name": "Unity", "emails": []}),
    ("quickbooks", "tracking"): ({"dimension": "class", "name": "Advice"}, {"name": "Advice and planning"}),
    ("sodium", "users"): (
        {"given_name": "Una", "family_name": "O'Hara", "emails": [{"address": "una@ohara.example"}]},
        {"family_name": "O'Hara-Quill"},
    ),
    ("sodium", "service_items"): (
        {"name": "Probate", "sku": "P9", "prices": [{"billed": "Annual", "price": "90"}]},
        {"name": "Probate and trusts"},
    ),
    ("sodium", "tasks"): ({"name": "Return", "due_on": "2027-01-31"}, {"name": "Return, amended"}),
}


@pytest.fixture(scope="module")
def others() -> Iterator[tuple[SandboxServer, ...]]:
    slugs = [connector.slug for connector in CONNECTORS if connector.slug not in ("quickbooks", "canopy")]
    with ExitStack() as stack:
        servers = tuple(stack.enter_context(serve.running(slug)) for slug in slugs)
        for server in servers:
            server.limits(**dict.fromkeys(server.limits(), None))
        yield servers


@pytest.fixture
def customers(
    http: httpx.AsyncClient,
    settings: Settings,
    operator_pool: Pool,
    quickbooks: SandboxServer,
    canopy: SandboxServer,
    others: tuple[SandboxServer, ...],
) -> Customers:
    return customers_of(http, settings, operator_pool, quickbooks, canopy, *others)


async def rows_of(api: Api, vendor: str, noun: str) -> list[dict[str, Any]]:
    query = "limit=20&include=raw,unmapped"
    if (vendor, noun) in NEEDS_A_FILTER:
        over = NEEDS_A_FILTER[vendor, noun]
        first = await api.first(f"/v1/{over}?limit=1", vendor)
        query += f"&filter[{over.removesuffix('s')}]={first['id']}"
    answer = await api.get(f"/v1/{noun}?{query}", vendor)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


@pytest.mark.parametrize(("vendor", "noun"), LISTS)
async def test_raw_comes_without_secrets_and_unmapped_is_what_the_wire_type_leaves(
    api: Api, vendor: str, noun: str
) -> None:
    """That a field of the wire type makes a difference to the record is the conformance kit's to prove."""
    connector = get_connector(vendor)
    binding = connector.bindings()[noun]

    for row in await rows_of(api, vendor, noun):
        assert row["raw"], noun
        assert row["meta"]["unmapped"] == unmapped(row["raw"], binding.wire.record, connector.redact)
        shown = msgspec.json.encode(row["raw"]).decode()
        assert [name for name in connector.redact if f'"{name}":' in shown] == []


async def test_what_has_no_raw_record_is_refused_one(api: Api) -> None:
    for include in ("raw", "unmapped"):
        answer = await api.get(f"/v1/folders?include={include}", "taxdome")

        assert (answer.status_code, problem_of(answer)) == (400, "unsupported_selection")


@pytest.mark.parametrize(("vendor", "noun"), sorted(WRITABLE))
async def test_what_was_written_is_what_is_read(api: Api, vendor: str, noun: str) -> None:
    new, change = WRITABLE[vendor, noun]

    made = await api.post(f"/v1/{noun}", new, vendor)
    assert made.status_code == 201, made.text
    path = f"/v1/{noun}/{made.json()['id']}"
    first = (await api.get(path)).json()
    changed = await api.patch(path, change)
    last = (await api.get(path)).json()

    assert first == made.json()
    assert changed.status_code == 200, changed.text
    assert last == changed.json()
    assert {name: last[name] for name in change} == change
    moved = {name for name in first if first[name] != last.get(name)}
    told = {"legal_name", "full_name", "name"}  # of what was changed
    assert moved <= {*change, *told, "updated_at", "version", "status_changed_at"}
