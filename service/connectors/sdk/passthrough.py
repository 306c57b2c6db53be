"""What of a vendor's own endpoints may be called as they are."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Known: TypeAlias = Literal["documented", "third_party", "assumed"]
PartPort: TypeAlias = Literal["read", "create", "update", "delete"]

_SEGMENT: Final = r"[A-Za-z0-9_~:@][A-Za-z0-9_.~:@-]*"
_ANY: Final = rf"{_SEGMENT}(/{_SEGMENT})*"
SAFE_PATH: Final = re.compile(rf"(/{_SEGMENT})+")


class Part(Struct, frozen=True, kw_only=True):
    """One of the things that a call asks for which carries several."""

    at: str
    """JSON pointer to it in the body."""
    port: PartPort
    nouns: tuple[str, ...] = ()
    """The unified resources that a write may be at: it has to be allowed for each. Reading is allowed or not as for
    any call that passes through."""


class Done(Struct, frozen=True, kw_only=True):
    """What became of one part."""

    failed: bool
    noun: str | None = None
    remote_id: str | None = None
    """Of the record that was written, where one was."""


class Bundle(Struct, frozen=True, kw_only=True):
    """How a call that carries several others is taken apart, so that each is held to what it would be held to alone."""

    body: Any
    """The type of its body."""
    parts: Callable[[Any], tuple[Part, ...]]
    """What a body asks for. Raises Invalid that points at what can never be sent."""
    once: Callable[[str], tuple[str, str]]
    """The parameter that makes the vendor carry all of it out once, from our key."""
    done: Callable[[bytes], tuple[Done, ...]]
    """What became of each, by the vendor's good answer."""
    counts_as: str
    """The limit that the vendor has for such calls."""


class Rule(Struct, frozen=True):
    """One endpoint below the connector's root. `{}` in its path takes one segment, `{*}` at its end any number."""

    method: Method
    path: str
    about: str
    lane: Literal["read", "write"] = "read"
    known: Known = "assumed"
    bundle: Bundle | None = None
    """Set where one call carries several."""

    def fits(self, method: str, path: str) -> bool:
        """Whether it is this endpoint."""
        return method == self.method and _pattern(self.path).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\{\}", _SEGMENT).replace(r"\{\*\}", _ANY))


class Group(Struct, frozen=True, kw_only=True):
    """One chapter of a vendor's own reference, and where each part of it is to be had here."""

    name: str
    operations: int
    """As many as the vendor counts."""
    nouns: Mapping[str, tuple[str, ...]] = {}
    """By noun: the ports that its operations stand behind."""
    rules: tuple[Rule, ...] = ()
    closed: str = ""
    """Why some of it, or all, cannot be reached through us."""


class Passthrough(Struct, frozen=True, kw_only=True):
    """A vendor's endpoints for passthrough, and the headers that a caller may send along."""

    rules: tuple[Rule, ...]
    headers: tuple[str, ...] = ()
    """In lower case; never credentials."""

    def rule(self, method: str, path: str) -> Rule | None:
        """The rule that lets a call through; None where none does."""
        if SAFE_PATH.fullmatch(path) is None:
            return None
        return next((rule for rule in self.rules if rule.fits(method, path)), None)
