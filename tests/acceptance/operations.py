"""Every operation of the contract, and how to call it for a thing of one's choice."""

from typing import Any, Final
from uuid import UUID

import httpx
import msgspec

from service import ids
from service.all_operations import contract
from tests.acceptance.conftest import Api

OPERATIONS: Final[dict[str, dict[str, Any]]] = {
    operation["operationId"]: {**operation, "method": method.upper(), "path": path}
    for path, methods in msgspec.json.decode(contract())["paths"].items()
    for method, operation in methods.items()
}
"""By `operationId`, as the contract says it, with method and path."""


async def ask(api: Api, operation: dict[str, Any], connection: UUID, request_id: str) -> httpx.Response:
    """Calls the operation for a thing that is known by this connection, or by this request id."""
    path = operation["path"].replace("{request_id}", request_id).replace("{vendor}", "quickbooks")
    path = path.replace("{path}", "preferences").replace("{n}", "1")
    if path.startswith("/v1/connections/"):
        path = path.replace("{id}", ids.encode("con", connection))
    elif path.startswith("/v1/firms/"):
        path = path.replace("{id}", ids.encode("firm", connection))
    elif path.startswith(("/v1/webhook-", "/v1/events/")):
        path = path.replace("{id}", ids.encode(prefix_of(operation).rstrip("_"), connection))
    elif path == "/v1/evidence":
        path += f"?firm={ids.encode('firm', connection)}&from=2026-11-01T00:00:00Z"
    elif path.startswith("/v1/billing/"):
        path = path.replace("{id}", ids.encode("bill", connection))
    else:
        path = path.replace("{id}", ids.Book(connection, 0, "").ref(prefix_of(operation), "1"))
    assert "{" not in path, f"{path} names a thing in a way this function does not know"
    headers = api.headers() | {"Content-Type": "application/json", "Idempotency-Key": ids.new_uuid().hex}
    if any(parameter["name"] == "Connection-Id" for parameter in operation.get("parameters", ())):
        headers["Connection-Id"] = ids.encode("con", connection)
    if any(parameter["name"] == "Ticket-Reference" for parameter in operation.get("parameters", ())):
        headers["Ticket-Reference"] = "GRC-2041"
    body = operation.get("requestBody")
    if body is not None and "application/octet-stream" in body["content"]:
        headers["Content-Type"], path = "application/octet-stream", f"{path}?name=a.pdf"
        return await api.http.request(operation["method"], path, headers=headers, content=b"a")
    content = msgspec.json.encode(body["content"]["application/json"]["example"]) if body else None
    return await api.http.request(operation["method"], path, headers=headers, content=content)


def prefix_of(operation: dict[str, Any]) -> str:
    """`cli_` for an operation whose path names a client."""
    parameters = operation.get("parameters", ())
    told = next((one["description"] for one in parameters if one["name"] == "id"), "`cli_…`")
    return str(told).split("`")[1].removesuffix("…")
