"""The schemas of writes: JSON Schema 2020-12 that agrees with what is accepted."""

from typing import Any

import jsonschema_rs
import pytest

from tests.acceptance.conftest import Api
from tests.acceptance.operations import OPERATIONS

pytestmark = pytest.mark.anyio

NOUNS = sorted(one["path"] for one in OPERATIONS.values() if one["path"].endswith("/schema"))


@pytest.mark.parametrize("path", NOUNS)
async def test_schema_is_sound_and_fits_the_examples(api: Api, path: str) -> None:
    found = (await api.get(path)).json()
    noun = path.removesuffix("/schema")

    for kind, method, place in (("create", "POST", noun), ("update", "PATCH", f"{noun}/{{id}}")):
        schema = found[kind]
        example = _example(method, place)
        if schema is not None:
            assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
            jsonschema_rs.meta.validate(schema)
            if example is not None:
                jsonschema_rs.Draft202012Validator(schema).validate(example)


async def test_schema_refuses_what_the_api_refuses(api: Api) -> None:
    schema = (await api.get("/v1/clients/schema")).json()["create"]

    assert not jsonschema_rs.Draft202012Validator(schema).is_valid({"display_name": 7})
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid({"shoe_size": 9})


def _example(method: str, path: str) -> Any:
    for one in OPERATIONS.values():
        content = one.get("requestBody", {}).get("content", {})
        if (one["method"], one["path"]) == (method, path) and "application/json" in content:
            return content["application/json"].get("example")
    return None
