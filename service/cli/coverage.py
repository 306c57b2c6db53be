"""`tickmark coverage`: what each vendor can do with each resource, computed from the connectors."""

from typing import Annotated, Final

from cyclopts import Parameter
from msgspec import Struct, to_builtins

from service.cli.errors import ArgumentError
from service.cli.options import Json
from service.cli.output import say, show, show_json
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import RESOURCES, Connector
from service.connectors.sdk.passthrough import Known
from service.unified.coverage import vendor_coverage

_LETTERS: Final = {
    "list": "L", "get": "G", "create": "C", "update": "U", "delete": "D", "download": "↓", "upload": "↑",
    "download_version": "↓v", "upload_version": "↑v",
}  # fmt: skip
_ASSUMED: Final = " *"


class Covered(Struct, frozen=True):
    """What one vendor can do with one resource."""

    vendor: str
    resource: str
    ports: tuple[str, ...]
    filters: tuple[str, ...]
    known: Known


def covered(connectors: tuple[Connector, ...] = CONNECTORS) -> list[Covered]:
    """Every vendor and resource, in the API's order."""
    return [
        Covered(
            one.vendor,
            resource.resource,
            resource.operations,
            tuple(rule.name.removeprefix("filter[").removesuffix("]") for rule in resource.filters),
            resource.contract.known,
        )
        for one in map(vendor_coverage, connectors)
        for resource in one.resources
    ]


def coverage(
    vendor: str | None = None,
    *,
    as_json: Json = False,
    markdown: Annotated[bool, Parameter(name="--markdown", negative=())] = False,
) -> None:
    """Show what each vendor can do, computed from the connectors."""
    slugs = [one.slug for one in CONNECTORS]
    if vendor not in (None, *slugs):
        raise ArgumentError(f"No vendor {vendor!r}; there are {', '.join(slugs)}.")
    if markdown:
        say(matrix())
        return
    rows = [to_builtins(row) for row in covered() if vendor in (None, row.vendor)]
    if as_json:
        show_json(rows)
    else:
        show(rows, as_json=False)


def matrix(connectors: tuple[Connector, ...] = CONNECTORS) -> str:
    """The whole as a table in Markdown: a row for each resource, a column for each vendor."""
    cells = {(row.resource, row.vendor): _cell(row) for row in covered(connectors)}
    lines = [
        f"| | {' | '.join(one.name for one in connectors)} |",
        f"|---|{'---|' * len(connectors)}",
        *(
            f"| {resource} | {' | '.join(cells.get((resource, one.slug), '') for one in connectors)} |"
            for resource in RESOURCES
            if any((resource, one.slug) in cells for one in connectors)
        ),
    ]
    keys = ", ".join(f"{letter} {name}" for name, letter in _LETTERS.items())
    return "\n".join([*lines, "", f"{keys}; * the vendor publishes no contract for it, so ours is assumed."])


def _cell(row: Covered) -> str:
    letters = "".join(_LETTERS[port] for port in row.ports)
    return letters + (_ASSUMED if row.known == "assumed" else "")
