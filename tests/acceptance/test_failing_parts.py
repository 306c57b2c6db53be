"""When our own code breaks: the answer says so and nothing else, and is never billed."""

from typing import Any

import asyncpg
import pytest

from billing import InvocationRefused, MeteringDown, UsageLedger
from service.accounts import store as accounts_store
from service.all_operations import contract
from service.api.limits import Limits
from service.connections import store as connections_store
from service.connectors.sdk import paging
from service.connectors.transport import HttpTransport
from service.idempotency import store as idempotency_store
from service.sandbox.serve import SandboxServer
from service.unified.read import Reader
from tests.acceptance.conftest import Api, problem_of
from tests.acceptance.logged import lines_logged

pytestmark = pytest.mark.anyio

CANARY = "SELECT canary FROM api_keys WHERE token = 'tm_live_canary' -- Northwind Dental, 078-05-1120"
_ERRORS = (RuntimeError(CANARY), asyncpg.PostgresSyntaxError(CANARY), KeyError(CANARY))


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Reader, "page"),
        (paging, "converted"),
        (HttpTransport, "send"),
        (connections_store, "get_standing"),
        (accounts_store, "authenticate_key"),
        (Limits, "try_admit"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_exception_in_a_layer_tells_nothing(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    error: Exception,
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(place, name, fail)

    with lines_logged() as lines:
        answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (500, "internal")
    shown = answer.text + str(answer.headers)
    for word in ("canary", "SELECT", "Northwind", "Traceback", ".py", "asyncpg", type(error).__name__):
        assert word not in shown
    logged = lines.getvalue()
    assert "unexpected exception" in logged
    for word in ("canary", "Northwind", "078-05-1120"):
        assert word not in logged


@pytest.mark.parametrize("name", ["mark_claim_answered", "insert_claim"])
async def test_write_is_answered_or_not_done_when_its_claim_cannot_be_kept(
    api: Api, monkeypatch: pytest.MonkeyPatch, quickbooks: SandboxServer, name: str
) -> None:
    async def fail(*_: Any) -> Any:
        raise asyncpg.ConnectionDoesNotExistError(CANARY)

    with monkeypatch.context() as broken:
        broken.setattr(idempotency_store, name, fail)
        answer = await api.post("/v1/clients", {"display_name": "A"}, "quickbooks", Idempotency_Key="a-1")

    assert answer.status_code == (201 if name == "mark_claim_answered" else 503), answer.text
    assert quickbooks.stats()["writes"] == (1 if answer.status_code == 201 else 0)
    assert "canary" not in answer.text


@pytest.mark.parametrize("error", [MeteringDown("away"), InvocationRefused("no row can say this")], ids=type)
async def test_write_that_could_not_be_recorded_is_503_and_settled_by_the_same_key(
    api: Api, monkeypatch: pytest.MonkeyPatch, quickbooks: SandboxServer, error: Exception
) -> None:
    async def fail(*_: Any) -> Any:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(UsageLedger, "record", fail)
        lost = await api.post("/v1/clients", {"display_name": "A"}, "quickbooks", Idempotency_Key="a-1")
    found = await api.post("/v1/clients", {"display_name": "A"}, "quickbooks", Idempotency_Key="a-1")

    assert (lost.status_code, problem_of(lost)) == (503, "metering_unavailable")
    assert (found.status_code, found.headers["usage-units"]) == (201, "1")
    assert quickbooks.stats()["writes"] == 1


def test_contract_can_be_made_without_opening_anything() -> None:
    assert contract().startswith(b"{")
