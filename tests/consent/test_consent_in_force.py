"""No data of a firm goes out that no consent in force covers, and what went out names its consent."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from service import ids
from service.audit.entry import Entry, from_content
from service.consent.ledger import ConsentLackingError, ConsentLedger
from service.db.pool import Pool, open_pool
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.conftest import Database
from tests.consent.terms import consents, enter, hours, revoke, revoke_all, terms

pytestmark = pytest.mark.anyio

FELT_WITHIN_S = 1.0


async def status_within(api: Api, path: str, expected: int) -> None:
    """Calls until the status is the expected one."""
    started = time.monotonic()
    while (await api.get(path, "quickbooks")).status_code != expected:
        assert time.monotonic() - started < 5
        await asyncio.sleep(0.02)


async def row_of(pool: Pool, request_id: str) -> Entry:
    content = await pool.fetchval("SELECT content FROM audit_rows WHERE id = $1", ids.decode("req", request_id))
    return from_content(content)


async def disclosures(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/disclosures{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_call_names_the_consent_that_it_rested_on(api: Api) -> None:
    answer = await api.get("/v1/invoices?limit=2", "quickbooks")

    (disclosure,) = await disclosures(api)
    known = {one["id"]: one for one in await consents(api)}
    assert disclosure["request_id"] == answer.headers["request-id"]
    assert (disclosure["operation"], disclosure["rows"], disclosure["vendor"]) == ("listInvoices", 2, "quickbooks")
    assert known[disclosure["consents"][0]]["connection"] == api.connection("quickbooks")


async def test_revoked_consent_is_felt_within_a_second(api: Api) -> None:
    await api.get("/v1/invoices?limit=1", "quickbooks")

    assert await revoke_all(api) < FELT_WITHIN_S


async def test_consent_lets_out_its_items_and_no_others(
    api: Api, quickbooks: SandboxServer, operator_pool: Pool
) -> None:
    await revoke_all(api)
    made = await enter(api, items=["invoices"])
    await status_within(api, "/v1/invoices?limit=1", 200)
    asked = quickbooks.stats()["total"]

    refused = await api.get("/v1/clients?limit=1", "quickbooks")
    row = await row_of(operator_pool, refused.headers["request-id"])
    assert (refused.status_code, problem_of(refused)) == (403, "consent_missing")
    assert quickbooks.stats()["total"] == asked
    assert (row.outcome, row.status, row.firm, row.consents) == ("consent_missing", 403, api.cast.firm_id, ())
    assert {one["consents"][0] for one in await disclosures(api)} == {made["id"]}


async def test_consent_for_one_connection_opens_no_other(api: Api) -> None:
    await revoke_all(api)
    await enter(api, items=["clients"], connection=api.connection("quickbooks"))
    await status_within(api, "/v1/clients?limit=1", 200)

    other = await api.get("/v1/clients?limit=1", "canopy")
    assert (other.status_code, problem_of(other)) == (403, "consent_missing")


async def test_consent_that_begins_later_covers_nothing_yet(api: Api) -> None:
    await revoke_all(api)
    await enter(api, **{"from": hours(1), "to": hours(2)})
    await asyncio.sleep(FELT_WITHIN_S)  # a consent in force would be felt by now

    answer = await api.get("/v1/invoices?limit=1", "quickbooks")
    assert (answer.status_code, problem_of(answer)) == (403, "consent_missing")


async def test_consent_that_begins_later_adds_nothing_to_one_that_is_in_force(api: Api) -> None:
    await revoke_all(api)
    await enter(api, items=["clients"])
    await enter(api, items=["invoices"], **{"from": hours(1), "to": hours(2)})
    await status_within(api, "/v1/clients?limit=1", 200)
    await asyncio.sleep(FELT_WITHIN_S)

    answer = await api.get("/v1/invoices?limit=1", "quickbooks")
    assert (answer.status_code, problem_of(answer)) == (403, "consent_missing")


async def test_call_is_judged_as_of_its_arrival(api: Api, settings: Settings) -> None:
    """A consent that came to our knowledge after a call had begun never covers it, however soon it came."""
    pool = await open_pool(settings.database_url, "tickmark_app", max_size=1)
    ledger = ConsentLedger(pool)
    await revoke_all(api)
    made = await enter(api, items=["invoices"])
    recorded = datetime.fromisoformat(made["recorded_at"])
    link = api.cast.connections["quickbooks"]

    after = await ledger.cover(api.cast.org_id, api.cast.firm_id, link, "invoices", recorded + timedelta(seconds=1))
    with pytest.raises(ConsentLackingError):
        await ledger.cover(api.cast.org_id, api.cast.firm_id, link, "invoices", recorded - timedelta(seconds=1))
    await pool.close()

    assert after.consent is not None
    assert ids.encode("cns", after.consent.id) == made["id"]


async def test_consent_ends_at_its_instant(api: Api, operator_pool: Pool) -> None:
    await revoke_all(api)
    made = await enter(api, to=hours(3 / 3600))
    await status_within(api, "/v1/invoices?limit=1", 200)
    await status_within(api, "/v1/invoices?limit=1", 403)

    ends = datetime.fromisoformat(made["to"])
    assert all(datetime.fromisoformat(one["at"]) < ends for one in await disclosures(api))
    assert (await disclosures(api)) != []


async def test_refused_call_is_not_validated_by_a_consent_signed_after_it(api: Api, operator_pool: Pool) -> None:
    await revoke_all(api)
    await status_within(api, "/v1/invoices?limit=1", 403)
    refused = await api.get("/v1/invoices?limit=1", "quickbooks")
    made = await enter(api)
    await status_within(api, "/v1/invoices?limit=1", 200)

    row = await row_of(operator_pool, refused.headers["request-id"])
    assert (row.outcome, row.consents) == ("consent_missing", ())
    entered = datetime.fromisoformat(made["recorded_at"])
    covered = await disclosures(api, f"?filter[consent]={made['id']}")
    assert covered != []
    assert all(datetime.fromisoformat(one["at"]).timestamp() >= entered.timestamp() - 0.001 for one in covered)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"from": hours(-1)}, "/from"),
        ({"to": hours(-1)}, "/to"),
        ({"items": ["invoices", "secrets"]}, "/items"),
        ({"items": ["documents"]}, "/items"),
        ({"items": ["*"]}, "/items"),
        ({"client": "cli_nonsense"}, "/client"),
    ],
)
async def test_impossible_consent_is_refused(api: Api, changes: dict[str, Any], pointer: str) -> None:
    answer = await api.post("/v1/consents", terms(api, **changes))

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_consent_signed_in_the_future_is_refused(api: Api) -> None:
    body = terms(api)
    body["signature"]["signed_at"] = hours(1)

    answer = await api.post("/v1/consents", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/signature/signed_at")


async def test_tax_return_items_need_the_firm_to_hold_its_clients_consents(api: Api) -> None:
    made = await enter(api, items=["documents", "organizers"], clients_consented=True)

    assert made["clients_consented"] is True


async def test_single_clients_consent_lets_out_its_own_records_alone(api: Api) -> None:
    mine, other = (await api.get("/v1/clients?limit=2", "quickbooks")).json()["data"]
    await revoke_all(api)
    made = await enter(api, items=["clients"], client=mine["id"])
    await status_within(api, f"/v1/clients/{mine['id']}", 200)

    theirs = await api.get(f"/v1/clients/{other['id']}")
    all_of_them = await api.get("/v1/clients?limit=2", "quickbooks")
    written = await api.patch(f"/v1/clients/{mine['id']}", {"display_name": "Another"})
    found = await disclosures(api, f"?filter[consent]={made['id']}")
    assert (theirs.status_code, problem_of(theirs)) == (403, "consent_missing")
    assert (all_of_them.status_code, problem_of(all_of_them)) == (403, "consent_missing")
    assert (written.status_code, problem_of(written)) == (403, "consent_missing")
    assert other["display_name"] not in theirs.text + all_of_them.text
    assert {one["rows"] for one in found} == {1}


async def test_records_behind_references_need_consent_too(api: Api) -> None:
    await revoke_all(api)
    await enter(api, items=["invoices"])
    await status_within(api, "/v1/invoices?limit=1", 200)

    answer = await api.get("/v1/invoices?limit=1&expand=client", "quickbooks")
    assert (answer.status_code, problem_of(answer)) == (403, "consent_missing")


async def test_calls_that_hand_out_nothing_are_no_disclosures(api: Api) -> None:
    await api.get("/v1/me")
    await api.get("/v1/clients/cli_nonsense")
    await api.post("/v1/clients?dry_run=true", {"display_name": "Nobody"}, "quickbooks")

    assert await disclosures(api) == []


async def test_revoking_again_changes_nothing(api: Api) -> None:
    first = (await consents(api))[0]["id"]
    once = (await revoke(api, first)).json()

    assert (await revoke(api, first)).json() == once
    assert once["revoked_at"] is not None


async def test_consents_of_others_are_missing_ones(api: Api, customers: Customers) -> None:
    other = await customers(organization="Other Apps", firm="Other Firm")
    theirs = (await consents(other))[0]["id"]

    revoked = await revoke(api, theirs)
    entered = await api.post("/v1/consents", terms(other))
    by_connection = await api.post("/v1/consents", terms(api, connection=other.connection("quickbooks")))
    assert [answer.status_code for answer in (revoked, entered, by_connection)] == [404, 404, 404]
    assert theirs not in [one["id"] for one in await consents(api)]
    assert all(one["revoked_at"] is None for one in await consents(other))


async def test_bound_key_knows_of_its_own_connections_consents_alone(api: Api, keys: Keys) -> None:
    await api.get("/v1/clients?limit=1", "quickbooks")
    await api.get("/v1/clients?limit=1", "canopy")
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])

    assert {one["connection"] for one in await consents(bound)} == {api.connection("canopy")}
    assert {one["connection"] for one in await disclosures(bound)} == {api.connection("canopy")}


async def test_every_call_leaves_a_row_with_actor_scope_and_outcome(api: Api, operator_pool: Pool) -> None:
    answers = [
        await api.get("/v1/me"),
        await api.get("/v1/clients?limit=1", "quickbooks"),
        await api.get("/v1/nothing"),
        await api.get("/v1/clients/cli_nonsense"),
    ]

    rows = [await row_of(operator_pool, answer.headers["request-id"]) for answer in answers]
    assert {row.actor for row in rows} == {f"key:{ids.decode('key', answers[0].json()['key'])}"}
    assert [(row.what, row.scope, row.status, row.outcome) for row in rows] == [
        ("getMe", None, 200, "management"),
        ("listClients", "clients:read", 200, "success"),
        ("unknown", None, 404, "not_found"),
        ("getClient", "clients:read", 404, "not_found"),
    ]
    assert all(row.personal is not None for row in rows)


async def test_consents_are_never_edited(api: Api, operator_pool: Pool) -> None:
    import asyncpg

    for change in ("expires_at = now() + interval '1 year'", "granted_at = '2020-01-01'", "items = '{clients}'"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never edited"):
            await operator_pool.execute(f"UPDATE consents SET {change}")


async def test_passthrough_needs_a_consent_to_everything(api: Api, quickbooks: SandboxServer) -> None:
    """Nobody can tell which items a vendor's own answer holds, so what names items does not cover it."""
    await revoke_all(api)
    await enter(api, items=["clients", "invoices", "payments"])
    await status_within(api, "/v1/invoices?limit=1", 200)
    asked = quickbooks.stats()["total"]

    answer = await api.get("/v1/passthrough/quickbooks/preferences", "quickbooks")
    items = [{"bId": "1", "Query": "select * from Customer"}]
    batch = await api.post("/v1/passthrough/quickbooks/batch", {"BatchItemRequest": items}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (403, "consent_missing")
    assert (batch.status_code, problem_of(batch)) == (403, "consent_missing")
    assert quickbooks.stats()["total"] == asked


@pytest.mark.parametrize(("reason", "delivery"), [("broken_off", "broken_off"), ("answered_503", "withheld")])
async def test_disclosure_says_whether_its_answer_reached_the_caller(
    api: Api, database: Database, reason: str, delivery: str
) -> None:
    whole = await api.get("/v1/invoices?limit=1", "quickbooks")
    broken = await api.get("/v1/invoices?limit=1", "quickbooks")
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "INSERT INTO billing.voids (org_id, request_id, reason) VALUES ($1, $2, $3)",
        api.cast.org_id,
        ids.decode("req", broken.headers["request-id"]),
        reason,
    )
    await owner.close()

    said = {one["request_id"]: one["delivery"] for one in await disclosures(api)}
    assert said == {whole.headers["request-id"]: "sent", broken.headers["request-id"]: delivery}
