"""What a key may do: `resource:verb`. Wildcards exist only at creation; a key carries the plain list it was given.

`*:read` and `*:*` stand for everything but keys and people: who wants a key that makes keys names `keys:write`.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from service.accounts.errors import UnknownScopeError
from service.resources.names import RESOURCES

BY_NAME: Final = frozenset({"keys", "members"})
"""Resources that a star in their place does not stand for: what can be done with them gives power to others."""

_OURS = (
    "audit:export",
    "audit:read",
    "billing:export",
    "billing:read",
    "billing:write",
    "connections:export",
    "connections:read",
    "connections:write",
    "consents:read",
    "consents:write",
    "disclosures:read",
    "events:read",
    "evidence:read",
    "firms:read",
    "firms:write",
    "keys:read",
    "keys:write",
    "members:read",
    "members:write",
    "organization:read",
    "organization:write",
    "passthrough:read",
    "passthrough:write",
    "security:read",
    "usage:export",
    "usage:read",
    "usage:write",
    "vendors:read",
    "webhooks:read",
    "webhooks:write",
)

SCOPES: tuple[str, ...] = tuple(
    sorted((*_OURS, *(f"{record}:{verb}" for record in RESOURCES for verb in ("read", "write"))))
)
"""Every scope that a key can have."""


def expand_scopes(asked: Iterable[str]) -> tuple[str, ...]:
    """`*:read` → every read scope of today but those in `BY_NAME`, sorted.

    Raises UnknownScopeError, naming the nearest scope there is.
    """
    granted: set[str] = set()
    for pattern in asked:
        matching = [scope for scope in SCOPES if _covers(pattern, scope)]
        if not matching:
            nearest = get_close_matches(pattern, SCOPES, 1)
            raise UnknownScopeError(f"no scope {pattern!r}" + (f"; did you mean {nearest[0]!r}?" if nearest else ""))
        granted.update(matching)
    return tuple(sorted(granted))


def _covers(pattern: str, scope: str) -> bool:
    """Only a whole half may be a star: `clients:*`, not `cli*:read`."""
    asked, given = pattern.split(":"), scope.split(":")
    if given[0] in BY_NAME and asked[0] == "*":
        return False
    return len(asked) == len(given) and all(a in ("*", g) for a, g in zip(asked, given, strict=True))
