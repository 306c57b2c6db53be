"""The Financial Cents sandbox: a token, pages by number, archived clients among the others."""

from collections.abc import Iterator

import httpx
import pytest

from service.sandbox.serve import SandboxServer, running


@pytest.fixture(scope="module")
def cents() -> Iterator[SandboxServer]:
    with running("financial_cents", clients=40) as server:
        yield server


@pytest.fixture
def http(cents: SandboxServer) -> Iterator[httpx.Client]:
    cents.reset()
    headers = {"authorization": f"Bearer {cents.grant().access_token}"}
    with httpx.Client(base_url=f"{cents.url}/api/v1", headers=headers) as client:
        yield client


def test_without_its_token_nothing_is_told(http: httpx.Client) -> None:
    assert http.get("/clients", headers={"authorization": "Bearer made-up"}).status_code == 401
    assert http.get("/clients").status_code == 200


def test_pages_hold_every_client_once_archived_ones_too(http: httpx.Client) -> None:
    rows = [row for page in (1, 2, 3, 4) for row in http.get(f"/clients?per_page=12&page={page}").json()["data"]]

    assert len({row["id"] for row in rows}) == len(rows) == 40
    assert {row["is_archived"] for row in rows} == {True, False}
    assert http.get(f"/clients/{rows[3]['id']}").json()["data"] == rows[3]


def test_people_of_the_firm_are_listed(http: httpx.Client) -> None:
    rows = http.get("/users?per_page=3").json()

    assert [row["name"] for row in rows["data"]] == ["Ada Finch", "Omar Larkspur", "Greta Okafor"]
    assert rows["meta"]["last_page"] == 2


@pytest.mark.parametrize("query", ["per_page=201", "per_page=0", "page=0", "search[field]=name"])
def test_what_it_does_not_take_is_422(http: httpx.Client, query: str) -> None:
    refused = http.get(f"/clients?{query}")

    assert refused.status_code == 422
    assert refused.json()["errors"]


@pytest.mark.parametrize("name", ["1", "x", "99999999"])
def test_client_that_is_not_there_is_404(http: httpx.Client, name: str) -> None:
    assert http.get(f"/clients/{name}").status_code == 404


def test_limit_is_250_a_minute(http: httpx.Client, cents: SandboxServer) -> None:
    assert cents.limits()["per_minute"] == 250
    cents.limits(per_minute=1)

    assert [http.get("/clients").status_code for _ in range(2)] == [200, 429]
