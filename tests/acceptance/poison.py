"""Canaries, and the requests that carry them through every operation and form."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec

from service import ids
from service.api.screen import is_card_number
from tests.acceptance.operations import OPERATIONS, prefix_of

CLIENT: Final = "Quillfeather Orchard Canary"
CARDS: Final = ("4539578763621486", "4916 3385 0608 2832", "5425-2334-3010-9903")
SSN, EIN = "078-05-1120", "91-7654321"
PASSWORD: Final = "cnry-Tr0ub4dor-and-3"
NEVER: Final = (CLIENT, *CARDS, *(card.replace(" ", "").replace("-", "") for card in CARDS), SSN, EIN, PASSWORD)
"""What must be found nowhere."""
_FREE: Final = frozenset({"display_name", "name", "description", "notes", "body", "subject", "title", "text", "memo"})
_DIGITS: Final = re.compile(r"(?<![\w.+-])(\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}|\d{14,19})(?![\w-]|\.\d)")


class Poisoned(msgspec.Struct, frozen=True):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes | None


def poisoned(operation: str, connection: str, data: frozenset[str]) -> Iterator[Poisoned]:
    """The requests of one operation. Of those about clients' `data` the first may well succeed."""
    found = OPERATIONS[operation]
    example = _example(found)
    here = _path(found, ids.Book(ids.decode("con", connection), 0, "").ref(prefix_of(found), "1"))
    there = _path(found, quote(f"{CLIENT} {SSN}", safe=""))
    method = str(found["method"])
    headers = {"Connection-Id": connection, "Content-Type": "application/json", "User-Agent": CLIENT, "Referer": SSN}
    query = f"q={quote(CLIENT)}&filter[name]={CARDS[0]}&fields={EIN}&cursor={quote(CLIENT)}&{quote(SSN)}=1"
    keyed = {**headers, "Idempotency-Key": f"{CARDS[0]}.{operation}"}
    yield Poisoned(method, f"{there}?{query}", keyed, None if example is None else msgspec.json.encode(example))
    yield Poisoned("GET", f"{there}/{CARDS[0]}", headers, None)
    if method != "DELETE":
        refs = {**headers, "Ticket-Reference": CARDS[1], "Requested-By": f"{SSN}@x.example", "Approval": CLIENT}
        yield Poisoned(method, f"{here}?{query}", {**refs, "Idempotency-Key": CLIENT}, None)
    if example is None:
        return
    if operation in data:
        mild = msgspec.json.encode(_with(example, CLIENT, only=_FREE))
        yield Poisoned(method, here, {**headers, "Idempotency-Key": f"{operation}.{CARDS[0]}"}, mild)
    for number, word in enumerate((*CARDS, f"{CLIENT}, SSN {SSN}", f"EIN: {EIN}")):
        body = msgspec.json.encode(_with(example, word))
        yield Poisoned(method, here, {**headers, "Idempotency-Key": f"{SSN}.{operation}.{number}"}, body)
    yield Poisoned(method, here, keyed, f'{{"display_name": "{CLIENT} {CARDS[2]} {SSN}", '.encode())


def cards_in(text: str) -> set[str]:
    """Everything that could be a card's number."""
    digits = (re.sub(r"\D", "", found) for found in _DIGITS.findall(text))
    return {one for one in digits if is_card_number(one)}


def _example(operation: dict[str, Any]) -> object:
    body: dict[str, Any] = operation.get("requestBody") or {"content": {}}
    as_json: dict[str, Any] = body["content"].get("application/json") or {}
    return as_json.get("example")


def _path(operation: dict[str, Any], named: str) -> str:
    path = str(operation["path"]).replace("{vendor}", "quickbooks").replace("{n}", "1")
    path = path if "%" in named else path.replace("{path}", "preferences")
    return re.sub(r"\{\w+\}", named, path)


def _with(value: object, word: str, only: Iterable[str] | None = None, name: str = "") -> object:
    """The example with a word in every text, or in the texts of some fields alone."""
    match value:
        case dict():
            return {key: _with(inner, word, only, key) for key, inner in cast(dict[str, object], value).items()}
        case list():
            return [_with(inner, word, only, name) for inner in cast(list[object], value)]
        case str() if only is None or name in only:
            return word
        case _:
            return value
