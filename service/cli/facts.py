"""`tickmark settings`, `coverage`, `openapi`: what can be set, what vendors can do, what the contract says."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
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
    """Write the OpenAPI document and the collections made from it, or check that the files are up to date.

    The collections stand beside the document: `postman.json`, and `bruno/` with a file for each request.
    """
    from service.all_operations import contract

    document = contract()
    if str(file) == "-":
        sys.stdout.buffer.write(document)
        return 0
    wanted = {file: document, **_collections(document, file.parent)}
    stale = {path for path in (file.parent / "bruno").rglob("*.bru") if path not in wanted}
    if check:
        wrong = [path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
        if wrong or stale:
            raise CommandError(
                f"{[*wrong, *stale][0]} is not up to date; run `tickmark openapi` and commit what it writes."
            )
        return 0
    for path in stale:
        path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    say(f"{file} written, and the collections beside it.")
    return 0


def _collections(document: bytes, folder: Path) -> dict[Path, bytes]:
    """Each file of the collections, by where it belongs."""
    from service.samples.bruno import to_bruno
    from service.samples.postman import to_postman

    told: dict[str, Any] = msgspec.json.decode(document)
    bruno = {folder / "bruno" / path: content for path, content in to_bruno(told).items()}
    return {folder / "postman.json": to_postman(told), **bruno}
