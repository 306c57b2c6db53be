"""Trying an operation from the page, with a test key: the call goes through the same edge as everybody's."""

import time
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlsplit
from uuid import uuid4

import msgspec
from msgspec import Struct

from service import ids
from service.accounts.roles import Permission
from service.api.asgi import App, Message, Scope
from service.connections.store import list_connections
from service.connectors.sdk.budget import Limit
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit

_SHOWN_BYTES: Final = 24 * 1024
_SHOWN_HEADERS: Final = (
    "request-id",
    "usage-billable",
    "usage-units",
    "usage-reason",
    "server-timing",
    "ratelimit",
    "data-source",
)


class Answer(Struct, frozen=True):
    """What the API answered."""

    status: int
    headers: dict[str, str]
    body: str
    is_cut: bool
    took_ms: float


def routes() -> tuple[Route, ...]:
    """The try-out."""
    return (
        page("/try", ask, Permission.READ),
        form("/try", send, Permission.READ, limits=(Limit(120, 60.0),)),
    )


Operation: TypeAlias = Mapping[str, Any]
"""An operation of the contract, with its method and path."""


def can_be_tried(operation: Operation) -> bool:
    """JSON in and out, under /v1, and nothing but a key, a connection and a fresh key of a write to put in a header."""
    body = operation.get("requestBody", {}).get("content", {"application/json": {}})
    answers = {kind for one in operation["responses"].values() for kind in one.get("content", {})}
    headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header" and one["required"]}
    return (
        operation["path"].startswith("/v1/")
        and "application/json" in body
        and answers <= {"application/json"}
        and headers <= {"Idempotency-Key"}
    )


async def ask(visit: Visit) -> Reply:
    return await _ask(visit, None, {}, 200)


async def send(visit: Visit) -> Reply:
    if "choose" in visit.form:  # another operation was chosen, without a script to load its fields
        return await _ask(visit, None, {}, 200)
    operation = _chosen(visit)
    key = visit.form.text("key")
    wrong: dict[str, str] = {}
    if not key.startswith("tm_test_"):
        wrong["key"] = "Paste a test key; it starts with tm_test_. Live keys stay out of web pages."
    path = operation["path"]
    for name in _path_names(operation):
        value = visit.form.text(f"path-{name}")
        if not value:
            wrong[f"path-{name}"] = "Needed: it stands in the path."
        path = path.replace("{" + name + "}", quote(value, safe="/" if name == "path" else ""))
    body = visit.form.raw("body").strip() if _has_body(operation) else ""
    if _has_body(operation) and not _is_json(body):
        wrong["body"] = "This is not valid JSON."
    if wrong:
        return await _ask(visit, None, wrong, 422)
    host = urlsplit(visit.origin).netloc
    headers = {"host": host, "authorization": f"Bearer {key}", "accept": "application/json"}
    if visit.form.text("connection"):
        headers["connection-id"] = visit.form.text("connection")
    if _has_body(operation):
        headers |= {"content-type": "application/json", "idempotency-key": str(uuid4())}
    query = visit.form.text("query").removeprefix("?")
    answer = await call_api(visit.parts.api, operation["method"], path, query, headers, body.encode(), visit.address)
    return await _ask(visit, answer, {}, 200)


async def _ask(visit: Visit, answer: Answer | None, wrong: dict[str, str], status: int) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        links = [link for link in await list_connections(connection, visit.org_id) if link.sandbox]
    operation = _chosen(visit)
    typed = visit.form
    return visit.page(
        "try.html",
        status,
        operations=_triable(visit),
        operation=operation,
        path_names=_path_names(operation),
        links=links,
        typed=typed,
        connection=typed.text("connection") or (ids.encode("con", links[0].id) if links else ""),
        query=typed.text("query") or ("limit=3" if _pages(operation) else ""),
        body=typed.raw("body") or _example(operation),
        answer=answer,
        shown_headers=_SHOWN_HEADERS,
        error=wrong,
    )


def _chosen(visit: Visit) -> Operation:
    wanted = visit.form.text("operation") or visit.query.text("operation") or "listClients"
    by_id = {one["operationId"]: one for one in _triable(visit)}
    return by_id.get(wanted) or by_id["listClients"]


def _triable(visit: Visit) -> list[Operation]:
    return [one for group in visit.parts.reference.by_tag.values() for one in group if can_be_tried(one)]


def _has_body(operation: Operation) -> bool:
    return "requestBody" in operation


def _pages(operation: Operation) -> bool:
    return any(one["name"] == "limit" for one in operation.get("parameters", ()))


def _path_names(operation: Operation) -> list[str]:
    return [part[1:-1] for part in operation["path"].split("/") if part.startswith("{")]


def _example(operation: Operation) -> str:
    if not _has_body(operation):
        return ""
    example = operation["requestBody"]["content"]["application/json"].get("example", {})
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


async def call_api(
    api: App, method: str, path: str, query: str, headers: dict[str, str], body: bytes, address: str
) -> Answer:
    """One call through the API's own front door, without a socket."""
    messages: list[Message] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": quote(query, safe="=&[]%:,+").encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "client": (address, 0),
        "server": ("portal", 0),
    }
    began = time.perf_counter()
    await api(scope, receive, send)
    took_ms = (time.perf_counter() - began) * 1000
    start = next(message for message in messages if message["type"] == "http.response.start")
    content = b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")
    told: dict[str, str] = {str(k, "latin-1").lower(): str(v, "latin-1") for k, v in start["headers"]}
    shown = _pretty(content)
    return Answer(start["status"], told, shown[:_SHOWN_BYTES], len(shown) > _SHOWN_BYTES, took_ms)


def _pretty(content: bytes) -> str:
    try:
        return msgspec.json.format(content, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return content.decode(errors="replace")
