"""A firm of the EU never touches a store of the US: calls that went astray are told where to go."""

from typing import Any

import pytest

from service import ids
from service.accounts.organizations import create_organization, point_to_firm
from service.db.migrate import migrate
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.conftest import Database

pytestmark = pytest.mark.anyio

EU_URL = "https://api.eu.tickmark.example"
CLIENT = ids.Book(ids.new_uuid(), 0, "").ref("cli_", "1")


@pytest.fixture
async def astray(api: Api, keys: Keys, operator_pool: Pool, database: Database) -> tuple[Api, str]:
    """A key, made here, of a firm that is kept in the EU; and that firm's id."""
    async with operator_pool.acquire() as connection:
        firm = await point_to_firm(connection, api.cast.org_id, ids.new_uuid(), "eu")
    await migrate(database.owner_url, elsewhere={"eu": EU_URL})
    return await keys(api, firm_ids=[firm.id]), ids.encode("firm", firm.id)


CALLS = (
    ("GET", "/v1/clients", None),
    ("GET", f"/v1/clients/{CLIENT}", None),
    ("PATCH", f"/v1/clients/{CLIENT}", {"display_name": "Fern & Co"}),
    ("POST", "/v1/clients", {"display_name": "Fern & Co"}),
    ("GET", "/v1/passthrough/quickbooks/companyinfo/1", None),
    ("GET", "/v1/connections", None),
    ("GET", f"/v1/connections/{ids.encode('con', ids.new_uuid())}", None),
    ("GET", f"/v1/connections/{ids.encode('con', ids.new_uuid())}/health", None),
    ("GET", "/v1/evidence?firm={firm}&from=2026-11-01T00:00:00Z", None),
    ("GET", "/v1/firms/{firm}/policy", None),
    ("PATCH", "/v1/firms/{firm}/policy", {"dual_control": ["export"], "requested_by": "morgan@birch.example"}),
    (
        "POST",
        "/v1/consents",
        {
            "firm": "{firm}",
            "recipient": "Ledgerline Apps",
            "purpose": "Matching",
            "items": ["invoices"],
            "clients_consented": True,
            "signature": {
                "signed_by": "Morgan Vale",
                "signed_at": "2026-11-02T11:58:00Z",
                "method": "e_signature",
                "document_sha256": "0" * 64,
            },
        },
    ),
    (
        "POST",
        "/v1/link-sessions",
        {"firm": "{firm}", "return_url": "https://app.ledgerline.example/done", "purpose": "Matching"},
    ),
)


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=[str(number) for number in range(len(CALLS))])
async def test_call_in_the_wrong_region_is_told_where_to_go(
    astray: tuple[Api, str], quickbooks: SandboxServer, canopy: SandboxServer, method: str, path: str, body: Any
) -> None:
    api, firm = astray
    sent = body if body is None else {name: firm if value == "{firm}" else value for name, value in body.items()}
    headers = {"Idempotency-Key": ids.new_uuid().hex, "Ticket-Reference": "GRC-2041"}

    answer = await api.http.request(
        method, path.replace("{firm}", firm), json=sent, headers=api.headers("quickbooks") | headers
    )

    assert (answer.status_code, problem_of(answer)) == (421, "wrong_region"), answer.text
    assert answer.json()["detail"] == f"The firm's data are kept in region `eu`: call {EU_URL}."
    assert quickbooks.stats()["total"] + canopy.stats()["total"] == 0


async def test_only_the_firm_id_and_its_region_are_here_afterwards(
    astray: tuple[Api, str], operator_pool: Pool
) -> None:
    api, firm = astray
    for method, path, body in CALLS:
        sent = body if body is None else {name: firm if value == "{firm}" else value for name, value in body.items()}
        headers = api.headers("quickbooks") | {"Idempotency-Key": ids.new_uuid().hex, "Ticket-Reference": "GRC-2041"}
        await api.http.request(method, path.replace("{firm}", firm), json=sent, headers=headers)
    firm_id = ids.decode("firm", firm)
    tables = await operator_pool.fetch(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'firm_id'"
        " AND data_type = 'uuid'"
    )

    for table in tables:
        found = await operator_pool.fetchval(f"SELECT count(*) FROM {table['table_name']} WHERE firm_id = $1", firm_id)
        assert found == 0, table["table_name"]
    assert await operator_pool.fetchval("SELECT name FROM firms WHERE id = $1", firm_id) == "A firm in eu"
    assert await operator_pool.fetchval("SELECT count(*) FROM audit_rows WHERE content LIKE '%wrong_region%'") > 5


async def test_key_that_sees_a_firm_here_too_gets_the_plain_404(astray: tuple[Api, str], api: Api) -> None:
    answer = await api.get(f"/v1/clients/{CLIENT}")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


async def test_firm_elsewhere_of_another_organization_is_a_missing_one(
    api: Api, customers: Customers, operator_pool: Pool
) -> None:
    async with operator_pool.acquire() as connection:
        other = await create_organization(connection, "Other Apps")
        firm = await point_to_firm(connection, other.id, ids.new_uuid(), "eu")

    answer = await api.get(f"/v1/firms/{ids.encode('firm', firm.id)}/policy")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")
