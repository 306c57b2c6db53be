"""What of a vendor's own endpoints may be called as they are."""

import re
from typing import Literal

from msgspec import Struct


class Rule(Struct, frozen=True):
    """One endpoint below the connector's root. `{}` in its path takes one segment."""

    method: Literal["GET", "POST"]
    path: str
    about: str
    lane: Literal["read", "write"] = "read"

    def fits(self, method: str, path: str) -> bool:
        """Whether it is this endpoint."""
        return method == self.method and re.fullmatch(re.escape(self.path).replace(r"\{\}", _SEGMENT), path) is not None


_SEGMENT = r"[A-Za-z0-9_~:@][A-Za-z0-9_.~:@-]*"
SAFE_PATH = re.compile(rf"(/{_SEGMENT})+")


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
