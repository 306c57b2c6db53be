"""Field overrides: fields named and filled as an organization wants them, by versions, and nothing by default."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio

RULES: list[dict[str, Any]] = [
    {"rule": "rename", "field": "display_name", "to": "account_name"},
    {"rule": "default", "field": "website", "value": "none"},
    {"rule": "map", "field": "status", "values": {"active": "current"}},
]
LIST = "/v1/clients?limit=1&filter[status]=active"


async def make(api: Api, rules: list[dict[str, Any]], **place: Any) -> httpx.Response:
    return await api.post("/v1/overrides", {"noun": "clients", "rules": rules, **place})


async def felt(api: Api, field: str, vendor: str = "quickbooks") -> dict[str, Any]:
    """The first client, once it has the field; a change is felt within a second."""
    for _ in range(60):
        found = await api.first(LIST, vendor)
        if field in found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {field}")


async def test_rules_shape_lists_records_and_writes(api: Api) -> None:
    plain = await api.first(LIST, "quickbooks")

    made = await make(api, RULES)

    assert made.status_code == 201, made.text
    found = await felt(api, "account_name")
    assert found["account_name"] == plain["display_name"]
    assert (found["status"], found["website"]) == ("current", plain["website"] or "none")
    assert "display_name" not in found
    assert set(found["meta"]["overridden"]) <= {"account_name", "status", "website"}
    assert (await api.get(f"/v1/clients/{plain['id']}")).json()["account_name"] == plain["display_name"]
    written = await api.post("/v1/clients", {"display_name": "Alder & Sons"}, "quickbooks")
    assert written.json()["account_name"] == "Alder & Sons"


async def test_rules_of_a_vendor_leave_others_alone(api: Api) -> None:
    await make(api, RULES, vendor="quickbooks")

    await felt(api, "account_name")

    assert "display_name" in await api.first("/v1/clients?limit=1", "canopy")


async def test_rules_of_a_connection_come_last(api: Api) -> None:
    await make(api, [{"rule": "map", "field": "status", "values": {"active": "a"}}])
    await make(
        api,
        [{"rule": "map", "field": "status", "values": {"a": "b"}}, RULES[0]],
        connection=api.connection("quickbooks"),
    )

    assert (await felt(api, "account_name"))["status"] == "b"


async def test_empty_version_takes_the_rules_away_and_history_stays(api: Api) -> None:
    await make(api, RULES)
    await felt(api, "account_name")

    emptied = await make(api, [], after_version=1)

    assert (emptied.status_code, emptied.json()["version"]) == (201, 2)
    await felt(api, "display_name")
    versions = (await api.get("/v1/overrides?noun=clients")).json()["data"]
    assert [(one["version"], len(one["rules"])) for one in versions] == [(2, 0), (1, 3)]


async def test_version_that_somebody_else_made_is_not_overwritten(api: Api) -> None:
    await make(api, RULES)

    answer = await make(api, [], after_version=0)

    assert (answer.status_code, problem_of(answer)) == (409, "conflict")


async def test_preview_shows_both_and_keeps_nothing(api: Api) -> None:
    record = {"object": "client", "display_name": "Alder", "status": "active"}

    answer = await api.post("/v1/overrides/preview", {"noun": "clients", "rules": RULES, "record": record})

    assert answer.status_code == 200, answer.text
    assert answer.json()["before"] == record
    assert answer.json()["after"] == {
        "object": "client",
        "account_name": "Alder",
        "status": "current",
        "website": "none",
        "meta": {"overridden": ["account_name", "website", "status"]},
    }
    assert (await api.get("/v1/overrides")).json()["data"] == []


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"rule": "rename", "field": "id", "to": "key"}, "/rules/0/field"),
        ({"rule": "rename", "field": "display_name", "to": "id"}, "/rules/0/to"),
        ({"rule": "rename", "field": "display_name", "to": "status"}, "/rules/0/to"),
        ({"rule": "rename", "field": "display_name", "to": "not a name"}, "/rules/0/to"),
        ({"rule": "default", "field": "shoe_size", "value": 9}, "/rules/0/field"),
    ],
)
async def test_rule_that_cannot_be_points_at_itself(api: Api, rule: dict[str, Any], pointer: str) -> None:
    answer = await make(api, [rule])

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_rules_of_one_organization_are_no_others(api: Api, customers: Customers) -> None:
    other = await customers()
    await make(other, RULES)
    await felt(other, "account_name")

    assert "display_name" in await api.first(LIST, "quickbooks")
    assert (await api.get("/v1/overrides")).json()["data"] == []


async def test_bound_key_makes_no_rules_for_others(api: Api, keys: Keys) -> None:
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])

    answer = await make(bound, RULES)

    assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
