"""What a key may do: `resource:verb`. Wildcards exist only at creation; a key carries the plain list it was given."""

from collections.abc import Iterable
from difflib import get_close_matches

from service.accounts.errors import UnknownScopeError

SCOPES: tuple[str, ...] = (
    "billing:read",
    "clients:read",
    "clients:write",
    "connections:read",
    "connections:write",
    "contacts:read",
    "contacts:write",
    "credits:read",
    "credits:write",
    "custom_fields:read",
    "document_requests:read",
    "document_requests:write",
    "documents:read",
    "documents:write",
    "engagements:read",
    "engagements:write",
    "invoices:read",
    "invoices:write",
    "organizers:read",
    "organizers:write",
    "payments:read",
    "payments:write",
    "service_items:read",
    "tasks:read",
    "tasks:write",
    "time_entries:read",
    "time_entries:write",
    "tracking:read",
    "usage:read",
    "users:read",
    "vendors:read",
)


def expand_scopes(asked: Iterable[str]) -> tuple[str, ...]:
    """`*:read` → every read scope of today, sorted. Raises UnknownScopeError, naming the nearest scope there is."""
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
    return len(asked) == len(given) and all(a in ("*", g) for a, g in zip(asked, given, strict=True))
