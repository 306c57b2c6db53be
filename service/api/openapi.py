"""The contract: an OpenAPI 3.1 document made from the operations and their types, nothing written twice.

Schemas come from msgspec, so what is published is what is decoded and encoded; the sentences under a Struct's fields
become the descriptions of its properties.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from service import errors
from service.api.answer_headers import answer_headers, header_components
from service.api.bodies import BODY_PROBLEMS
from service.api.components import adapt, say_exactly_one
from service.api.links import Links
from service.api.operation import Meter, Operation, Parameter, needs_key
from service.api.problem_responses import problem_responses
from service.api.problems import ProblemBody
from service.api.sentences import describe
from service.api.tags import tags
from service.api.versions import VERSION
from service.errors import Kind

_REF: Final = "#/components/schemas/{name}"
_COMMON_PROBLEMS: Final = (
    errors.INVALID_HEADER,
    errors.KEY_IN_URL,
    errors.MISSING_KEY,
    errors.INVALID_KEY,
    errors.INSUFFICIENT_SCOPE,
    errors.ADDRESS_NOT_ALLOWED,
    errors.WRONG_REGION,
    errors.URI_TOO_LONG,
    errors.RATE_LIMITED,
    errors.TOO_MANY_CONCURRENT,
    errors.HEADERS_TOO_LARGE,
    errors.INTERNAL,
    errors.METERING_UNAVAILABLE,
    errors.PLATFORM_UNAVAILABLE,
)
_KEYLESS_PROBLEMS: Final = (errors.UNKNOWN_PARAMETER, errors.INTERNAL)
_COST: Final = {
    Meter.READ: "one `read` unit for each success",
    Meter.WRITE: "one `write` unit for each success; replays and dry runs are free",
    Meter.DOCUMENT: "one `document` unit for every started 10 MB",
    Meter.PASSTHROUGH: "one `passthrough` unit for each success",
    Meter.NONE: "free",
}
_ABOUT: Final = """\
One REST API over every practice-management system that an accounting firm uses. Each call reaches the firm's own
account through a consented connection, answers in one normalized shape, and is billed only when it succeeds.

**Keys** go into `Authorization: Bearer`. **Errors** are `application/problem+json` (RFC 9457) with a stable `code` and
a hint. **Lists** page by an opaque cursor. **Writes** need an `Idempotency-Key`. **Money** is an integer of minor
units with an ISO 4217 currency. A field that is `null` is known to be empty; a field that is absent and named in
`meta.unsupported` is one that the vendor cannot say. **Vendors' limits** are kept for you: a call waits up to 5 seconds
for room, with `Prefer: wait=20` up to 20, with `Prefer: wait=0` not at all, and then answers 503 with `Retry-After`.
`Upstream-RateLimit` says how many calls remain (`r`), when all are back (`t`) and, at the pace of the last seconds,
when none will be left (`spent`). **Versions** are dates: a key keeps the one that it was made with, and each answer
says it as `API-Version`; a request that says another is refused."""


def render(operations: Iterable[Operation]) -> bytes:
    """The document as it is committed and served: the same bytes for the same operations."""
    return msgspec.json.format(msgspec.json.encode(document(operations)), indent=2) + b"\n"


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The whole contract."""
    known = sorted(operations, key=lambda operation: (operation.path, operation.method))
    wanted = [ProblemBody, *_answers(known), *_bodies(known)]
    links = Links(known)
    schemas, components = msgspec.json.schema_components(wanted, ref_template=_REF)
    by_type = dict(zip(map(repr, wanted), schemas, strict=True))
    describe(components, wanted)
    say_exactly_one([components, *schemas])
    adapt(components, [ProblemBody, *_answers(known)], _bodies(known))
    _relax(components, known)
    return _renamed(
        {
            "openapi": "3.1.0",
            "info": {"title": "Tickmark", "version": VERSION, "description": _ABOUT, "license": _LICENSE},
            "servers": [{"url": "https://api.tickmark.example", "description": "Production"}],
            "tags": tags(known),
            "paths": {
                path: {one.method.lower(): _operation(one, by_type, links) for one in group}
                for path, group in groupby(known, key=lambda operation: operation.path)
            },
            "components": {
                "schemas": dict(sorted(components.items())),
                "responses": problem_responses({"$ref": _REF.format(name="ProblemBody")}),
                "headers": header_components(),
                "securitySchemes": {
                    "apiKey": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "`tm_live_…` or `tm_test_…`. Test keys reach sandboxes only and cost nothing.",
                    }
                },
            },
        }
    )


_BYTES: Final = {"type": "string", "format": "binary"}
"""OpenAPI 3.1 would leave the schema out; several generators leave the operation out then."""
_LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _answers(operations: list[Operation]) -> list[Any]:
    answers = [type_ for one in operations for type_ in (one.answer, *one.other_answers.values())]
    return [type_ for type_ in answers if type_ not in (None, bytes)]


def _bodies(operations: list[Operation]) -> list[Any]:
    return [one.body for one in operations if one.body not in (None, bytes)]


def _operation(operation: Operation, schemas: dict[str, Any], links: Links) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": _description(operation),
        "security": [{"apiKey": [operation.scope] if operation.scope else []}] if needs_key(operation) else [],
        "x-meter": operation.meter.value,
        "x-audit": operation.audit.value,
        "x-problems": [kind.code for kind in _problems(operation)],
    }
    if operation.parameters:
        found["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        body: dict[str, Any] = {"schema": _BYTES if operation.body is bytes else schemas[repr(operation.body)]}
        if operation.body_example is not None:
            body["example"] = operation.body_example
        found["requestBody"] = {"required": True, "content": {operation.body_media_type: body}}
    found["responses"] = responses = dict(sorted(_responses(operation, schemas).items()))
    for status in (operation.status, *operation.other_answers):
        if onward := links.of(operation, status):
            responses[str(status)]["links"] = onward
    return found


def _description(operation: Operation) -> str:
    cost = f"Cost: {_COST[operation.meter]}."
    return " ".join(part for part in (operation.description, operation.freshness, cost) if part)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    }
    if parameter.schema.get("type") == "array":
        found |= {"style": "form", "explode": False}
    if parameter.example is not None:
        found["example"] = parameter.example
    return found


def _responses(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    answers = {**operation.other_answers, operation.status: operation.answer}
    for status, type_ in answers.items():
        if type_ is bytes:
            every = (operation.answer_media_type, *operation.other_media_types)
            content = {one: {"schema": _file(one)} for one in every}
            found[str(status)] = _response(_phrase(status), answer_headers(operation, status), content)
            continue
        if type_ is None:
            found[str(status)] = {"description": _phrase(status), "headers": answer_headers(operation, status)}
            continue
        told: dict[str, Any] = {"schema": schemas[repr(type_)]}
        if operation.example is not None and status == operation.status:
            told["example"] = operation.example
        content = {operation.answer_media_type: told}
        found[str(status)] = _response(_phrase(status), answer_headers(operation, status), content)
    if any(parameter.name == "If-None-Match" for parameter in operation.parameters):
        found["304"] = {
            "description": "It still has the ETag that was sent.",
            "headers": answer_headers(operation, 304),
        }
    for kind in _problems(operation):
        found[str(kind.status)] = {"$ref": f"#/components/responses/Problem{kind.status}"}
    return found


def _problems(operation: Operation) -> list[Kind]:
    """Its own, and those of all that are called with a key, are metered, read their query, or take a JSON body."""
    found = [*operation.problems]
    if needs_key(operation):
        found += _COMMON_PROBLEMS
        if operation.meter is not Meter.NONE:
            found.append(errors.SPEND_CAP_REACHED)
        if operation.meter is not Meter.PASSTHROUGH:  # what stands in its query is the vendor's to judge
            found.append(errors.UNKNOWN_PARAMETER)
        if operation.body is not None and operation.body_media_type == "application/json":
            found += BODY_PROBLEMS
    else:
        found += _KEYLESS_PROBLEMS
    return sorted(dict.fromkeys(found), key=lambda kind: (kind.status, kind.code))


def _response(description: str, headers: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "headers": headers, "content": content}


def _file(media_type: str) -> dict[str, Any]:
    is_text = media_type.startswith("text/") or media_type.endswith("json")
    return {"type": "string"} if is_text else _BYTES


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _relax(components: dict[str, Any], operations: list[Operation]) -> None:
    """Where a caller may choose `fields`, a record is only sure to have its kind and its id."""
    for operation in operations:
        if operation.narrowed:
            models = [model for model in (operation.answer, *get_args(operation.answer)) if _is_struct(model)]
            for model in models:
                schema = components.get(model.__name__)
                if schema is not None and "id" in schema["properties"]:
                    schema["required"] = ["object", "id"]


def _is_struct(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, Struct)


_IN_MODULE: Final = re.compile(r"[\w.]+\.\w+")
_GENERIC: Final = re.compile(r"\bPage_(\w+)_")


def _renamed(found: dict[str, Any]) -> dict[str, Any]:
    """Names a reader would give: `Page_Client_` is a `ClientPage`, `ProblemBody` a `Problem`.

    Of two Structs of one name msgspec tells by their modules; that of our own billing gets it for a prefix.
    """
    text = msgspec.json.encode(found).decode()
    for name in filter(_IN_MODULE.fullmatch, found["components"]["schemas"]):
        ours = name.startswith("billing.")
        text = text.replace(f'{name}"', f'{"Billing" if ours else ""}{name.rpartition(".")[2]}"')
    text = _GENERIC.sub(r"\1Page", text).replace("Page[", "Page of [").replace("ProblemBody", "Problem")
    renamed: dict[str, Any] = msgspec.json.decode(text)
    for name, schema in renamed["components"]["schemas"].items():
        schema["title"] = name
    return renamed
