"""What commands print: aligned tables for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from rich.console import Console
from rich.text import Text

from service import ids

Row: TypeAlias = Mapping[str, Any]


def show(rows: Sequence[Row], *, as_json: bool, none: str = "None.") -> None:
    """Rows with the same keys, in order: a table under those keys, or a JSON array."""
    if as_json:
        show_json(rows)
        return
    if not rows:
        say(none)
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for number, line in enumerate(cells):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        say(text.replace("_", " ") if number == 0 else text, style="bold" if number == 0 else "")


def show_json(value: object) -> None:
    """The value as indented JSON."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def say(text: str, style: str = "") -> None:
    """One line to standard output, never cut or wrapped."""
    console = Console(highlight=False, emoji=False, markup=False)
    console.print(Text(text, style=style), soft_wrap=True)


def complain(text: str) -> None:
    """One line to standard error."""
    sys.stderr.write("tickmark: " + " ".join(text.split()) + "\n")


def ref(prefix: str, value: UUID | None) -> str | None:
    """`org_…` and so on; None stays None."""
    return None if value is None else ids.encode(prefix, value)


def instant(value: datetime | None) -> str | None:
    """To the second, in UTC."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case tuple() | list():
            return ", ".join(str(one) for one in value) or "-"  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
        case _:
            return str(value)
