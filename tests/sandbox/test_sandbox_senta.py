"""The Senta sandbox: a key in `x-auth`, everything in one list, saved lists at clients' addresses."""

from collections.abc import Iterator

import httpx
import pytest

from service.sandbox.serve import SandboxServer, running


@pytest.fixture(scope="module")
def senta() -> Iterator[SandboxServer]:
    with running("senta", clients=40) as server:
        yield server


@pytest.fixture
def http(senta: SandboxServer) -> Iterator[httpx.Client]:
    senta.reset()
    with httpx.Client(base_url=f"{senta.url}/api", headers={"x-auth": senta.grant().access_token}) as client:
        yield client


def test_key_is_needed_and_ends(http: httpx.Client, senta: SandboxServer) -> None:
    assert http.get("/clients/search", headers={"x-auth": "made up"}).status_code == 401
    assert http.get("/clients/search").status_code == 200
    senta.fault("expire_token")
    assert http.get("/clients/search").status_code == 401


def test_one_list_holds_every_client_by_name(http: httpx.Client) -> None:
    docs = http.get("/clients/search").json()["docs"]

    assert len({doc["_id"] for doc in docs}) == len(docs) == 40
    found = http.get(f"/clients/{docs[7]['_id']}").json()["doc"]
    assert {name: found[name] for name in ("_id", "title")} == docs[7]
    assert found["contacts"][0]["email"]


def test_saved_list_stands_where_clients_do(http: httpx.Client) -> None:
    assert http.get("/clients/v08a1").json()["docs"][0]["Client name"]
    assert http.get("/clients/nobody").status_code == 404


def test_limit_is_what_is_set(http: httpx.Client, senta: SandboxServer) -> None:
    assert senta.limits()["per_minute"] is None
    senta.limits(per_minute=1)

    assert [http.get("/clients/search").status_code for _ in range(2)] == [200, 429]
