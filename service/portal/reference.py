"""The API reference, from the contract: each operation with runnable samples, its problems, limits and price."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Struct

from service import errors
from service.errors import Kind
from service.portal.fields import Field, fields_of
from service.portal.terms import Terms
from service.samples.languages import Sample, samples
from service.samples.requests import Operation, Place, SampleRequests, is_for_customers

_FIRST: Final = ("clients", "contacts", "invoices", "payments", "documents", "tasks", "connections", "vendors", "keys")
_LAST: Final = "service"
_KINDS: Final = {kind.code: kind for kind in errors.KINDS}


class Page(Struct, frozen=True, kw_only=True):
    """All that is told of one operation."""

    operation: Operation
    price: tuple[str, ...]
    limits: tuple[str, ...]
    places: tuple[Place, ...]
    """What the reader puts into the samples."""
    samples: tuple[Sample, ...]
    """None for what no customer calls."""
    sent: list[Field]
    given: list[Field]
    example: str
    problems: list[Kind]


class Reference:
    """The contract as pages need it; made once, for the first page: to make it takes a fifth of a second."""

    def __init__(self, contract: Callable[[], bytes], terms: Terms) -> None:
        self._make = contract
        self._terms = terms

    @cached_property
    def _contract(self) -> dict[str, Any]:
        return msgspec.json.decode(self._make(), type=dict[str, Any])

    @cached_property
    def _requests(self) -> SampleRequests:
        return SampleRequests(self._contract)

    @property
    def about(self) -> str:
        """What the contract says of itself."""
        return str(self._contract["info"]["description"])

    @property
    def limits_of_keys(self) -> str:
        """How fast any one key may call, here."""
        return self._terms.of_keys

    @property
    def price_list(self) -> str:
        """What calls cost, as a Markdown table."""
        return self._terms.price_list

    @property
    def version(self) -> str:
        return str(self._contract["info"]["version"])

    @cached_property
    def by_tag(self) -> dict[str, list[Operation]]:
        """The operations of each part of the API, the useful parts first."""
        found: dict[str, list[Operation]] = {}
        for operation in self._requests.operations.values():
            found.setdefault(operation["tags"][0], []).append(operation)
        order = {tag: index for index, tag in enumerate(_FIRST)} | {_LAST: 1000}
        return dict(sorted(found.items(), key=lambda item: (order.get(item[0], 99), item[0])))

    def get(self, operation_id: str) -> Operation | None:
        """One operation; None if there is none."""
        return self._requests.operations.get(operation_id)

    def page(self, operation: Operation, base_url: str) -> Page:
        """What its page says; samples call `base_url`."""
        schemas = self._contract["components"]["schemas"]
        request = self._requests.of(operation) if is_for_customers(operation) else None
        sent = _content(operation.get("requestBody", {}))
        answers = [_content(one) for status, one in operation["responses"].items() if status < "3"]
        given = next((one for one in answers if "example" in one), answers[0])  # not that of a dry run
        return Page(
            operation=operation,
            price=self._terms.price(operation),
            limits=self._terms.limits(operation),
            places=request.places if request is not None else (),
            samples=samples(request, base_url) if request is not None else (),
            sent=fields_of(sent.get("schema", {}), schemas),
            given=fields_of(given.get("schema", {}), schemas),
            example=_pretty(given["example"]) if "example" in given else "",
            problems=[_KINDS[code] for code in operation["x-problems"]],
        )


def to_markdown(page: Page) -> str:
    """The same page for programs."""
    operation = page.operation
    lines = [f"# {operation['summary']}", "", f"`{operation['method']} {operation['path']}`", ""]
    lines += [operation["description"], ""]
    if operation["security"]:
        lines += [f"Scope: `{_scope(operation) or 'any key'}`.", ""]
    for title, sentences in (("Price", page.price), ("Limits", page.limits)):
        if sentences:
            lines += [f"## {title}", "", *(f"- {one}" for one in sentences), ""]
    if operation.get("parameters"):
        lines += ["## Parameters", "", *map(_parameter, operation["parameters"]), ""]
    for title, fields in (("Body", page.sent), ("Answer", page.given)):
        if fields:
            lines += [f"## {title}", "", *map(_field, fields), ""]
    if page.example:
        lines += ["```json", page.example, "```", ""]
    if page.samples:
        lines += ["## Samples", ""]
        lines += [*(f"- `{place.name}`: {place.says}" for place in page.places), ""] if page.places else []
    for sample in page.samples:
        lines += [f"```{sample.tag}", sample.text, "```", ""]
    lines += ["## Problems", "", "| Status | Code | What to do |", "|---|---|---|"]
    lines += [f"| {kind.status} | `{kind.code}` | {kind.hint} |" for kind in page.problems]
    return "\n".join(lines) + "\n"


def _parameter(one: Mapping[str, Any]) -> str:
    return f"- `{one['name']}` ({one['in']}{', required' if one['required'] else ''}): {one['description']}"


def _field(one: Field) -> str:
    says = f": {one.description}" if one.description else ""
    return f"{'  ' * one.depth}- `{one.name}`{' (always there)' if one.required else ''} {one.kind}{says}"


def _scope(operation: Operation) -> str:
    return ", ".join(scope for way in operation["security"] for scopes in way.values() for scope in scopes)


def _content(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema and example of a body or an answer, whatever its media type."""
    found: Mapping[str, Any] = next(iter(message.get("content", {"": {}}).values()))
    return found


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
