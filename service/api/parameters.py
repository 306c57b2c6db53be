"""Parameters that many operations share, as the contract shows them."""

from typing import Any, Final

from service.api.operation import Parameter

CONNECTION: Final = Parameter(
    name="Connection-Id",
    place="header",
    schema={"type": "string", "pattern": "^con_[0-9a-hjkmnp-tv-z]{26}$"},
    description="The connection to list or write to. May be left out when the key can see exactly one.",
)
ACCOUNT: Final = Parameter(
    name="Account-Id",
    place="header",
    schema={"type": "string", "maxLength": 200},
    description="The vendor's id of the account, where a connection has several (a QuickBooks realm).",
)
IDEMPOTENCY_KEY: Final = Parameter(
    name="Idempotency-Key",
    place="header",
    schema={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    description="A fresh UUID for each write; the same one when the write is sent again. Kept for 30 days.",
    required=True,
    example="3f0d9e0c-6f0e-4f6e-9a53-0c7d4b3d9d10",
)
WAIT: Final = Parameter(
    name="Prefer",
    place="header",
    schema={"type": "string"},
    description="`wait=0` to `wait=20`: for how many seconds the call may wait for room under the vendor's limits.",
)
WAIT_OR_ASYNC: Final = Parameter(
    name="Prefer",
    place="header",
    schema={"type": "string"},
    description=f"{WAIT.description} `respond-async`: do not wait for the write; it is answered 202 at once.",
)
IF_MATCH: Final = Parameter(
    name="If-Match",
    place="header",
    schema={"type": "string", "pattern": '^"[\\x21\\x23-\\x7e]{1,200}"$'},
    description="The `ETag` that the record had when it was read: the write fails with 412 when it has changed since.",
)
IF_NONE_MATCH: Final = Parameter(
    name="If-None-Match",
    place="header",
    schema={"type": "string"},
    description="An `ETag`: answers 304, free of charge, while the record still has it.",
)
DRY_RUN: Final = Parameter(
    name="dry_run",
    place="query",
    schema={"type": "boolean"},
    description="`true`: checks the write and says what it would count as; nothing is sent or billed.",
)
MAX_AGE: Final = Parameter(
    name="max_age",
    place="query",
    schema={"type": "integer", "minimum": 0, "maximum": 86_400},
    description="The oldest answer that will do, in seconds. Answers are live at present, so any value is met.",
)
LIMIT: Final = Parameter(
    name="limit",
    place="query",
    schema={"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    description="Records on a page.",
)
CURSOR: Final = Parameter(
    name="cursor",
    place="query",
    schema={"type": "string", "minLength": 1, "maxLength": 2048},
    description="`next_cursor` of the page before, unchanged, with the same filters. Good for 24 hours.",
)
UPDATED_AFTER: Final = Parameter(
    name="updated_after",
    place="query",
    schema={"type": "string", "format": "date-time"},
    description="Only records changed at or after this instant.",
)
SINCE: Final = Parameter(
    name="since",
    place="query",
    schema={"type": "string", "format": "date-time"},
    description="Only what happened at or after this instant.",
)
UNTIL: Final = Parameter(
    name="until",
    place="query",
    schema={"type": "string", "format": "date-time"},
    description="Only what happened before this instant.",
)
INCLUDE_DELETED: Final = Parameter(
    name="include_deleted",
    place="query",
    schema={"type": "boolean"},
    description="`true`: the first page also has `deleted`, all that was deleted at or after `updated_after`, where "
    "the vendor tells. How far it looks back is in its coverage.",
)
INCLUDE: Final = Parameter(
    name="include",
    place="query",
    schema={
        "type": "array",
        "items": {"type": "string", "enum": ["raw", "unmapped"]},
        "minItems": 1,
        "uniqueItems": True,
    },
    description="`raw`: the vendor's own record. `unmapped`: what of it has no place in ours. Separated by commas.",
)


def one_of(name: str, values: tuple[str, ...], description: str) -> Parameter:
    """A query parameter that takes one of some words."""
    return Parameter(name=name, place="query", schema={"type": "string", "enum": list(values)}, description=description)


def list_of(name: str, values: tuple[str, ...], description: str) -> Parameter:
    """A query parameter that takes some of some words, separated by commas."""
    schema = {
        "type": "array",
        "items": {"type": "string", "enum": list(values)},
        "minItems": 1,
        "uniqueItems": True,
    }
    return Parameter(name=name, place="query", schema=schema, description=description)


def filter_by(name: str, schema: dict[str, Any], description: str) -> Parameter:
    """A filter of a list."""
    return Parameter(name=f"filter[{name}]", place="query", schema=schema, description=description)


def path_id(name: str, description: str, example: str | None = None) -> Parameter:
    """An id in the path; one that is not of ours needs an example."""
    return Parameter(
        name=name, place="path", schema={"type": "string"}, description=description, required=True, example=example
    )
