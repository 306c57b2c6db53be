"""TaxDome's sessions through the whole product: kept alive ahead of time, opened again once, moved between accounts."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from service.clock import now
from service.connections.credentials import Credentials
from service.connections.link import replace_credentials
from service.connectors.taxdome.session import DEVICE, EMAIL, PASSWORD, SEED
from service.connectors.taxdome.totp import seed_of, totp
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer, running
from service.settings import Settings
from tests.acceptance.conftest import Api, customers_of, problem_of, vault_of

pytestmark = pytest.mark.anyio

FIRST, WIDE = "acc_4000", "acc_400a"
LOGIN, REFRESH, SELECT = "POST /api/auth/session", "POST /api/auth/refresh", "POST /api/accounts/{id}/select"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with running("taxdome", clients=20) as found:
        yield found


@pytest.fixture
def taxdome(server: SandboxServer) -> SandboxServer:
    server.reset()
    server.limits(per_minute=None)
    return server


class Portal:
    """A customer's app with one connection to the portal."""

    def __init__(self, api: Api, pool: Pool, settings: Settings, server: SandboxServer) -> None:
        self.api, self._pool, self._settings, self._server = api, pool, settings, server

    async def hold(self, expires_at: datetime | None = None, seed: str | None = None) -> None:
        """Makes the connection hold a fresh session of the firm, and what it takes to open another one."""
        grant = self._server.grant()
        login = {EMAIL: grant.login["email"], PASSWORD: grant.login["password"], DEVICE: "tickmark"}
        held = Credentials(
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_at=expires_at or now() + timedelta(minutes=30),
            extra=login | {SEED: seed or grant.login["totp_secret"]},
        )
        cast = self.api.cast
        async with self._pool.acquire() as connection:
            await replace_credentials(
                connection, vault_of(self._settings), cast.org_id, cast.connections["taxdome"], held
            )

    async def be_at(self, *accounts: str) -> None:
        """Makes these the accounts that the connection is for."""
        link = self.api.cast.connections["taxdome"]
        await self._pool.execute(
            "UPDATE connection_accounts SET remote_id = $2 WHERE connection_id = $1", link, accounts[0]
        )
        for ordinal, account in enumerate(accounts[1:], 1):
            await self._pool.execute(
                "INSERT INTO connection_accounts (org_id, connection_id, ordinal, remote_id, name, currency)"
                " SELECT org_id, connection_id, $2, $3, name, currency FROM connection_accounts"
                " WHERE connection_id = $1 AND ordinal = 0",
                link, ordinal, account,
            )  # fmt: skip

    async def invoices(self, account: str | None = None) -> httpx.Response:
        more = {} if account is None else {"Account_Id": account}
        return await self.api.get("/v1/invoices?limit=5", "taxdome", **more)

    async def health(self) -> dict[str, str]:
        link = self.api.connection("taxdome")
        found: dict[str, str] = (await self.api.get(f"/v1/connections/{link}/health")).json()
        return found

    def asked(self) -> tuple[int, int]:
        """How often the vendor was asked for a session, and for a refresh."""
        calls = self._server.stats()["calls"]
        return calls.get(LOGIN, 0), calls.get(REFRESH, 0)


@pytest.fixture
async def portal(http: httpx.AsyncClient, settings: Settings, operator_pool: Pool, taxdome: SandboxServer) -> Portal:
    api = await customers_of(http, settings, operator_pool, taxdome)()
    return Portal(api, operator_pool, settings, taxdome)


async def test_session_is_refreshed_before_it_expires(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold(expires_at=now() + timedelta(seconds=30))

    for _ in range(3):
        assert (await portal.invoices()).status_code == 200
    assert portal.asked() == (0, 1)
    assert taxdome.stats()["statuses"].get("401") is None


async def test_refused_token_is_refreshed_once(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    taxdome.fault("expire_token")

    assert (await portal.invoices()).status_code == 200
    assert portal.asked() == (0, 1)


@pytest.mark.parametrize("trouble", ["session_revoked", "totp_challenge"])
async def test_session_that_ended_is_opened_again_with_one_code(
    portal: Portal, taxdome: SandboxServer, trouble: str
) -> None:
    await portal.hold()
    taxdome.fault(trouble)

    assert (await portal.invoices()).status_code == 200
    assert (await portal.invoices()).status_code == 200
    assert portal.asked() == (2, 1)
    assert (await portal.health())["state"] == "healthy"


async def test_many_calls_on_a_session_that_ended_open_one(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    taxdome.fault("session_revoked")

    answers = await asyncio.gather(*(portal.invoices() for _ in range(12)))

    assert {answer.status_code for answer in answers} == {200}
    assert portal.asked() == (2, 1)


async def test_challenge_that_cannot_be_met_asks_a_human_and_is_left_alone(
    portal: Portal, taxdome: SandboxServer
) -> None:
    await portal.hold(seed="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    taxdome.fault("session_revoked")

    first = await portal.invoices()
    asked = portal.asked()
    later = [await portal.invoices() for _ in range(6)]

    assert (first.status_code, problem_of(first)) == (424, "connection_needs_attention")
    assert {answer.status_code for answer in later} == {424}
    assert asked == portal.asked() == (2, 1)
    assert (await portal.health())["state"] == "needs_attention"
    assert "one-time code" in (await portal.health())["reason"]
    assert "GEZDGNBV" not in first.text + later[0].text


async def test_login_that_is_locked_asks_a_human_and_is_left_alone(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    login = taxdome.grant().login
    wrong = {"email": login["email"], "password": "wrong", "device_id": "somebody else's"}
    async with httpx.AsyncClient(base_url=taxdome.url) as http:
        for _ in range(5):
            await http.post("/api/auth/session", json=wrong)
    before = portal.asked()[0]
    taxdome.fault("session_revoked")

    answers = [await portal.invoices() for _ in range(3)]

    assert [(answer.status_code, problem_of(answer)) for answer in answers] == [(424, "connection_needs_attention")] * 3
    assert portal.asked() == (before + 1, 1)


async def test_login_that_fails_for_now_does_not_end_the_connection(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    taxdome.fault("session_revoked")
    taxdome.fault("server_error", status=503, path="/api/auth/session")

    away = await portal.invoices()
    back = await portal.invoices()

    assert (away.status_code, problem_of(away)) == (503, "vendor_unavailable")
    assert back.status_code == 200
    assert (await portal.health())["state"] == "healthy"


GARBLED: list[object] = [
    {},
    [],
    "ok",
    {"access_token": 7, "expires_in": 1800},
    {"access_token": "x"},
    {"access_token": "x", "expires_in": -1},
    {"access_token": "", "expires_in": 1800},
    {"access_token": "x\r\nx-account-id: acc_4001", "expires_in": 1800},
    {"access_token": "ключ", "expires_in": 1800},
]


@pytest.mark.parametrize("body", GARBLED)
async def test_garbled_session_is_a_vendors_fault_and_not_the_firms(
    portal: Portal, taxdome: SandboxServer, body: object
) -> None:
    await portal.hold()
    taxdome.fault("expire_token")
    taxdome.fault("wrong_shape", body=body, path="/api/auth/refresh")

    garbled = await portal.invoices()
    back = await portal.invoices()

    assert (garbled.status_code, problem_of(garbled)) == (502, "vendor_unreadable")
    assert back.status_code == 200


async def test_session_of_endless_life_is_no_trouble(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    token = taxdome.grant().access_token
    taxdome.fault("expire_token")
    endless = {"access_token": token, "expires_in": 10**15}
    taxdome.fault("wrong_shape", body=endless, path="/api/auth/refresh")

    assert (await portal.invoices()).status_code == 200
    assert (await portal.invoices()).status_code == 200


async def test_call_for_another_account_moves_the_session_once(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    await portal.be_at(WIDE)

    answers = [await portal.invoices() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert {row["account"] for row in answers[0].json()["data"]} == {WIDE}
    calls = taxdome.stats()["calls"]
    assert (calls[SELECT], calls["GET /api/invoices"]) == (1, 4)


async def test_accounts_in_turn_are_never_mixed(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    await portal.be_at(FIRST, WIDE)

    for account in (FIRST, WIDE, FIRST, WIDE):
        answer = await portal.invoices(account)
        assert answer.status_code == 200, answer.text
        assert {row["account"] for row in answer.json()["data"]} == {account}
    assert taxdome.stats()["calls"][SELECT] == 3


async def test_accounts_at_once_are_never_mixed(portal: Portal, taxdome: SandboxServer) -> None:
    """They share one session, so some may lose it twice: those are told to come back, and none gets another's rows."""
    await portal.hold()
    await portal.be_at(FIRST, WIDE)
    accounts = [FIRST, WIDE] * 8

    answers = await asyncio.gather(*(portal.invoices(account) for account in accounts))

    served = [pair for pair in zip(accounts, answers, strict=True) if pair[1].status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert served
    for account, answer in served:
        assert {row["account"] for row in answer.json()["data"]} == {account}
    assert (await portal.invoices(FIRST)).status_code == (await portal.invoices(WIDE)).status_code == 200


async def test_switch_that_never_ends_is_given_up(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    taxdome.fault("account_switch", count=None, path="/api/invoices")

    answer = await portal.invoices()

    assert (answer.status_code, problem_of(answer)) == (503, "vendor_unavailable")
    calls = taxdome.stats()["calls"]
    assert (calls["GET /api/invoices"], calls[SELECT]) == (2, 1)


async def test_session_opened_again_is_moved_back_to_the_account(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    await portal.be_at(WIDE)
    assert (await portal.invoices()).status_code == 200
    taxdome.fault("session_revoked")

    answer = await portal.invoices()

    assert answer.status_code == 200
    assert {row["account"] for row in answer.json()["data"]} == {WIDE}


async def test_code_of_the_same_half_minute_is_not_sent_again_and_again(portal: Portal, taxdome: SandboxServer) -> None:
    await portal.hold()
    login = taxdome.grant().login
    known = {"email": login["email"], "password": login["password"], "device_id": "the partner's"}
    async with httpx.AsyncClient(base_url=taxdome.url) as http:
        asked = (await http.post("/api/auth/session", json=known)).json()
        for step in (-30, 0, 30):
            code = totp(seed_of(login["totp_secret"]), now() + timedelta(seconds=step))
            answered = known | {"totp_code": code, "challenge_id": asked["challenge_id"]}
            await http.post("/api/auth/session", json=answered)
            asked = (await http.post("/api/auth/session", json=known)).json()
    before = portal.asked()[0]
    taxdome.fault("session_revoked")

    assert (await portal.invoices()).status_code == 424
    assert (await portal.invoices()).status_code == 424
    assert portal.asked()[0] == before + 2
