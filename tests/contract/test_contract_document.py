"""What every reader and generator of the contract takes for granted."""

import json
from pathlib import Path
from typing import Any

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "openapi/openapi.json").read_text())
OPERATIONS: list[dict[str, Any]] = [one for methods in CONTRACT["paths"].values() for one in methods.values()]


def test_schemas_have_names_that_are_names_in_every_language() -> None:
    strange = [name for name in CONTRACT["components"]["schemas"] if not name.isidentifier()]

    assert strange == []


def test_every_component_is_used() -> None:
    text = json.dumps(CONTRACT)
    unused = [
        f"{kind}/{name}"
        for kind in ("schemas", "responses", "headers")
        for name in CONTRACT["components"][kind]
        if f'"#/components/{kind}/{name}"' not in text
    ]

    assert unused == ["responses/Problem405"]  # no operation answers it: it is what there is beside them


def test_what_costs_money_says_that_a_budget_may_stand_in_its_way() -> None:
    silent = [one["operationId"] for one in OPERATIONS if one["x-meter"] != "none" and "402" not in one["responses"]]

    assert silent == []


def test_every_operation_that_reads_a_query_strictly_says_so() -> None:
    silent = [one["operationId"] for one in OPERATIONS if "400" not in one["responses"]]

    assert silent == []


def test_only_what_is_no_text_is_binary() -> None:
    """Generators give bytes a file's methods, which a text has not."""
    binary = {
        media_type
        for one in OPERATIONS
        for answer in one["responses"].values()
        for media_type, content in answer.get("content", {}).items()
        if content["schema"].get("format") == "binary"
    }

    assert binary == {"*/*", "application/octet-stream", "application/pdf", "application/zip"}


def test_what_can_go_on_behind_its_caller_says_so() -> None:
    writes = [one for one in OPERATIONS if one["x-meter"] in ("write", "passthrough") and takes(one, "Idempotency-Key")]
    silent = [one["operationId"] for one in writes if "202" not in one["responses"] or not takes(one, "Prefer")]

    assert writes
    assert silent == []


def test_versions_have_their_header_in_the_contract() -> None:
    readers = [one for one in OPERATIONS if takes(one, "If-None-Match")]

    assert readers
    assert all("ETag" in one["responses"]["200"]["headers"] for one in readers)


def test_of_a_union_that_a_word_tells_apart_exactly_one_fits() -> None:
    changed = next(one for one in OPERATIONS if one["operationId"] == "updateClient")["responses"]["200"]
    schema = changed["content"]["application/json"]["schema"]

    assert [one["$ref"].rpartition("/")[2] for one in schema["oneOf"]] == ["Client", "DryRun"]
    assert schema["discriminator"]["propertyName"] == "object"
    assert "anyOf" not in schema


def test_no_property_has_a_default() -> None:
    """Generators take such a property for one that has to be said."""
    having = [
        f"{name}.{field}"
        for name, schema in CONTRACT["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if "default" in described
    ]

    assert having == []


def test_what_answers_always_have_is_required_of_them() -> None:
    schemas = CONTRACT["components"]["schemas"]

    assert schemas["ClientPage"]["required"] == ["object", "data", "has_more", "next_cursor"]
    assert {"errors", "hint", "retryable"} <= set(schemas["Problem"]["required"])
    assert schemas["VendorError"]["required"] == ["name"]  # it leaves out what is null
    assert schemas["Client"]["required"] == ["object", "id"]  # callers choose the rest
    assert schemas["Email"]["required"] == ["address"]  # it stands in bodies too


def test_every_group_of_operations_and_every_schema_is_described() -> None:
    schemas = CONTRACT["components"]["schemas"]

    assert [tag["name"] for tag in CONTRACT["tags"] if not tag.get("description")] == []
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    assert "`clearing`: Under way: it may still bounce." in schemas["PaymentStatus"]["description"]


def test_defaults_of_bodies_are_told_in_words() -> None:
    days = CONTRACT["components"]["schemas"]["NewLinkSession"]["properties"]["consent_days"]

    assert days["description"].endswith("`365` where it is left out.")


def test_answers_lead_on_to_what_they_name() -> None:
    created = next(one for one in OPERATIONS if one["operationId"] == "createClient")["responses"]
    known = {one["operationId"] for one in OPERATIONS}
    links = [link for one in OPERATIONS for answer in one["responses"].values() for link in answer.get("links", {})]

    assert set(created["201"]["links"]) == {"getClient", "updateClient", "deleteClient"}
    assert created["202"]["links"]["getOperation"]["parameters"] == {"id": "$response.body#/id"}
    assert set(links) <= known


def test_each_problem_is_shown_as_it_looks() -> None:
    required = set(CONTRACT["components"]["schemas"]["Problem"]["required"])
    for name, response in CONTRACT["components"]["responses"].items():
        example = response["content"]["application/problem+json"]["example"]
        assert name == f"Problem{example['status']}"
        assert required <= set(example)
        assert f"`{example['code']}`" in response["description"]


def takes(operation: dict[str, Any], name: str) -> bool:
    return any(parameter["name"] == name for parameter in operation.get("parameters", ()))
