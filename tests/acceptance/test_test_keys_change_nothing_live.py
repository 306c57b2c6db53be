"""A test key works upon sandboxes and looks at the rest; nothing that live calls obey is changed by one."""

from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from msgspec.structs import replace

from service import ids
from service.accounts.scopes import SCOPES
from service.accounts.tokens import Mode
from service.all_operations import operations, unopened_parts
from service.api.modes import minding_modes
from service.api.operation import ByTestKey, changes_ours
from service.clock import now
from service.db.pool import Pool
from service.errors import KEY_MODE_MISMATCH
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.acceptance.operations import OPERATIONS, ask

pytestmark = pytest.mark.anyio

ADA, LEE = "ada@ledgerline.example", "lee@birchvale.example"
NEVER, SANDBOXES, FREELY = ByTestKey.NEVER, ByTestKey.WITHIN_SANDBOXES, ByTestKey.FREELY
OURS: Final = {
    "runBatch": FREELY,
    "createOverride": SANDBOXES,
    "previewOverride": FREELY,
    "createFirm": FREELY,
    "createLinkSession": SANDBOXES,
    "cancelLinkSession": SANDBOXES,
    "updateConnectSettings": NEVER,
    "deleteConnection": SANDBOXES,
    "exportConnection": SANDBOXES,
    "pauseConnection": SANDBOXES,
    "resumeConnection": SANDBOXES,
    "acceptIssue": SANDBOXES,
    "ignoreIssue": SANDBOXES,
    "decideApproval": SANDBOXES,
    "updateFirmPolicy": NEVER,
    "createConsent": SANDBOXES,
    "revokeConsent": SANDBOXES,
    "verifyAuditLog": FREELY,
    "updateOrganization": NEVER,
    "createKey": SANDBOXES,
    "updateKey": SANDBOXES,
    "rollKey": SANDBOXES,
    "revokeKey": SANDBOXES,
    "updateMember": NEVER,
    "deleteMember": NEVER,
    "createInvitation": NEVER,
    "deleteInvitation": NEVER,
    "setBillingDetails": NEVER,
    "setBudget": NEVER,
    "updateRequestLogSettings": NEVER,
    "setUpPayment": NEVER,
    "createWebhookEndpoint": SANDBOXES,
    "updateWebhookEndpoint": SANDBOXES,
    "deleteWebhookEndpoint": SANDBOXES,
    "rollWebhookSecret": SANDBOXES,
    "pingWebhookEndpoint": SANDBOXES,
    "replayWebhookEndpoint": SANDBOXES,
    "replayWebhookDelivery": SANDBOXES,
}
"""Every operation by which a key changes something of ours, said once more, apart from the code."""
THINGS: Final = sorted(name for name, what in OURS.items() if what is SANDBOXES)
ELSEWHERE: Final = {name for name in THINGS if "Webhook" in name or name.endswith("Key")}
"""Endpoints are of the mode of the key that made them: to the other mode they are not there (`test_webhooks`). A key
makes, changes, rolls and ends none that may more than itself (`test_keys_by_key`)."""


@pytest.fixture(params=[False, True], ids=["live", "sandbox"])
def is_sandbox(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def owner(customers: Customers, operator_pool: Pool, is_sandbox: bool) -> Api:
    """A live key, and connections that are real or to sandboxes."""
    api = await customers(scopes=SCOPES)
    await operator_pool.execute("UPDATE connections SET sandbox = $2 WHERE org_id = $1", api.cast.org_id, is_sandbox)
    return api


@pytest.fixture
async def tester(owner: Api, keys: Keys) -> Api:
    return await keys(owner, scopes=SCOPES, mode=Mode.TEST)


async def prepared(owner: Api, tester: Api, pool: Pool, name: str, *, is_sandbox: bool) -> tuple[str, str, Any]:
    """Method, path and body of an operation upon a thing that belongs to the connection."""
    link, firm = owner.connection("quickbooks"), ids.encode("firm", owner.cast.firm_id)
    maker = tester if is_sandbox else owner
    method, path = OPERATIONS[name]["method"], OPERATIONS[name]["path"]
    body: Any = None
    match name:
        case "createOverride":
            body = {"noun": "clients", "connection": link, "rules": []}
        case "createLinkSession":
            body = {"firm": firm, "purpose": "Trying", "connection": link}
        case "cancelLinkSession":
            asked = {"firm": firm, "purpose": "Trying"}
            path = path.replace("{id}", made(await maker.post("/v1/link-sessions", asked))["id"])
        case "acceptIssue" | "ignoreIssue":
            issue = ids.new_uuid()
            await pool.execute(
                "INSERT INTO issues (org_id, id, connection_id, vendor, surface, kind, path, expected, opened_at,"
                " seen_at) VALUES ($1, $2, $3, 'quickbooks', 'clients', 'missing_field', '$.id', 'string', $4, $4)",
                owner.cast.org_id,
                issue,
                owner.cast.connections["quickbooks"],
                now(),
            )
            path = path.replace("{id}", ids.encode("iss", issue))
        case "decideApproval":
            wanted = {"dual_control": ["export"], "requested_by": ADA}
            made(await owner.patch(f"/v1/firms/{firm}/policy", wanted))
            refused = await owner.post(
                f"/v1/connections/{link}/export", {"requested_by": ADA, "ticket": "T"}, Confirm_Connection=link
            )
            assert problem_of(refused) == "approval_required"
            (waiting,) = (await owner.get("/v1/approvals")).json()["data"]
            path, body = path.replace("{id}", waiting["id"]), {"decision": "approved", "decided_by": LEE}
        case "createConsent":
            body = consent_of(firm, link)
        case "revokeConsent":
            path = path.replace("{id}", made(await owner.post("/v1/consents", consent_of(firm, link)))["id"])
        case "exportConnection":
            body = {"requested_by": ADA, "ticket": "T"}
        case "resumeConnection":
            made(await owner.post(f"/v1/connections/{link}/pause", {}))
        case _:
            pass
    return method, path.replace("{id}", link), body


def consent_of(firm: str, link: str) -> dict[str, Any]:
    example: dict[str, Any] = OPERATIONS["createConsent"]["requestBody"]["content"]["application/json"]["example"]
    return {**example, "firm": firm, "connection": link, "to": f"{now() + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}"}


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def send(api: Api, method: str, path: str, body: Any) -> httpx.Response:
    link = api.connection("quickbooks")
    headers = api.headers(Confirm_Connection=link, Idempotency_Key=ids.new_uuid().hex)
    return await api.http.request(method, path, json=body, headers=headers)


def test_every_operation_that_changes_something_of_ours_says_what_a_test_key_may() -> None:
    found = {one.id: one.by_test_key for one in operations(unopened_parts()) if changes_ours(one)}

    assert found == OURS


def test_operation_of_which_nobody_says_it_refuses_test_keys() -> None:
    said = next(one for one in operations(unopened_parts()) if one.id == "createFirm")
    forgotten = minding_modes(replace(said, by_test_key=None, problems=()))

    assert said.problems.count(KEY_MODE_MISMATCH) == 0
    assert forgotten.problems == (KEY_MODE_MISMATCH,)
    assert forgotten.run is not said.run


@pytest.mark.parametrize("name", sorted(name for name, what in OURS.items() if what is NEVER))
async def test_what_live_calls_obey_is_never_changed_by_a_test_key(owner: Api, tester: Api, name: str) -> None:
    answer = await ask(tester, OPERATIONS[name], owner.cast.firm_id, ids.encode("req", ids.new_uuid()))

    assert (answer.status_code, problem_of(answer)) == (403, "key_mode_mismatch")


@pytest.mark.parametrize("name", sorted(set(THINGS) - ELSEWHERE))
async def test_test_key_works_upon_what_is_a_sandboxs_and_upon_nothing_else(
    owner: Api, tester: Api, keys: Keys, operator_pool: Pool, is_sandbox: bool, name: str
) -> None:
    method, path, body = await prepared(owner, tester, operator_pool, name, is_sandbox=is_sandbox)

    answer = await send(tester, method, path, body)

    if is_sandbox:
        assert answer.status_code < 300, answer.text
    else:
        assert (answer.status_code, problem_of(answer)) == (403, "key_mode_mismatch")
        second = await keys(owner, scopes=SCOPES)
        assert (await send(second, method, path, body)).status_code < 300, "only the key was wrong"
