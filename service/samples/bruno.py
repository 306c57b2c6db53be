"""The contract as a Bruno collection: a folder of text files."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from service.samples.requests import KEY, Contract
from service.samples.scripts import BRUNO, after, before
from service.samples.steps import BASE_URL, Folder, Step, folders_of, places_of

_SECRET: Final = (KEY, "NARROW_KEY")
_ABOUT: Final = """\
Every operation of the Tickmark API, then what can go wrong: 401, 403, 429 and lists that break off.

Choose the environment Demo, set TICKMARK_KEY to a test key and CONNECTION_ID to a sandbox connection.
A run writes: it makes records at the sandbox and settings of your organization; it changes and deletes only what it
made itself. All that stands in it is invented; keys are never kept in it."""


def to_bruno(contract: Contract) -> dict[str, bytes]:
    """Each file by its path below the collection's folder: the same bytes for the same contract."""
    folders = folders_of(contract)
    names = [place.name for place in places_of(folders) if place.name not in _SECRET]
    values = {BASE_URL: contract["servers"][0]["url"], "WRONG_KEY": "tm_test_nobody_has_this_key"}
    found = {
        "bruno.json": msgspec.json.format(
            b'{"version": "1", "name": "Tickmark", "type": "collection"}', indent=2
        ).decode(),
        "collection.bru": _blocks(
            ("auth", ("mode: bearer",)), ("auth:bearer", (f"token: {{{{{KEY}}}}}",)), ("docs", _ABOUT.splitlines())
        ),
        "environments/Demo.bru": _blocks(
            ("vars", [f"{name}: {values.get(name, '')}".rstrip() for name in (*values, *names)])
        )
        + "vars:secret [\n"
        + ",\n".join(f"  {name}" for name in _SECRET)
        + "\n]\n",
    }
    for place, folder in enumerate(folders, 1):
        found |= _folder(folder, place)
    return {path: (text.rstrip("\n") + "\n").encode() for path, text in found.items()}


def _folder(folder: Folder, place: int) -> dict[str, str]:
    slug = _slug(folder.name)
    found = {f"{slug}/folder.bru": _blocks(("meta", (f"name: {folder.name}", f"seq: {place}")))}
    for turn, step in enumerate(folder.steps, 1):
        found[f"{slug}/{_slug(step.name)}.bru"] = _step(step, turn)
    return found


def _step(step: Step, turn: int) -> str:
    request = step.request
    auth = "none" if step.key is None else "inherit" if step.key == KEY else "bearer"
    body = "json" if request.body is not None else "text" if request.sends_file else "none"
    verb = (f"url: {request.url(f'{{{{{BASE_URL}}}}}')}", f"body: {body}", f"auth: {auth}")
    blocks: list[tuple[str, Sequence[str]]] = [
        ("meta", (f"name: {step.name}", "type: http", f"seq: {turn}")),
        (request.method.lower(), verb),
        ("params:query", [f"{name}: {value}" for name, value in request.query]),
        ("headers", [f"{name}: {value}" for name, value in request.headers]),
        ("auth:bearer", [f"token: {{{{{step.key}}}}}"] if auth == "bearer" else []),
    ]
    if request.body is not None:
        blocks.append(
            ("body:json", msgspec.json.format(msgspec.json.encode(request.body), indent=2).decode().splitlines())
        )
    if request.sends_file is not None:
        blocks.append(("body:text", ["Invented bytes."]))
    blocks.append(("script:pre-request", before(step, BRUNO)))
    blocks.append(("tests", after(step, BRUNO)))
    blocks.append(("docs", _docs(step)))
    return _blocks(*blocks)


def _docs(step: Step) -> list[str]:
    lines = step.says.splitlines()
    if step.answer is None:
        return lines
    shown = msgspec.json.format(msgspec.json.encode(step.answer), indent=2).decode().splitlines()
    return [*lines, "", "```json", *shown, "```"]


def _blocks(*blocks: tuple[str, Sequence[str]]) -> str:
    parts = [
        f"{name} {{\n" + "".join(f"  {line}".rstrip() + "\n" for line in lines) + "}\n"
        for name, lines in blocks
        if lines
    ]
    return "\n".join(parts)


def _slug(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
