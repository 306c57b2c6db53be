"""What can be asked of a noun: filters, orders and selections, as far as any vendor has them."""

from typing import Any

from msgspec import structs

from service.api import parameters
from service.api.operation import Parameter
from service.connectors.sdk.binding import Filter
from service.connectors.sdk.connector import Connector
from service.unified.noun import Noun


def able(noun: Noun, port: str, connectors: tuple[Connector, ...]) -> str:
    """Which vendors have a port for the noun, for people."""
    having = [one.name for one in connectors if noun.name in one.bindings() and port in one.bindings()[noun.name].ports]
    return f"Vendors: {', '.join(having)}." if having else "No vendor can do this yet."


def filters(noun: Noun, connectors: tuple[Connector, ...]) -> tuple[Parameter, ...]:
    """All filters that any vendor has for the noun; the description says which vendors."""
    known: dict[str, tuple[Filter, list[str]]] = {}
    for connector in connectors:
        binding = connector.bindings().get(noun.name)
        for name, rule in binding.filters.items() if binding is not None else ():
            merged, vendors = known.get(name, (rule, []))
            choices = tuple(dict.fromkeys((*merged.choices, *rule.choices)))
            known[name] = (structs.replace(merged, choices=choices), [*vendors, connector.name])
    return tuple(_filter(name, rule, vendors) for name, (rule, vendors) in known.items())


def sorts(noun: Noun, connectors: tuple[Connector, ...]) -> tuple[Parameter, ...]:
    """All orders that any vendor has for the noun."""
    known: dict[str, None] = {}
    for connector in connectors:
        binding = connector.bindings().get(noun.name)
        known |= dict.fromkeys(binding.sorts if binding is not None else ())
    if not known:
        return ()
    return (parameters.one_of("sort", tuple(known), "The order; `-` means descending. See the vendor's coverage."),)


def selection(noun: Noun) -> tuple[Parameter, ...]:
    """What a caller may choose of each record."""
    fields = parameters.list_of("fields", noun.fields, "Only these fields, separated by commas.")
    found = [fields, parameters.INCLUDE, parameters.MAX_AGE]
    if noun.references:
        found.append(
            parameters.list_of("expand", tuple(noun.references), "Put the records behind these ids under `expanded`.")
        )
    return tuple(found)


def _filter(name: str, rule: Filter, vendors: list[str]) -> Parameter:
    description = f"{rule.description} Vendors: {', '.join(vendors)}.".strip()
    match rule.kind:
        case "choice":
            return parameters.list_of(f"filter[{name}]", rule.choices, description)
        case "date":
            schema: dict[str, Any] = {"type": "string", "format": "date"}
        case "reference":
            schema = {"type": "string", "pattern": f"^{rule.prefix}"}
        case "text":
            schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return Parameter(
        name=f"filter[{name}]",
        place="query",
        schema=schema,
        description=description,
    )
