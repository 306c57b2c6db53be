"""The running API against its own contract: examples, coverage and fuzzing, by Schemathesis.

No server error, no undocumented status, no answer that breaks its schema, nothing invalid accepted.
"""

import asyncio
import sys
from pathlib import Path

import pytest

from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import RESOURCES
from tests.acceptance.conftest import Api

pytestmark = pytest.mark.anyio

EXAMPLES = 4
"""Fuzzed cases for each operation."""
SEED = 20261120
CONFIG = """\
[auth.openapi.apiKey]
bearer = "{key}"

[warnings]
enabled = false

[checks]
# What one vendor can do, another cannot; a cursor, an id or a version that exists is not to be guessed.
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 412, 422]
negative_data_rejection.expected-statuses = ["4xx"]
"""
OPERATION = """
[[operations]]
include-operation-id = "{operation}"
[operations.parameters]
{parameters}
"""


async def test_api_keeps_its_contract(api: Api, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(await configuration(api))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
        *("run", f"{api.http.base_url}/openapi.json", "--checks", "all", "--phases", "examples,coverage,fuzzing"),
        *("-n", str(EXAMPLES), "--seed", str(SEED), "--no-shrink", "--continue-on-failure"),
        *("--suppress-health-check", "all"),
        # What ends or stops a connection leaves nothing to ask for.
        *("--exclude-operation-id", "deleteConnection", "--exclude-operation-id", "pauseConnection"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()

    assert process.returncode == 0, printed.decode()


async def configuration(api: Api) -> str:
    """Schemathesis is told the key, and for each operation the ids of things that exist."""
    sections = [CONFIG.format(key=api.cast.key)]
    contract = (await api.http.get("/openapi.json")).json()
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            known = await known_parameters(api, path, method, operation)
            lines = "\n".join(f'"{name}" = "{value}"' for name, value in known.items())
            if lines:
                sections.append(OPERATION.format(operation=operation["operationId"], parameters=lines))
    return "".join(sections)


async def known_parameters(
    api: Api, path: str, method: str, operation: dict[str, list[dict[str, str]]]
) -> dict[str, str]:
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    noun = path.split("/")[2] if path.count("/") > 1 else ""
    vendor = "canopy" if noun == "security" else vendor_of(noun, port_of(path, method))
    known: dict[str, str] = {}
    if "Connection-Id" in names:
        known["Connection-Id"] = api.headers(vendor)["Connection-Id"]
    if "id" in names and noun in RESOURCES:
        page = (await api.get(f"/v1/{noun}?limit=1", vendor)).json()
        if page.get("data"):
            known["id"] = page["data"][0]["id"]
    if "vendor" in names:
        known["vendor"] = vendor
    return known


def port_of(path: str, method: str) -> str:
    """The port of the binding that an operation needs."""
    if path.endswith("/content"):
        return "upload_version" if method == "put" else "download_version"  # who has this has the plain one too
    if path.endswith("/{id}"):
        return {"get": "get", "patch": "update", "delete": "delete"}[method]
    return "page" if method == "get" or path.endswith("/search") else "upload" if path == "/v1/documents" else "create"


def vendor_of(noun: str, port: str) -> str:
    """A vendor that can do it; QuickBooks where it can."""
    able = [one.slug for one in CONNECTORS if noun in one.bindings() and port in one.bindings()[noun].ports]
    return "quickbooks" if "quickbooks" in able or not able else able[0]
