"""`tickmark settings`, `coverage`, `openapi`: what can be set, what vendors can do, what the contract says."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from service.cli.coverage import coverage
from service.cli.errors import CommandError
from service.cli.options import Json
from service.cli.output import say, show_json
from service.settings import describe

CONTRACT = Path(__file__).parents[2] / "openapi/openapi.json"


def add_facts(app: App) -> None:
    """Puts these commands into the application."""
    for command in (settings, coverage, openapi):
        app.command(command)


def settings(*, as_json: Json = False) -> None:
    """List every setting, its default and what the environment says; secrets are masked."""
    found = describe(os.environ)
    if as_json:
        show_json(found)
        return
    for one in found:
        default = "required" if one.required else f"default {one.default}" if one.default else "optional"
        set_to = f" = {one.value}" if one.value is not None else ""
        say(f"{one.name}{set_to}", style="bold")
        say(f"    {one.says}")
        say(f"    {one.form}; {default}")


def openapi(
    *,
    check: Annotated[
        bool, Parameter(negative=(), help="Write nothing; exit code 1 if the file is not up to date.")
    ] = False,
    file: Annotated[Path, Parameter(help="Where the document is kept; - for standard output.")] = CONTRACT,
) -> int:
    """Write the OpenAPI document of the API, or check that the one in the repository is up to date."""
    from service.app import contract

    document = contract()
    if str(file) == "-":
        sys.stdout.buffer.write(document)
        return 0
    if not check:
        file.write_bytes(document)
        say(f"{file} written.")
        return 0
    if not file.exists() or file.read_bytes() != document:
        raise CommandError(f"{file} is not up to date; run `tickmark openapi` and commit it.")
    return 0
