"""Calls that pass through and carry several others: every part is held to what it would be held to alone.

Before anything is sent each part needs its scope, and each write a port of our own that could do it. One that may not
be refuses the whole, and the problem points at it. Consent asks nothing more: what passes through rests on a consent to
everything, which no part can go beyond.

Afterwards the parts that the vendor did not refuse are counted, and the records they wrote stand in the audit log. One
call is one unit on its meter; where the vendor refused every part the call is no success, so it is free.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from service.api.bodies import decode_body
from service.api.call import Call
from service.api.problems import to_problem
from service.connectors.sdk.faults import Invalid
from service.connectors.sdk.passthrough import Bundle, Done, Part
from service.errors import (
    INSUFFICIENT_SCOPE,
    INVALID_PARAMETER,
    PASSTHROUGH_NOT_ALLOWED,
    ApiProblem,
    FieldError,
    Kind,
    wrong_field,
)
from service.unified.noun import Noun
from service.unified.ways import Way

_READ_SCOPE = "passthrough:read"


def refuse_bundle(call: Call, way: Way, bundle: Bundle, query: tuple[tuple[str, str], ...], body: bytes) -> None:
    """Raises the problem of the first part that would be refused alone."""
    ours, _ = bundle.once("")
    if any(name == ours for name, _ in query):
        raise ApiProblem(
            INVALID_PARAMETER,
            f"`{ours}` is made from the Idempotency-Key.",
            errors=(FieldError(f"query/{ours}", "unsupported", "Leave it out."),),
        )
    asked = decode_body(body, bundle.body)
    _refuse_hidden(msgspec.json.decode(body), way.connector.redact, "")
    try:
        parts = bundle.parts(asked)
    except Invalid as fault:
        raise to_problem(fault, way.connector.slug) from fault
    for part in parts:
        _refuse_part(call, way, part)


def note_done(call: Call, way: Way, nouns: Mapping[str, Noun], done: tuple[Done, ...]) -> None:
    """Leaves on the call what its parts came to, for the receipt and the audit log."""
    good = [one for one in done if not one.failed]
    call.rows = len(good)
    call.faulted = bool(done) and not good
    call.records = tuple(
        way.book.ref(nouns[one.noun].prefix, one.remote_id)
        for one in good
        if one.noun is not None and one.remote_id is not None
    )


def _refuse_part(call: Call, way: Way, part: Part) -> None:
    needed = [_READ_SCOPE] if part.port == "read" else [f"{noun}:write" for noun in part.nouns]
    for scope in needed:
        if scope not in call.known_caller.scopes:
            raise _refused(INSUFFICIENT_SCOPE, part, "scope", f"This part needs the scope `{scope}`.")
    bindings = way.connector.bindings()
    if part.port != "read" and not any(part.port in bindings[noun].ports for noun in part.nouns if noun in bindings):
        able = f"{way.connector.name} has no `{part.port}` for {' or '.join(part.nouns)}."
        raise _refused(PASSTHROUGH_NOT_ALLOWED, part, "unsupported", able)


def _refuse_hidden(value: object, hidden: frozenset[str], at: str) -> None:
    """What is never shown, such as a government id, is not written either: no noun's write has a field for it."""
    if isinstance(value, dict):
        for name, inner in cast(dict[str, object], value).items():
            pointer = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
            if name in hidden:
                raise wrong_field(pointer, "Nothing that is kept from answers is written this way.", "unsupported")
            _refuse_hidden(inner, hidden, pointer)
    elif isinstance(value, list):
        for place, inner in enumerate(cast(list[object], value)):
            _refuse_hidden(inner, hidden, f"{at}/{place}")


def _refused(kind: Kind, part: Part, code: str, message: str) -> ApiProblem:
    return ApiProblem(kind, f"`{part.at}`: {message}", errors=(FieldError(part.at, code, message),))
