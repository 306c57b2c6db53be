"""The Karbon sandbox keeps to the vendor's reference: two headers, OData's limits, one tenant of the same books."""

from collections.abc import Iterator

import httpx
import pytest

from service.sandbox.serve import SandboxServer, running


@pytest.fixture(scope="module")
def karbon() -> Iterator[SandboxServer]:
    with running("karbon", clients=40) as server:
        yield server


@pytest.fixture
def http(karbon: SandboxServer) -> Iterator[httpx.Client]:
    karbon.reset()
    bearer, access_key = karbon.grant().access_token.split("\n")
    headers = {"authorization": f"Bearer {bearer}", "accesskey": access_key}
    with httpx.Client(base_url=f"{karbon.url}/v3", headers=headers) as client:
        yield client


@pytest.mark.parametrize("wrong", [{"accesskey": "eyJ"}, {"authorization": "Bearer eyJ"}, {"accesskey": ""}])
def test_both_secrets_are_needed(http: httpx.Client, wrong: dict[str, str]) -> None:
    refused = http.get("/TenantSettings", headers=wrong)

    assert refused.status_code == 401
    assert refused.json()["statusCode"] == "401"
    assert http.get("/TenantSettings").status_code == 200


def test_links_lead_through_every_row_once(http: httpx.Client) -> None:
    names: list[str] = []
    counts: set[int] = set()
    path = "/Organizations?$top=7"
    while path:
        page = http.get(path).json()
        names += [row["FullName"] for row in page["value"]]
        counts.add(page["@odata.count"])
        path = page.get("@odata.nextLink", "").partition("/v3")[2]

    assert len(set(names)) == len(names) == 24
    assert counts == {24}


@pytest.mark.parametrize(
    "query", ["$top=101", "$select=FullName", "$filter=startswith(FullName,'A')", "$expand=BusinessCards", "$skip=x"]
)
def test_what_odata_does_not_allow_is_400(http: httpx.Client, query: str) -> None:
    refused = http.get(f"/Contacts?{query}")

    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "4002"


def test_one_record_is_found_by_its_key_and_shows_what_is_asked_for(http: httpx.Client) -> None:
    shows = {"Contacts": "ClientTeam", "Organizations": "BusinessCards", "ClientGroups": "BusinessCard"}
    for name, expand in shows.items():
        row = http.get(f"/{name}?$top=1&$skip=1").json()["value"][0]
        key = next(value for field, value in row.items() if field.endswith("Key"))
        found = http.get(f"/{name}/{key}", params={"$expand": expand}).json()
        assert found["FullName"] == row["FullName"]
        assert found[expand]
        assert http.get(f"/{name}/{key[:-1]}").status_code == 404


def test_members_of_a_group_are_organizations(http: httpx.Client) -> None:
    group = http.get("/ClientGroups?$top=1").json()["value"][0]
    members = http.get(f"/ClientGroups/{group['ClientGroupKey']}").json()["Members"]

    names = [http.get(f"/Organizations/{one['OrganizationKey']}").json()["FullName"] for one in members]
    assert group["FullName"].removesuffix(" Group") == names[0]
    assert len(names) == 2


def test_limit_is_120_a_minute(http: httpx.Client, karbon: SandboxServer) -> None:
    assert karbon.limits() == {"per_minute": 120, "latency_ms": 0}
    karbon.limits(per_minute=1)

    assert http.get("/TenantSettings").status_code == 200
    limited = http.get("/TenantSettings")
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 0
