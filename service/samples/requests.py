"""A request for each operation, with invented values and named places where the reader's own go.

A place is written `{{NAME}}` in every text here, as Postman and Bruno write it; each language puts its own form there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

Contract: TypeAlias = Mapping[str, Any]
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Operation: TypeAlias = Mapping[str, Any]
"""An operation of the contract, with its `method` and `path`."""

KEY: Final = "TICKMARK_KEY"
FRESH: Final = "$guid"
"""The place of a value that nobody has used before."""
PLACE: Final = re.compile(r"\{\{([A-Za-z_$]+)\}\}")
_PREFIX_TOLD: Final = re.compile(r"`([a-z]+)_…`")
_ID: Final = re.compile(r"([a-z]+)_[A-Za-z0-9_-]{10,}")
_PREFIX_OF_PATTERN: Final = re.compile(r"\^([a-z]+)_\[")
_JSON: Final = "application/json"
_ENDINGS: Final = {
    "application/octet-stream": "bin",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "text/csv": "csv",
    "text/html": "html",
}


class Place(Struct, frozen=True):
    """A value that the reader puts in, and where it is found."""

    name: str
    says: str


class SampleRequest(Struct, frozen=True, kw_only=True):
    """One call, ready but for its places."""

    operation_id: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    """Without the key."""
    needs_key: bool
    body: Json
    """None where there is none."""
    sends_file: str | None
    """The file whose bytes are the body."""
    saves_file: str | None
    """The file that the answer becomes."""
    answers_json: bool
    statuses: tuple[int, ...]
    """What a good answer may have."""
    places: tuple[Place, ...]
    """Those in it, the key first."""

    def url(self, base: str) -> str:
        """Where it goes, below a base URL."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{base}{self.path}{'?' * bool(query)}{query}"


class SampleRequests:
    """The request of each operation of one contract."""

    def __init__(self, contract: Contract) -> None:
        self.operations: dict[str, Operation] = {
            found["operationId"]: {**found, "method": method.upper(), "path": path}
            for path, methods in contract["paths"].items()
            for method, found in methods.items()
        }
        self._places = dict(_id_places(self.operations))

    def of(self, operation: Operation) -> SampleRequest:
        """The request; lists ask for three records, and only what has to be said is said."""
        parameters = operation.get("parameters", ())
        content = next(iter(operation.get("requestBody", {}).get("content", {}).items()), None)
        good = {int(status): found for status, found in operation["responses"].items() if status < "3"}
        media_type = next(iter(good[min(good)].get("content", {"": {}})))
        path = re.sub(r"\{([a-z_]+)\}", lambda m: self._in_path(operation, m[1]), operation["path"])
        headers = [(one["name"], self._value(one)) for one in parameters if one["in"] == "header" and _is_said(one)]
        body: Json = None
        if content is not None:
            headers.append(("Content-Type", content[0]))
            body = self._filled(content[1].get("example", {})) if content[0] == _JSON else None
        query = [(one["name"], self._value(one)) for one in parameters if one["in"] == "query" and _is_said(one)]
        needs_key = bool(operation["security"])
        texts = (path, *(value for pair in (*query, *headers) for value in pair), *_strings(body))
        return SampleRequest(
            operation_id=operation["operationId"],
            method=operation["method"],
            path=path,
            query=tuple(query),
            headers=tuple(headers),
            needs_key=needs_key,
            body=body,
            sends_file="engagement-letter.pdf" if content is not None and content[0] != _JSON else None,
            saves_file=_file_of(operation, media_type),
            answers_json=media_type == _JSON and 204 not in good,
            statuses=tuple(sorted(good)),
            places=tuple(self._found_places(texts, needs_key)),
        )

    def _in_path(self, operation: Operation, name: str) -> str:
        parameter = next(one for one in operation["parameters"] if one["in"] == "path" and one["name"] == name)
        return self._value(parameter)

    def _value(self, parameter: Mapping[str, Any]) -> str:
        match parameter["name"]:
            case "Connection-Id" | "Confirm-Connection":
                return "{{CONNECTION_ID}}"
            case "Idempotency-Key":
                return "{{" + FRESH + "}}"
            case "limit":
                return "3"
            case "n":
                return "1"
            case _:
                pass
        if "example" in parameter:
            return str(parameter["example"])
        told = _PREFIX_TOLD.search(parameter["description"])
        told = told or _PREFIX_OF_PATTERN.match(parameter["schema"].get("pattern", ""))
        if told is None:
            raise ValueError(f"the contract has no example of the parameter {parameter['name']}")
        return "{{" + self._places[told[1]].name + "}}"

    def _filled(self, value: Json) -> Json:
        """An example with places where its invented ids were."""
        match value:
            case dict():
                return {name: self._filled(inner) for name, inner in value.items()}
            case list():
                return [self._filled(inner) for inner in value]
            case str() if (found := _ID.fullmatch(value)) and found[1] in self._places:
                return "{{" + self._places[found[1]].name + "}}"
            case _:
                return value

    def _found_places(self, texts: tuple[str, ...], needs_key: bool) -> Iterator[Place]:
        if needs_key:
            yield Place(KEY, "a test key, `tm_test_…`")
        by_name = {place.name: place for place in self._places.values()}
        for name in dict.fromkeys(found for text in texts for found in PLACE.findall(text)):
            if name in by_name:
                yield by_name[name]


def is_for_customers(operation: Operation) -> bool:
    """False for what a payment rail calls."""
    return not operation["path"].startswith("/webhooks/")


def substituted(text: str, form: Callable[[str], str]) -> str:
    """The text with each place in another form."""
    return PLACE.sub(lambda found: form(found[1]), text)


def _id_places(operations: Mapping[str, Operation]) -> Iterator[tuple[str, Place]]:
    """The place of an id, by the prefix of the id; the contract says the prefix where an id stands in a path."""
    lists = {one["path"] for one in operations.values() if one["method"] == "GET"}
    for operation in operations.values():
        head, _, tail = operation["path"].partition("/{")
        for parameter in operation.get("parameters", ()):
            told = _PREFIX_TOLD.search(parameter["description"])
            if parameter["in"] == "path" and tail.startswith(parameter["name"]) and told is not None:
                says = f"an id of `GET {head}`" if head in lists else parameter["description"].rstrip(".")
                name = name_of_place(head) if parameter["name"] == "id" else parameter["name"].upper()
                yield told[1], Place(name, says[0].lower() + says[1:])


def name_of_place(path: str) -> str:
    """`/v1/time_entries` → `TIME_ENTRY_ID`."""
    words = path.removeprefix("/v1/").replace("/", "_").replace("-", "_")
    words = words[:-3] + "y" if words.endswith("ies") else words.removesuffix("s")
    return f"{words.upper()}_ID"


def _is_said(parameter: Mapping[str, Any]) -> bool:
    return parameter["required"] or "example" in parameter or parameter["name"] in {"Connection-Id", "limit"}


def _file_of(operation: Operation, media_type: str) -> str | None:
    """`getBillingInvoicePdf` → `invoice.pdf`."""
    ending = _ENDINGS.get(media_type)
    if ending is None:
        return None
    words = re.findall("[A-Z][a-z]+", operation["operationId"])
    return f"{next(word.lower() for word in reversed(words) if word.lower() != ending)}.{ending}"


def _strings(value: Json) -> Iterator[str]:
    match value:
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)
        case str():
            yield value
        case _:
            pass
