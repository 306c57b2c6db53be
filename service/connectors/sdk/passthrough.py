"""What of a vendor's own endpoints may be called as they are."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Known: TypeAlias = Literal["documented", "third_party", "assumed"]

_SEGMENT: Final = r"[A-Za-z0-9_~:@][A-Za-z0-9_.~:@-]*"
_ANY: Final = rf"{_SEGMENT}(/{_SEGMENT})*"
SAFE_PATH: Final = re.compile(rf"(/{_SEGMENT})+")


class Rule(Struct, frozen=True):
    """One endpoint below the connector's root. `{}` in its path takes one segment, `{*}` at its end any number."""

    method: Method
    path: str
    about: str
    lane: Literal["read", "write"] = "read"
    known: Known = "assumed"

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
