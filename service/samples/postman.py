"""The contract as a Postman collection, format 2.1."""

from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import msgspec

from service.samples.requests import KEY, PLACE, Contract, SampleRequest
from service.samples.scripts import POSTMAN, after, before
from service.samples.steps import BASE_URL, Step, folders_of, places_of

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_ABOUT: Final = """\
Every operation of the Tickmark API, then what can go wrong: 401, 403, 429 and lists that break off.

Set `TICKMARK_KEY` to a test key and `CONNECTION_ID` to a sandbox connection, then send single requests or run it all.
A run writes: it makes records at the sandbox and settings of your organization; it changes and deletes only what it
made itself. All that stands in it is invented; keys are never kept in it."""


def to_postman(contract: Contract) -> bytes:
    """The collection as a file: the same bytes for the same contract."""
    folders = folders_of(contract)
    places = places_of(folders)
    collection = {
        "info": {
            "_postman_id": str(uuid5(NAMESPACE_URL, contract["servers"][0]["url"])),
            "name": "Tickmark",
            "description": f"{_ABOUT}\n\nContract {contract['info']['version']}.",
            "schema": _SCHEMA,
        },
        "auth": _bearer(KEY),
        "item": [
            {"name": folder.name, "item": [_item(step, folder.name) for step in folder.steps]} for folder in folders
        ],
        "variable": [
            {"key": BASE_URL, "value": contract["servers"][0]["url"]},
            {"key": "WRONG_KEY", "value": "tm_test_nobody_has_this_key"},
            *({"key": place.name, "value": "", "description": place.says} for place in places),
        ],
    }
    return msgspec.json.format(msgspec.json.encode(collection), indent=1) + b"\n"


def _item(step: Step, folder: str) -> dict[str, Any]:
    request = _request(step)
    item: dict[str, Any] = {
        "name": step.name,
        "event": [_event("test", after(step, POSTMAN))],
        "request": request,
        "response": [],
    }
    if step.needs:
        item["event"].insert(0, _event("prerequest", before(step, POSTMAN)))
    if step.answer is not None:
        item["response"].append(_answer(step, request))
    return {"id": str(uuid5(NAMESPACE_URL, f"{folder}/{step.name}")), **item}


def _request(step: Step) -> dict[str, Any]:
    request = step.request
    found: dict[str, Any] = {
        "method": request.method,
        "header": [{"key": name, "value": value} for name, value in request.headers],
        "url": _url(request),
        "description": step.says,
    }
    if step.key is None:
        found["auth"] = {"type": "noauth"}
    elif step.key != KEY:
        found["auth"] = _bearer(step.key)
    if request.body is not None:
        body = msgspec.json.format(msgspec.json.encode(request.body), indent=2).decode()
        found["body"] = {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}
    if request.sends_file is not None:
        found["body"] = {"mode": "raw", "raw": "Invented bytes.\n"}
    return found


def _url(request: SampleRequest) -> dict[str, Any]:
    found: dict[str, Any] = {
        "raw": request.url(f"{{{{{BASE_URL}}}}}"),
        "host": [f"{{{{{BASE_URL}}}}}"],
        "path": request.path.strip("/").split("/"),
    }
    if request.query:
        found["query"] = [{"key": name, "value": value} for name, value in request.query]
    return found


def _answer(step: Step, request: dict[str, Any]) -> dict[str, Any]:
    """An example kept beside the request; what could be personal in it is invented."""
    return {
        "name": "A good answer",
        "originalRequest": request,
        "status": "OK" if step.accepts[0] == 200 else "Created",
        "code": step.accepts[0],
        "_postman_previewlanguage": "json",
        "header": [{"key": "Content-Type", "value": "application/json"}],
        "body": msgspec.json.format(msgspec.json.encode(step.answer), indent=2).decode(),
    }


def _event(listen: str, lines: tuple[str, ...]) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": list(lines)}}


def _bearer(place: str) -> dict[str, Any]:
    assert PLACE.fullmatch(f"{{{{{place}}}}}")
    return {"type": "bearer", "bearer": [{"key": "token", "value": f"{{{{{place}}}}}", "type": "string"}]}
