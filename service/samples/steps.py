"""The steps of a collection: every operation in its folder, then what can go wrong, each with what has to come back.

A collection may be run from top to bottom: lists keep an id for what follows, and only what a run has made itself is
changed or deleted. A step whose places are empty is passed over.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from service.samples.requests import (
    FRESH,
    KEY,
    PLACE,
    Contract,
    Operation,
    Place,
    SampleRequest,
    SampleRequests,
    is_for_customers,
    name_of_place,
    substituted,
)
from service.samples.trouble import TROUBLE, Trouble

BASE_URL: Final = "BASE_URL"
NARROW_KEY: Final = "NARROW_KEY"
_REFUSALS: Final = {
    "read": (501,),
    "document": (422, 501),
    "write": (202, 409, 422, 501),
    "passthrough": (404, 501),
}
"""What a connection may answer as well, by meter: not each vendor can do all, or takes the values of the sample, and a
second run meets the records of the first."""
_GIVING: Final = {"keys": (403,), "team": (403,)}
"""What not every key may: it takes scopes that are named, and an owner's word."""
_MAY_LACK: Final = {"getCallBodies": (404,)}
"""What only some things have: bodies are kept of calls with test keys, where that is switched on."""
_AIMED: Final = {
    "APPROVAL_ID": "APPROVAL_TO_DECIDE",
    "CONNECTION_ID": "CONNECTION_TO_CHANGE",
    "FIRM_ID": "FIRM_TO_BIND",
    "ISSUE_ID": "ISSUE_TO_SETTLE",
}
"""What a run makes none of, and nobody wants changed by the way, has a place of its own, empty at first."""


class Step(Struct, frozen=True, kw_only=True):
    """One request of a collection."""

    name: str
    says: str
    request: SampleRequest
    key: str | None
    """The place of the key it is sent with."""
    accepts: tuple[int, ...]
    needs: tuple[str, ...] = ()
    """Places that must not be empty."""
    saves: tuple[tuple[str, str], ...] = ()
    """Place and where its value stands in a good answer, as JavaScript over `found`."""
    checks: tuple[tuple[str, str], ...] = ()
    """What else is checked of the answer: words, and JavaScript that is true."""
    again: str | None = None
    """JavaScript: when the same step is to be sent once more."""
    answer: Any = None
    """A good answer, of invented data."""


class Folder(Struct, frozen=True):
    """Steps that belong together, in the order in which they run."""

    name: str
    steps: tuple[Step, ...]


def folders_of(contract: Contract) -> tuple[Folder, ...]:
    """All of them, lists before what needs their ids."""
    requests = SampleRequests(contract)
    tags: dict[str, list[Step]] = {"connections": [], "clients": [], "users": []}
    for operation in requests.operations.values():
        if is_for_customers(operation):
            tags.setdefault(operation["tags"][0], []).append(_step(operation, requests.of(operation)))
    used = {place.name for steps in tags.values() for step in steps for place in step.request.places}
    tags = {tag: [_saving_only(used, step) for step in steps] for tag, steps in tags.items()}
    whole = [Folder(tag.replace("_", " "), tuple(sorted(steps, key=_turn))) for tag, steps in tags.items()]
    listed = requests.of(requests.operations["listClients"])
    me = requests.of(requests.operations["getMe"])
    troubles = tuple(_trouble(one, listed if one.lists else me) for one in TROUBLE)
    return *whole, Folder("what can go wrong", troubles)


def places_of(folders: tuple[Folder, ...]) -> tuple[Place, ...]:
    """Every place of a collection, each once."""
    found = {place.name: place for folder in folders for step in folder.steps for place in step.request.places}
    found[NARROW_KEY] = Place(NARROW_KEY, "a key without the scope `clients:read`")
    made = {name for folder in folders for step in folder.steps for name, _ in step.saves}
    return *found.values(), *(Place(name, "kept by a step") for name in sorted(made - set(found)))


def _step(operation: Operation, request: SampleRequest) -> Step:
    own = PLACE.search(request.path)
    if own is not None and operation["method"] != "GET":
        request = _renamed(request, own[1], _AIMED.get(own[1], f"NEW_{own[1]}"))
    makes = operation["method"] == "POST" and 201 in request.statuses
    return Step(
        name=operation["summary"],
        says=operation["description"],
        request=request,
        key=KEY if request.needs_key else None,
        accepts=(
            *request.statuses,
            *_REFUSALS.get(operation["x-meter"], ()),
            *_MAY_LACK.get(operation["operationId"], ()),
            *_GIVING.get(operation["tags"][0], ()),
        ),
        needs=tuple(place.name for place in request.places if place.name != KEY),
        saves=tuple(_saved(operation, makes)),
        answer=next(_examples(operation), None),
    )


def _examples(operation: Operation) -> Iterator[Any]:
    """The good answers that the contract shows."""
    for status, answer in operation["responses"].items():
        if status < "3":
            yield from (kind["example"] for kind in answer.get("content", {}).values() if "example" in kind)


def _saved(operation: Operation, makes: bool) -> Iterator[tuple[str, str]]:
    """A list keeps its first id, a creation the new one."""
    name = name_of_place(operation["path"])
    if operation["operationId"] == "listConnections":
        yield "FIRM_ID", "found.data[0].firm"
    elif operation["operationId"] == "pingWebhookEndpoint":
        yield "WEBHOOK_DELIVERY_ID", "found.id"
        yield "NEW_WEBHOOK_DELIVERY_ID", "found.id"
    elif operation["method"] == "GET" and operation["operationId"].startswith("list") and name != "CONNECTION_ID":
        yield name, "found.data[0]?.id"
    elif makes:
        yield f"NEW_{name}", "found.id"
    elif operation["operationId"] == "getMe":
        yield "REQUEST_ID", 'header("Request-Id")'


def _saving_only(used: set[str], step: Step) -> Step:
    return replace(step, saves=tuple((name, value) for name, value in step.saves if name in used))


def _turn(step: Step) -> int:
    """Lists first, then creations, then what reads or changes one record, and last what ends one."""
    method, ends_in_id = step.request.method, "{{" in step.request.path
    ends_one = method == "DELETE" or step.request.path.endswith("/revoke")
    return 3 if ends_one else 2 if ends_in_id else 1 if method == "POST" else 0


def _renamed(request: SampleRequest, old: str, new: str) -> SampleRequest:
    def form(name: str) -> str:
        return f"{{{{{new if name == old else name}}}}}"

    return replace(
        request,
        path=substituted(request.path, form),
        headers=tuple((name, substituted(value, form)) for name, value in request.headers),
        places=tuple(Place(new, place.says) if place.name == old else place for place in request.places),
    )


def _trouble(one: Trouble, request: SampleRequest) -> Step:
    found = replace(request, query=one.query, headers=request.headers if one.lists else ())
    used = [name for _, value in one.query for name in PLACE.findall(value) if name != FRESH]
    return Step(
        name=one.name,
        says=one.says,
        request=found,
        key=one.key,
        accepts=one.accepts,
        needs=tuple(dict.fromkeys((*(("CONNECTION_ID",) if one.lists else ()), *used, *one.needs))),
        saves=one.saves,
        checks=one.checks,
        again=one.again,
    )
