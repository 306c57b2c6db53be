"""The API reference, from the contract: each operation with runnable samples, its problems and its cost."""

import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

_FIRST: Final = ("service", "account", "vendors", "connections", "clients", "contacts")
_KEY: Final = "$TICKMARK_KEY"


class Sample(Struct, frozen=True):
    """One way to call, ready to run."""

    language: str
    text: str


class Field(Struct, frozen=True):
    """One property of a record."""

    name: str
    kind: str
    description: str
    depth: int
    required: bool


class Reference:
    """The contract as pages need it; made once."""

    def __init__(self, contract: dict[str, Any]) -> None:
        self._contract = contract
        self._operations: dict[str, dict[str, Any]] = {
            found["operationId"]: {**found, "method": method.upper(), "path": path}
            for path, methods in contract["paths"].items()
            for method, found in methods.items()
        }

    @property
    def about(self) -> str:
        """What the contract says of itself."""
        return str(self._contract["info"]["description"])

    @property
    def version(self) -> str:
        return str(self._contract["info"]["version"])

    @cached_property
    def by_tag(self) -> dict[str, list[dict[str, Any]]]:
        """The operations of each part of the API, the useful parts first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for operation in self._operations.values():
            found.setdefault(operation["tags"][0], []).append(operation)
        order = {tag: index for index, tag in enumerate(_FIRST)}
        return dict(sorted(found.items(), key=lambda item: (order.get(item[0], 99), item[0])))

    def get(self, operation_id: str) -> dict[str, Any] | None:
        """One operation; None if there is none."""
        return self._operations.get(operation_id)

    def body_fields(self, operation: Mapping[str, Any]) -> list[Field]:
        """What the request's body may hold."""
        for content in operation.get("requestBody", {}).get("content", {}).values():
            return self._fields(content.get("schema", {}), 0)
        return []

    def answer_fields(self, operation: Mapping[str, Any]) -> list[Field]:
        """What a good answer holds."""
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                for content in response.get("content", {}).values():
                    return self._fields(content.get("schema", {}), 0)
        return []

    def example(self, operation: Mapping[str, Any]) -> str:
        """An answer to show."""
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                for content in response.get("content", {}).values():
                    if "example" in content:
                        return msgspec.json.format(msgspec.json.encode(content["example"]), indent=2).decode()
        return ""

    def samples(self, operation: Mapping[str, Any], base_url: str) -> tuple[Sample, ...]:
        """curl, Python and TypeScript."""
        call = _Call(operation, base_url)
        return (
            Sample("curl", call.curl()),
            Sample("Python", call.python()),
            Sample("TypeScript", call.typescript()),
        )

    def markdown(self, operation: Mapping[str, Any], base_url: str) -> str:
        """The same page for programs."""
        lines = [f"# {operation['summary']}", "", f"`{operation['method']} {operation['path']}`", ""]
        lines += [operation["description"], "", "## Parameters", ""]
        lines += [
            f"- `{one['name']}` ({one['in']}{', required' if one.get('required') else ''}): {one['description']}"
            for one in operation.get("parameters", [])
        ] or ["None."]
        for title, fields in (("Body", self.body_fields(operation)), ("Answer", self.answer_fields(operation))):
            if fields:
                lines += ["", f"## {title}", ""]
                lines += [f"{'  ' * f.depth}- `{f.name}` {f.kind}: {f.description}".rstrip(": ") for f in fields]
        lines += ["", "## Samples", ""]
        for sample in self.samples(operation, base_url):
            lines += [f"```{sample.language.lower()}", sample.text, "```", ""]
        lines += ["## Problems", "", ", ".join(f"`{code}`" for code in operation["x-problems"])]
        return "\n".join(lines) + "\n"

    def _fields(self, schema: Mapping[str, Any], depth: int, seen: tuple[str, ...] = ()) -> list[Field]:
        schema, seen = self._resolved(schema, seen)
        if depth > 2 or not schema:
            return []
        if schema.get("type") == "array":
            return self._fields(schema.get("items", {}), depth, seen)
        found: list[Field] = []
        required = set(schema.get("required", ()))
        for name, inner in schema.get("properties", {}).items():
            shape = _kind(inner)
            found.append(Field(name, shape, str(inner.get("description", "")), depth, name in required))
            for nested in _nested(inner):
                reference = nested.get("$ref")
                if reference not in seen:
                    found += self._fields(nested, depth + 1, seen)
        return found

    def _resolved(self, schema: Mapping[str, Any], seen: tuple[str, ...]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        reference = schema.get("$ref")
        if reference is None:
            return schema, seen
        if reference in seen:
            return {}, seen
        found: Mapping[str, Any] = self._contract["components"]["schemas"][reference.rpartition("/")[2]]
        return found, (*seen, reference)


class _Call:
    """One operation with invented values filled in."""

    def __init__(self, operation: Mapping[str, Any], base_url: str) -> None:
        self._method = operation["method"]
        path = re.sub(
            r"\{([a-z_]+)\}", lambda m: "quickbooks" if m[1] == "vendor" else f"{{{m[1]}}}", operation["path"]
        )
        names = {one["name"] for one in operation.get("parameters", ())}
        query = {"limit": "3"} if "limit" in names else {}
        self._url = base_url + path + (f"?{urlencode(query)}" if query else "")
        self._needs_connection = "Connection-Id" in names
        self._needs_key = bool(operation["security"])
        self._is_write = "Idempotency-Key" in names
        self._body: Any = None
        for content in operation.get("requestBody", {}).get("content", {}).values():
            self._body = content.get("example")
        self._has_body = "requestBody" in operation

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self._needs_connection:
            found["Connection-Id"] = "$TICKMARK_CONNECTION"
        if self._is_write:
            found["Idempotency-Key"] = "$UUID"
        if self._has_body:
            found["Content-Type"] = "application/json"
        return found

    def curl(self) -> str:
        lines = [f"curl{'' if self._method == 'GET' else f' -X {self._method}'} '{self._url}'"]
        if self._needs_key:
            lines.append(f'-H "Authorization: Bearer {_KEY}"')
        for name, value in self._headers().items():
            lines.append(f'-H "{name}: {"$(uuidgen)" if value == "$UUID" else value}"')
        if self._has_body:
            lines.append("-d " + shlex.quote(msgspec.json.encode(self._body or {}).decode()))
        return " \\\n  ".join(lines)

    def python(self) -> str:
        headers = [f'"{n}": {_python_value(v)}' for n, v in self._headers().items() if n != "Content-Type"]
        if self._needs_key:
            headers.insert(0, '"Authorization": f"Bearer {os.environ[\'TICKMARK_KEY\']}"')
        imports = ["import os"] if headers else []
        imports += ["import uuid"] if self._is_write else []
        lines = [*imports, *([""] if imports else []), "import httpx", "", "answer = httpx.request("]
        lines += [f'    "{self._method}",', f'    "{self._url}",']
        if headers:
            lines += ["    headers={", *(f"        {header}," for header in headers), "    },"]
        if self._has_body:
            lines.append(f"    json={self._body or {}!r},")
        lines += [
            ")",
            "answer.raise_for_status()",
            "print(answer.json())" if self._method != "DELETE" else "print(answer.status_code)",
        ]
        return "\n".join(lines)

    def typescript(self) -> str:
        headers = [f'"{n}": {_typescript_value(v)}' for n, v in self._headers().items()]
        if self._needs_key:
            headers.insert(0, "Authorization: `Bearer ${process.env.TICKMARK_KEY}`")
        lines = [f'const answer = await fetch("{self._url}", {{', f'  method: "{self._method}",']
        if headers:
            lines += ["  headers: {", *(f"    {header}," for header in headers), "  },"]
        if self._has_body:
            body = msgspec.json.format(msgspec.json.encode(self._body or {}), indent=2).decode().replace("\n", "\n  ")
            lines.append(f"  body: JSON.stringify({body}),")
        lines += ["});", "if (!answer.ok) throw new Error(await answer.text());"]
        lines.append("console.log(await answer.json());" if self._method != "DELETE" else "console.log(answer.status);")
        return "\n".join(lines)


def _python_value(value: str) -> str:
    if value == "$UUID":
        return "str(uuid.uuid4())"
    return f'os.environ["{value[1:]}"]' if value.startswith("$") else f'"{value}"'


def _typescript_value(value: str) -> str:
    if value == "$UUID":
        return "crypto.randomUUID()"
    return f"process.env.{value[1:]}!" if value.startswith("$") else f'"{value}"'


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[several]))
    if "enum" in schema:
        return "one of " + ", ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or kind)


def _nested(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "$ref" in schema:
        return [schema]
    if schema.get("type") == "array":
        return _nested(schema.get("items", {}))
    return [one for several in ("anyOf", "oneOf") for inner in schema.get(several, ()) for one in _nested(inner)]
