"""The evidence pack: all of a firm's period in one zip that proves itself, and only for whoever may have it."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from service import ids
from service.audit.acts import record_act
from service.audit.packs import verify_pack
from service.audit.personal import destroy_keys
from service.audit.sealing import seal
from service.audit.signing import signer_of
from service.db.pool import Pool
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.consent.terms import consents

pytestmark = pytest.mark.anyio

SINCE = "2026-01-01T00:00:00Z"


def path_of(of: str, **more: str) -> str:
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    return "/v1/evidence?" + urlencode({"firm": of, "from": since} | more)


def firm_of(api: Api) -> str:
    return ids.encode("firm", api.cast.firm_id)


async def ask(api: Api, firm: str | None = None) -> httpx.Response:
    return await api.get(path_of(firm or firm_of(api)), Ticket_Reference="GRC-2041")


async def pack(api: Api, tmp_path: Path) -> Path:
    answer = await ask(api)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    file = tmp_path / "pack.zip"
    file.write_bytes(answer.content)
    return file


def read(file: Path, name: str) -> Any:
    with zipfile.ZipFile(file) as archive:
        content = archive.read(name)
    if name.endswith(".jsonl"):
        return [msgspec.json.decode(line) for line in content.splitlines()]
    return msgspec.json.decode(content) if name.endswith(".json") else content.decode()


async def sealed(settings: Settings, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await seal(connection, signer_of(settings), None, datetime.now(UTC))


@pytest.fixture
async def busy(api: Api, settings: Settings, operator_pool: Pool) -> Api:
    """A firm with a list read, a client read, a client made, a refused call, all of it sealed."""
    listed = await api.get("/v1/clients?limit=2", "quickbooks")
    await api.get(f"/v1/clients/{listed.json()['data'][0]['id']}")
    made = await api.post("/v1/clients", {"display_name": "Fern & Co"}, "quickbooks")
    assert made.status_code == 201, made.text
    await api.get("/v1/clients/cli_nonsense")
    async with operator_pool.acquire() as connection:
        await record_act(connection, api.cast.org_id, "firms.note", (firm_of(api),), firm_id=api.cast.firm_id)
    await sealed(settings, operator_pool)
    return api


async def test_pack_says_what_was_consented_disclosed_and_changed_by_whom(busy: Api, tmp_path: Path) -> None:
    file = await pack(busy, tmp_path)

    me = (await busy.get("/v1/me")).json()
    known = {one["id"] for one in await consents(busy)}
    disclosed = read(file, "disclosures.jsonl")
    (change,) = read(file, "changes.jsonl")
    (actor,) = read(file, "actors.json")
    assert {one["id"] for one in read(file, "consents.json")} == known
    assert [one["operation"] for one in disclosed] == ["listClients", "getClient", "createClient"]
    assert all(set(one["consents"]) <= known for one in disclosed)
    assert (change["operation"], change["actor"]) == ("createClient", me["key"])
    assert change["records"][0].startswith("cli_")
    assert (actor["key"], actor["scopes"]) == (me["key"], me["scopes"])
    assert read(file, "manifest.json")["ticket"] == "GRC-2041"


async def test_pack_names_every_record_that_a_vendors_own_batch_wrote(
    api: Api, settings: Settings, operator_pool: Pool, tmp_path: Path
) -> None:
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Fern & Co"}},
        {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Fern & Co"}},
        {"bId": "3", "operation": "create", "Class": {"Name": "Ferns"}},
        {"bId": "4", "Query": "select * from Customer maxresults 2"},
    ]
    sent = await api.post("/v1/passthrough/quickbooks/batch", {"BatchItemRequest": items}, "quickbooks")
    await sealed(settings, operator_pool)

    file = await pack(api, tmp_path)

    made, _, kind, _ = sent.json()["BatchItemResponse"]
    (change,) = read(file, "changes.jsonl")
    (disclosed,) = read(file, "disclosures.jsonl")
    known = {one["id"] for one in await consents(api)}
    assert change["operation"] == "passThroughPost"
    assert [ids.parse_record_id(one[:4], one).remote_id for one in change["records"]] == [
        made["Customer"]["Id"],
        f"class:{kind['Class']['Id']}",
    ]
    assert (disclosed["operation"], disclosed["rows"]) == ("passThroughPost", 3)
    assert set(disclosed["consents"]) <= known
    assert disclosed["consents"]


async def test_pack_verifies_without_us(busy: Api, settings: Settings, tmp_path: Path) -> None:
    verdict = verify_pack(await pack(busy, tmp_path), public_key=signer_of(settings).public_key)

    assert verdict.intact, verdict.found
    assert verdict.rows == 5  # the making of the firm among them


@pytest.mark.parametrize("name", ["log.jsonl", "consents.json", "disclosures.jsonl", "summary.pdf", "manifest.json"])
async def test_changed_pack_is_found(busy: Api, settings: Settings, tmp_path: Path, name: str) -> None:
    file = await pack(busy, tmp_path)
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for one in old.namelist():
            content = old.read(one)
            new.writestr(one, content.replace(b"2", b"3", 1) if one == name else content)

    assert not verify_pack(changed, public_key=signer_of(settings).public_key).intact


async def test_pack_signed_by_another_key_is_found(busy: Api, tmp_path: Path) -> None:
    from service.audit.checkpoints import Signer

    verdict = verify_pack(await pack(busy, tmp_path), public_key=Signer(b"x" * 32).public_key)

    assert verdict.found[0].kind == "forged"


async def test_page_to_read_escapes_what_people_wrote(customers: Customers, tmp_path: Path) -> None:
    api = await customers(firm="<script>alert(1)</script>")
    page = read(await pack(api, tmp_path), "summary.html")

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_summary_is_a_pdf_that_says_what_the_page_says(busy: Api, tmp_path: Path) -> None:
    with zipfile.ZipFile(await pack(busy, tmp_path)) as archive:
        printed = archive.read("summary.pdf")

    assert printed.startswith(b"%PDF-")
    assert b"pdfaid:part>2<" in printed  # made to be kept: PDF/A-2


async def test_rows_that_are_not_sealed_yet_are_in_the_pack_and_said_to_be_unproven(api: Api, tmp_path: Path) -> None:
    await api.get("/v1/clients?limit=2", "quickbooks")
    file = await pack(api, tmp_path)

    assert read(file, "manifest.json")["rows_without_proof_yet"] == 2
    assert {found.kind for found in verify_pack(file).found} == {"unproven"}


async def test_erased_firm_has_a_pack_that_verifies_and_names_no_record(
    busy: Api, settings: Settings, operator_pool: Pool, tmp_path: Path
) -> None:
    async with operator_pool.acquire() as connection:
        await destroy_keys(connection, busy.cast.org_id, busy.cast.firm_id, datetime.now(UTC))
    file = await pack(busy, tmp_path)

    assert verify_pack(file, public_key=signer_of(settings).public_key).intact
    assert [one["records"] for one in read(file, "changes.jsonl")] == [[]]


async def test_export_without_ticket_is_422(api: Api) -> None:
    answer = await api.get(path_of(firm_of(api)))

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "header/ticket-reference"


async def test_export_is_in_the_log_with_its_ticket(api: Api, operator_pool: Pool) -> None:
    answer = await ask(api)

    request_id = ids.decode("req", answer.headers["request-id"])
    row = msgspec.json.decode(await operator_pool.fetchval("SELECT content FROM audit_rows WHERE id = $1", request_id))
    assert (row["what"], row["ticket"], row["firm"]) == ("getEvidence", "GRC-2041", str(api.cast.firm_id))


async def test_export_needs_its_own_scope(api: Api, keys: Keys) -> None:
    other = await keys(api, scopes=("consents:read", "disclosures:read", "clients:read"))

    answer = await ask(other)
    assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")


async def test_firm_of_others_is_missing(api: Api, customers: Customers) -> None:
    other = await customers(organization="Other Apps", firm="Other Firm")

    assert [(await ask(api, firm)).status_code for firm in (firm_of(other), "firm_" + "0" * 26)] == [404, 404]


async def test_key_bound_to_one_connection_gets_no_evidence_of_the_firm(api: Api, keys: Keys) -> None:
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])

    assert (await ask(bound)).status_code == 404


@pytest.mark.parametrize("more", [{"from": "2020-01-01T00:00:00Z"}, {"to": SINCE}, {"firm": "nonsense"}])
async def test_impossible_period_or_firm_is_refused(api: Api, more: dict[str, str]) -> None:
    answer = await api.get(path_of(firm_of(api), **more), Ticket_Reference="GRC-2041")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")
