"""Which methods a path takes: for `Allow`, on OPTIONS and on every 405."""

import re
from collections.abc import Sequence

from service.api.call import Answer
from service.api.operation import Operation, needs_key
from service.errors import METHOD_NOT_ALLOWED, NOT_FOUND, ApiProblem


class Methods:
    """The methods of every path of the API."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        by_path: dict[str, list[str]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, []).append(operation.method)
        # Load balancers and monitors ask with HEAD whether we live. What needs a key has a price, or a page to give.
        self._open = {
            operation.path for operation in operations if operation.method == "GET" and not needs_key(operation)
        }
        for path in self._open:
            by_path[path].append("HEAD")
        most_exact_first = sorted(by_path.items(), key=lambda known: known[0].count("{"))
        self._allow = [(_pattern(path), ", ".join((*sorted(found), "OPTIONS"))) for path, found in most_exact_first]

    def takes_head(self, path: str) -> bool:
        """True of what anybody may read."""
        return path in self._open

    def options(self, path: str) -> Answer:
        """The answer to OPTIONS; a 404 problem where there is nothing."""
        return Answer(204, b"", headers=((b"allow", self._allowed(path).encode()),))

    def not_allowed(self, path: str) -> ApiProblem:
        """The problem of another method than the path takes."""
        allow = self._allowed(path)
        return ApiProblem(METHOD_NOT_ALLOWED, f"This path takes {allow}.", headers=(("allow", allow),))

    def _allowed(self, path: str) -> str:
        trimmed = path.rstrip("/") or "/"
        for pattern, allow in self._allow:
            if pattern.fullmatch(trimmed):
                return allow
        raise ApiProblem(NOT_FOUND, "There is nothing at this path.")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path.replace("{path}", ".+")))
