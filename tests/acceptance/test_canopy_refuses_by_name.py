"""Whatever a write to Canopy may say and Canopy cannot hold is refused at its name, and nothing is sent."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec.inspect import StructType, type_info

from service.sandbox.serve import SandboxServer
from service.unified.routes.nouns import NOUNS
from tests.acceptance.conftest import Api, problem_of
from tests.samples_of_types import sample

pytestmark = pytest.mark.anyio

_CLIENT: Final = frozenset(
    {
        "display_name",
        "kind",
        "filing_type",
        "owner",
        "external_id",
        "emails",
        "phones",
        "addresses",
        "tags",
        "custom_fields",
        "group",
        "linked",
    }
)
_PERSON: Final = frozenset({"given_name", "family_name", "emails", "phones", "born_on"})
_INVOICE: Final = frozenset({"lines", "number", "issued_on", "due_on", "terms", "class_name", "location", "category"})
_PAYMENT: Final = frozenset({"amount", "received_on", "method", "reference", "allocations"})
_TASK: Final = frozenset(
    {
        "name",
        "status",
        "status_native",
        "assignees",
        "priority",
        "start_on",
        "due_on",
        "budget_minutes",
        "tax_year",
        "checklist",
    }
)
_ENGAGEMENT: Final = frozenset({"name", "starts_on", "ends_on", "services", "signers"})
_TIME: Final = frozenset({"worked_on", "minutes", "rate", "billable"})
HELD: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("clients", "create"): _CLIENT,
    ("clients", "update"): _CLIENT | {"status"},
    ("contacts", "create"): _PERSON | {"client", "roles"},
    ("contacts", "update"): _PERSON | {"links"},
    ("invoices", "create"): _INVOICE | {"client", "currency"},
    ("invoices", "update"): _INVOICE,
    ("payments", "create"): _PAYMENT | {"client"},
    ("payments", "update"): _PAYMENT,
    ("credits", "create"): frozenset({"client", "lines", "currency"}),
    ("credits", "update"): frozenset({"applications"}),
    ("tasks", "create"): _TASK | {"kind", "parent", "client", "engagement"},
    ("tasks", "update"): _TASK,
    ("documents", "update"): frozenset({"name", "folder", "visible_to_client"}),
    ("organizers", "create"): frozenset({"client", "title", "template"}),
    ("organizers", "update"): frozenset({"answers", "values", "status"}),
    ("engagements", "create"): _ENGAGEMENT | {"client"},
    ("engagements", "update"): _ENGAGEMENT | {"status"},
    ("time_entries", "create"): _TIME | {"user", "client", "task", "service_item"},
    ("time_entries", "update"): _TIME,
}
"""What each write can hold; all else that the API knows for it is refused."""
LINE: Final = {"amount": {"amount_minor": 100, "currency": "USD"}}
WORDS: Final = {("organizers", "status"): "submitted"}
"""Where Canopy takes one word alone."""
_NOUNS: Final = {noun.name: noun for noun in NOUNS}


def shape(noun: str, port: str) -> StructType:
    described = type_info(getattr(_NOUNS[noun], port))
    assert isinstance(described, StructType)
    return described


def body(noun: str, port: str, client: str) -> dict[str, Any]:
    """The least that the API takes for such a write."""
    least = {field.encode_name: sample(field.type) for field in shape(noun, port).fields if field.required}
    least |= {"kind": "business"} if noun == "clients" else {}
    return least | ({"client": client} if "client" in least else {}) | ({"lines": [LINE]} if "lines" in least else {})


def refused() -> Iterator[tuple[str, str, str]]:
    for (noun, port), held in HELD.items():
        for field in shape(noun, port).fields:
            if field.encode_name not in held:
                yield noun, port, field.encode_name


def test_every_write_is_looked_at() -> None:
    from service.connectors.canopy.connector import CANOPY

    writes = {
        (noun, port) for noun, one in CANOPY.bindings().items() for port in one.ports if port in ("create", "update")
    }

    assert writes == set(HELD)
    assert all(held <= {field.encode_name for field in shape(*write).fields} for write, held in HELD.items())


async def send(api: Api, noun: str, port: str, said: dict[str, Any]) -> Any:
    if port == "create":
        return await api.post(f"/v1/{noun}?dry_run=true", said, "canopy")
    record = (await api.get(f"/v1/{noun}?limit=1", "canopy")).json()["data"][0]
    return await api.patch(f"/v1/{noun}/{record['id']}?dry_run=true", said)


@pytest.mark.parametrize(("noun", "port"), HELD)
async def test_field_that_canopy_cannot_hold_is_refused_at_its_name(
    api: Api, canopy: SandboxServer, noun: str, port: str
) -> None:
    client = (await api.first("/v1/clients?limit=1", "canopy"))["id"]
    fields = {field.encode_name: field for field in shape(noun, port).fields}
    wrong = [name for one, of, name in refused() if (one, of) == (noun, port)]
    for name in wrong:
        answer = await send(api, noun, port, body(noun, port, client) | {name: sample(fields[name].type)})

        assert (answer.status_code, problem_of(answer)) == (422, "validation_failed"), name
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (f"/{name}", "unsupported")
    assert canopy.stats()["writes"] == 0


@pytest.mark.parametrize(("noun", "port"), HELD)
async def test_field_that_canopy_can_hold_is_not_refused_as_unsupported(api: Api, noun: str, port: str) -> None:
    client = (await api.first("/v1/clients?limit=1", "canopy"))["id"]
    fields = {field.encode_name: field for field in shape(noun, port).fields}
    for name in HELD[noun, port]:
        value = WORDS.get((noun, name), sample(fields[name].type))
        answer = await send(api, noun, port, {name: value} | body(noun, port, client))

        errors = answer.json().get("errors", [])
        assert (f"/{name}", "unsupported") not in [(one["pointer"], one["code"]) for one in errors], answer.text


@pytest.mark.parametrize(("noun", "port"), [("invoices", "create"), ("invoices", "update"), ("credits", "create")])
@pytest.mark.parametrize("name", ["service_date", "tax_code", "tracking"])
async def test_line_says_nothing_that_canopy_cannot_hold(api: Api, noun: str, port: str, name: str) -> None:
    client = (await api.first("/v1/clients?limit=1", "canopy"))["id"]
    values: dict[str, Any] = {"service_date": "2026-11-20", "tax_code": "TAX", "tracking": []}

    answer = await send(api, noun, port, body(noun, port, client) | {"lines": [LINE, LINE | {name: values[name]}]})

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(f"/lines/1/{name}", "unsupported")]


async def test_field_that_nobody_knows_is_refused_too(api: Api) -> None:
    answer = await api.post("/v1/clients", {"display_name": "Alder", "kind": "business", "motto": "x"}, "canopy")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert "motto" in answer.json()["detail"]


@pytest.mark.parametrize(("resource", "why"), [("folders", "made in Canopy"), ("users", "no scope to write them")])
async def test_coverage_says_why_a_noun_is_only_read(api: Api, resource: str, why: str) -> None:
    covered = (await api.get("/v1/vendors/canopy/coverage")).json()["resources"]

    (found,) = [one for one in covered if one["resource"] == resource]
    assert found["operations"] == ["list", "get"]
    assert why in found["notes"]
