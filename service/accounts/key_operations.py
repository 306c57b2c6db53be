"""What a key can ask about keys, as the contract says it."""

from typing import Any

from service import errors
from service.accounts.key_routes import KeyRoutes
from service.accounts.key_shapes import (
    KEY_EXAMPLE,
    KEY_ID_EXAMPLE,
    LEAK_EXAMPLE,
    Key,
    KeyChange,
    LeakReport,
    MadeKey,
    NewKey,
    RollKey,
)
from service.accounts.tokens import Peppers
from service.api import parameters
from service.api.operation import Audit, ByTestKey, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import PAGING_PROBLEMS
from service.db.pool import Pool
from service.resources.common import Page

_MADE = {
    **KEY_EXAMPLE,
    "id": "key_01k3sd2r7wfc8tq1n5j6d2v4xs",
    "made_by": KEY_ID_EXAMPLE,
    "token": "tm_live_…",
}
_GIVES = (
    "An owner or admin has to have allowed it, on the page of keys: until then it is answered 403 `not_turned_on`. "
)
_ENDS_WITH = "It ends with the calling key when that is revoked or reported as leaked."


def key_operations(pool: Pool, peppers: Peppers, cursors: Cursors) -> tuple[Operation, ...]:
    """Keys and where they were found."""
    routes = KeyRoutes(pool, peppers, cursors)
    shared: dict[str, Any] = {"tag": "keys", "meter": Meter.NONE, "audit": Audit.MANAGEMENT}
    named = (parameters.path_id("id", "The key's id, `key_…`."),)
    return (
        Operation(
            id="listKeys",
            method="GET",
            path="/v1/keys",
            summary="List keys",
            description="The organization's keys, oldest first, ended ones among them, with when each was last used. "
            "A bound key sees those that are bound to nothing else. Tokens are shown nowhere.",
            scope="keys:read",
            answer=Page[Key],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(KEY_EXAMPLE),
            run=routes.page,
            **shared,
        ),
        Operation(
            id="getKey",
            method="GET",
            path="/v1/keys/{id}",
            summary="Get one key",
            description="One of the organization's keys. What the calling key itself is, `/v1/me` says.",
            scope="keys:read",
            answer=Key,
            parameters=named,
            problems=(errors.NOT_FOUND,),
            example=KEY_EXAMPLE,
            run=routes.one,
            **shared,
        ),
        Operation(
            id="createKey",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/keys",
            summary="Make a key",
            description=f"{_GIVES}The new key can be no more than the one that calls: scopes, mode, firms, "
            f"connections, networks and end all lie within. It makes no keys itself. {_ENDS_WITH} With an "
            "`Idempotency-Key` a repeated request makes one key; its token is shown the first time alone.",
            scope="keys:write",
            status=201,
            answer=MadeKey,
            body=NewKey,
            body_example={"name": "nightly export", "scopes": ["clients:read"], "ip_allow": ["192.0.2.0/24"]},
            problems=(errors.NOT_TURNED_ON,),
            example=_MADE,
            run=routes.create,
            **shared,
        ),
        Operation(
            id="updateKey",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="PATCH",
            path="/v1/keys/{id}",
            summary="Change a key's limit",
            description="How many calls a minute a key may make, where it is to be fewer than keys may; a call over it "
            "is answered 429. For the calling key itself and those that may no more than it, and never more than it "
            "may. To let a slowed key make more again, an owner or admin has to have allowed keys to give.",
            scope="keys:write",
            answer=Key,
            body=KeyChange,
            body_example={"calls_per_minute": 600},
            parameters=named,
            problems=(errors.NOT_FOUND, errors.NOT_TURNED_ON),
            example={**KEY_EXAMPLE, "calls_per_minute": 600},
            run=routes.change,
            **shared,
        ),
        Operation(
            id="rollKey",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/keys/{id}/roll",
            summary="Roll a key",
            description=f"{_GIVES}A new key that may do the same and ends when the old one would have; the old one "
            "still works for the overlap. A key can roll itself, and those that may no more than itself. "
            f"{_ENDS_WITH} So let the old one run out instead of revoking it.",
            scope="keys:write",
            status=201,
            answer=MadeKey,
            body=RollKey,
            body_example={"overlap_s": 3600},
            parameters=named,
            problems=(errors.NOT_FOUND, errors.NOT_TURNED_ON),
            example=_MADE,
            run=routes.roll,
            **shared,
        ),
        Operation(
            id="revokeKey",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/keys/{id}/revoke",
            summary="Revoke a key",
            description="Ends a key that may no more than the calling one, or that one itself, and with it every key "
            "it made and every invitation it sent that nobody has accepted. Refused everywhere within a second.",
            scope="keys:write",
            answer=Key,
            parameters=named,
            problems=(errors.NOT_FOUND,),
            example={**KEY_EXAMPLE, "state": "revoked", "revoked_at": "2026-11-20T16:00:00Z"},
            run=routes.revoke,
            **shared,
        ),
        Operation(
            id="listKeyLeaks",
            method="GET",
            path="/v1/key-leaks",
            summary="List where keys were found",
            description="What secret scanners reported, newest first. A key that is reported has ended already.",
            scope="keys:read",
            answer=Page[LeakReport],
            parameters=(
                parameters.LIMIT,
                parameters.CURSOR,
                parameters.filter_by(
                    "key", {"type": "string", "pattern": "^key_[0-9a-z]{26}$"}, "Of one key, `key_…`."
                ),
            ),
            problems=PAGING_PROBLEMS,
            example=example_page(LEAK_EXAMPLE),
            run=routes.leaks,
            **shared,
        ),
    )
