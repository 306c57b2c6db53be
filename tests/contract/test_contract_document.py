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
