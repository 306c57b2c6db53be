"""What can go wrong, as steps of a collection: keys, scopes, limits, and lists that break off on the way."""

from typing import Final

from msgspec import Struct


class Trouble(Struct, frozen=True, kw_only=True):
    """A call that shows one refusal, or how one goes on after it. JavaScript as in `steps.Step`."""

    name: str
    says: str
    accepts: tuple[int, ...]
    key: str | None = "TICKMARK_KEY"
    lists: bool = True
    """A list of clients; else `GET /v1/me`."""
    query: tuple[tuple[str, str], ...] = (("limit", "3"),)
    needs: tuple[str, ...] = ()
    saves: tuple[tuple[str, str], ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    again: str | None = None


def _code(code: str) -> tuple[str, str]:
    return f"the problem is {code}", f'found.code === "{code}"'


_IS_FREE: Final = ("it is free", 'header("Usage-Billable") !== "?1"')
_PASSES: Final = "[429, 502, 503, 504].includes(status)"
TROUBLE: Final = (
    Trouble(
        name="401: no key",
        says="A call without a key.",
        accepts=(401,),
        key=None,
        checks=(_code("missing_key"), _IS_FREE),
    ),
    Trouble(
        name="401: a key that does not exist",
        says="A mistyped or revoked key. Who tries many of them is answered 429 for a minute.",
        accepts=(401, 429),
        key="WRONG_KEY",
        needs=("WRONG_KEY",),
        checks=(("the problem says so", '["invalid_key", "rate_limited"].includes(found.code)'), _IS_FREE),
    ),
    Trouble(
        name="403: a key without the scope",
        says="`NARROW_KEY` may do something, but not read clients; the problem names the scope that is wanting.",
        accepts=(403,),
        key="NARROW_KEY",
        needs=("NARROW_KEY",),
        checks=(_code("insufficient_scope"), ("it names the scope", 'found.detail.includes("clients:read")'), _IS_FREE),
    ),
    Trouble(
        name="400: a filter that does not exist",
        says="Nothing is ignored: an unknown parameter is a problem.",
        accepts=(400,),
        query=(("filter[colour]", "green"),),
        checks=(("the problem points at it", "found.errors.length === 1"), _IS_FREE),
    ),
    Trouble(
        name="Pages: the first",
        says="The first page of a list, and the cursor of the next. A page that cannot be had now is asked for again.",
        accepts=(200, 429, 502, 503, 504),
        query=(("limit", "7"),),
        saves=(
            ("CURSOR", 'found.next_cursor ?? ""'),
            ("SEEN", 'found.data.map(one => one.id).join(" ")'),
        ),
        again=_PASSES,
    ),
    Trouble(
        name="Pages: the rest",
        says="Page by page until `next_cursor` is null. When a page fails, the same cursor goes on where it broke off: "
        "no record is missed and none comes twice.",
        accepts=(200, 429, 502, 503, 504),
        query=(("limit", "7"), ("cursor", "{{CURSOR}}")),
        saves=(
            ("CURSOR", 'found.next_cursor ?? ""'),
            ("SEEN", '[get("SEEN"), ...found.data.map(one => one.id)].join(" ")'),
        ),
        checks=(
            ("a page that failed says when to ask again or that one may", "status === 200 || found.retryable"),
            (
                "no record comes twice",
                '(seen => new Set(seen).size === seen.length)(get("SEEN").split(" "))',
            ),
        ),
        again=f'{_PASSES} || get("CURSOR") !== ""',
    ),
    Trouble(
        name="400: the cursor of another list",
        says="A cursor is good for the list it came from, with the same filters.",
        accepts=(400,),
        query=(("limit", "7"), ("cursor", "not-a-cursor-of-ours")),
        checks=(_code("invalid_cursor"), _IS_FREE),
    ),
    Trouble(
        name="429: too many wrong keys",
        says="Our limits answer 429 with `Retry-After`. This one is for keys that do not exist: it bars such keys from "
        "this address for a minute, and no other call. A key's own limit is answered alike.",
        accepts=(401, 429),
        key="WRONG_KEY",
        lists=False,
        query=(),
        needs=("WRONG_KEY",),
        checks=(
            (
                "a refusal says how long to wait",
                'status === 401 || (found.code === "rate_limited" && Number(header("Retry-After")) > 0)',
            ),
        ),
        again="status === 401",
    ),
)
"""In this order: the last one spends the address's trials of wrong keys."""
