"""A card number or a government id in any text that is written is refused before anything is kept or sent on."""

from collections.abc import Iterator
from typing import Any, Final

import asyncpg
import httpx
import msgspec
import pytest

from service import ids
from service.accounts.scopes import SCOPES
from service.db.pool import Pool
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, customers_of, problem_of
from tests.acceptance.giving import let_keys_give
from tests.acceptance.operations import OPERATIONS, prefix_of
from tests.conftest import Database

pytestmark = pytest.mark.anyio

CARD: Final = "4111 1111 1111 1111"
SSN: Final = "123-45-6789"
ELSEWHERE: Final = {"receiveStripeWebhook", "setUpPayment", "receiveLeakReport"}
"""Signed by somebody else or sent on to Stripe, and 404 where no such account is set."""


PASSED_THROUGH: Final = {
    ("quickbooks", "POST"): "customer",
    ("sodium", "PATCH"): "clients",
    ("sodium", "PUT"): "clients/1/agent-authorisations",
}
"""A write of the vendor's own that goes through; of Canopy it is the search."""


def body_of(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("example")


WRITES: Final = sorted(
    name
    for name, operation in OPERATIONS.items()
    if operation["method"] in ("POST", "PATCH", "PUT")
    and "application/json" in operation.get("requestBody", {}).get("content", {})
    and name not in ELSEWHERE | {"runBatch"}
)


@pytest.fixture(scope="module")
def more_sandboxes() -> Iterator[tuple[SandboxServer, ...]]:
    with serve.running("sodium") as sodium, serve.running("taxdome") as taxdome:
        yield sodium, taxdome


@pytest.fixture
async def linked(
    http: httpx.AsyncClient,
    settings: Settings,
    operator_pool: Pool,
    quickbooks_server: SandboxServer,
    canopy_server: SandboxServer,
    more_sandboxes: tuple[SandboxServer, ...],
) -> Api:
    """A customer whose firm is linked to every vendor there is, and whose key may do everything, also give."""
    sandboxes = (quickbooks_server, canopy_server, *more_sandboxes)
    api = await customers_of(http, settings, operator_pool, *sandboxes)(scopes=SCOPES)
    await let_keys_give(operator_pool, api.cast.org_id)
    return api


async def send(api: Api, operation: dict[str, Any], vendor: str, text: str) -> httpx.Response:
    """The operation with the text in one more field of its body, where strict decoding would come upon it later."""
    book = ids.Book(api.cast.connections[vendor], 0, "")
    path: str = operation["path"].replace("{vendor}", vendor).replace("{n}", "1")
    path = path.replace("{path}", PASSED_THROUGH.get((vendor, operation["method"]), "clients/search"))
    if path.startswith("/v1/connections/"):
        path = path.replace("{id}", api.connection(vendor))
    elif path.startswith("/v1/firms/"):
        path = path.replace("{id}", ids.encode("firm", api.cast.firm_id))
    elif path.startswith("/v1/keys/"):
        path = path.replace("{id}", (await api.get("/v1/me")).json()["key"])
    elif path.startswith("/v1/members/"):
        path = path.replace("{id}", (await api.get("/v1/members")).json()["data"][0]["id"])
    elif "{id}" in path:
        path = path.replace("{id}", book.ref(prefix_of(operation), "1"))
    sent = msgspec.convert(body_of(operation) or {}, dict[str, Any]) | {"memo": text}
    headers = api.headers(vendor, Idempotency_Key=ids.new_uuid().hex, Ticket_Reference="GRC-1")
    return await api.http.request(operation["method"], path, json=sent, headers=headers)


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(("text", "code"), [(f"pay by {CARD}", "card_number"), (f"hers is {SSN}", "government_id")])
async def test_number_in_a_body_is_refused_and_nobody_else_sees_it(
    linked: Api, database: Database, name: str, text: str, code: str
) -> None:
    answers = [await send(linked, OPERATIONS[name], vendor, text) for vendor in linked.cast.connections]

    refused = [answer for answer in answers if answer.status_code == 422]
    assert refused, [answer.text for answer in answers]
    for answer in refused:
        assert problem_of(answer) == "validation_failed"
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/memo", code)]
        assert "4111" not in answer.text
        assert SSN not in answer.text
    assert {answer.status_code for answer in answers} <= {422, 501, 403, 404}
    assert await rows_that_hold(database, CARD, SSN) == []


async def test_each_call_of_a_batch_is_refused_by_itself(linked: Api) -> None:
    def create(text: str) -> dict[str, Any]:
        headers = {"Connection-Id": linked.connection("quickbooks"), "Idempotency-Key": ids.new_uuid().hex}
        return {"method": "POST", "path": "/v1/clients", "headers": headers, "body": {"display_name": text}}

    answer = await linked.post("/v1/batch", {"operations": [create(f"Fern {CARD}"), create("Fern & Co")]})

    bad, good = answer.json()["data"]
    assert (bad["status"], bad["body"]["errors"][0]["code"]) == (422, "card_number")
    assert good["status"] == 201


async def test_number_in_the_name_of_a_document_is_refused(linked: Api) -> None:
    for query, pointer in (("name=4111111111111111.pdf", "query/name"), (f"name=a.pdf&folder={SSN}", "query/folder")):
        answer = await linked.http.post(
            f"/v1/documents?{query}",
            content=b"a",
            headers=linked.headers("quickbooks", Content_Type="application/pdf", Idempotency_Key=ids.new_uuid().hex),
        )

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_government_id_passes_through_to_a_field_that_is_masked_on_its_way_out(linked: Api) -> None:
    def create(**body: str) -> Any:
        return linked.post("/v1/passthrough/sodium/task-categories", {"name": "Returns", **body}, "sodium")

    kept, loose = await create(utr="1234567890"), await create(description="UTR 1234567890")

    assert kept.status_code == 200, kept.text
    assert "1234567890" not in kept.text
    assert (loose.status_code, loose.json()["errors"][0]["code"]) == (422, "government_id")


async def rows_that_hold(database: Database, *texts: str) -> list[str]:
    """Tables of which some row, as text, holds one of the texts, with or without blanks."""
    wanted = [*texts, *(text.replace(" ", "") for text in texts)]
    connection = await asyncpg.connect(database.owner_url)
    tables = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname IN ('public', 'billing')"
    )
    found = [
        table["name"]
        for table in tables
        if await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM {table['name']} t, unnest($1::text[]) AS w WHERE strpos(t::text, w) > 0)",
            wanted,
        )
    ]
    await connection.close()
    return found


def test_every_write_that_takes_text_is_asked() -> None:
    assert len(WRITES) > 30
    assert all(msgspec.json.encode(body_of(OPERATIONS[name])) for name in WRITES)
