"""A key that is bound to a firm or a connection changes nothing that holds for the others."""

from typing import Any

import pytest

from service.accounts.scopes import SCOPES
from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio

OF_ALL: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "/v1/connect-settings", {"return_urls": ["https://elsewhere.example/back"]}),
    ("PUT", "/v1/billing/budgets", {"scope": "organization", "span": "month", "limit_minor": None}),
    ("PUT", "/v1/request-log-settings", {"test_bodies_days": 7}),
    ("PATCH", "/v1/organization", {"name": "Elsewhere"}),
    ("POST", "/v1/firms", {"name": "Elsewhere CPAs"}),
    (
        "POST",
        "/v1/overrides",
        {"noun": "clients", "vendor": "canopy", "rules": [{"rule": "rename", "field": "display_name", "to": "name"}]},
    ),
]


@pytest.fixture
async def api(customers: Customers) -> Api:
    return await customers(scopes=SCOPES)


@pytest.mark.parametrize(("method", "path", "body"), OF_ALL)
@pytest.mark.parametrize("bound_to", ["firm", "connection"])
async def test_bound_key_changes_nothing_of_all(
    api: Api, keys: Keys, bound_to: str, method: str, path: str, body: dict[str, Any]
) -> None:
    to = (
        {"firm_ids": [api.cast.firm_id]} if bound_to == "firm" else {"connection_ids": [api.cast.connections["canopy"]]}
    )
    bound = await keys(api, scopes=SCOPES, **to)

    answer = await bound.http.request(method, path, json=body, headers=bound.headers())

    assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
