"""From a request to its operation.

Litestar knows every route and says what is wrong with the rest. The metered operations, and those with a plain path, go
a short way past it: to find and run them takes a microsecond here and eighteen there, more than all of our own edge.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, cast

from litestar import Litestar

from service.api.asgi import App, Receive, Scope, Send
from service.api.call import Answer, Call, call_in
from service.api.methods import Methods
from service.api.operation import Meter, Operation, carry_out, handler, needs_key
from service.api.problems import as_problem, exception_handler, to_answer
from service.errors import NOT_FOUND, ApiProblem

_NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})


class Routing:
    """All operations as one ASGI application. Every scope that comes in has its Call."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        known = tuple(operations)
        self._methods = Methods(known)
        self._plain: dict[tuple[str, str], Operation] = {}
        self._ending: dict[tuple[str, str], tuple[Operation, str]] = {}
        for operation in known:
            if operation.meter is not Meter.NONE or (needs_key(operation) and "{" not in operation.path):
                self._add_short_way(operation)
        self.litestar = Litestar(
            route_handlers=[handler(operation) for operation in known],
            exception_handlers={Exception: exception_handler(self._methods)},
            openapi_config=None,
            logging_config=None,
        )

    async def short_way(self, call: Call) -> Answer | App | None:
        """The answer of a metered operation, or the stream it is; None for what goes the long way."""
        found = self._find(call.method, call.path)
        if found is None:
            return None
        operation, call.scope["path_params"] = found
        try:
            return await carry_out(call, operation)
        except Exception as exception:  # the last resort, as on the long way
            return to_answer(as_problem(exception, call), call)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The long way. Litestar would pass over empty segments: who leaves an id out would get, and pay, the list."""
        if scope["type"] == "http" and _has_empty_segment(scope["path"]):
            await self._nothing(call_in(scope))(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "OPTIONS":
            await self._options(call_in(scope))(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "HEAD" and self._methods.takes_head(scope["path"]):
            await cast(App, self.litestar)({**scope, "method": "GET"}, receive, send)  # the server leaves the body out
        else:
            await cast(App, self.litestar)(scope, receive, send)

    def _add_short_way(self, operation: Operation) -> None:
        head, _, last = operation.path.rpartition("/")
        if "{" not in operation.path:
            self._plain[operation.method, operation.path] = operation
        elif "{" not in head:
            self._ending[operation.method, head] = (operation, last.strip("{}"))

    def _find(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The metered operation at exactly this path; None for what goes the long way."""
        operation = self._plain.get((method, path))
        if operation is not None:
            return operation, _NO_PARAMETERS
        head, _, last = path.rpartition("/")
        ending = self._ending.get((method, head))
        return (ending[0], {ending[1]: last}) if ending is not None and last else None

    def _nothing(self, call: Call) -> Answer:
        return to_answer(as_problem(ApiProblem(NOT_FOUND, "There is nothing at this path."), call), call)

    def _options(self, call: Call) -> Answer:
        try:
            return self._methods.options(call.path)
        except Exception as exception:
            return to_answer(as_problem(exception, call), call)


def _has_empty_segment(path: str) -> bool:
    return path.startswith("/v1/") and (path.endswith("/") or "//" in path)
