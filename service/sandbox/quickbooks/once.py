"""Writes that happen once per `requestid`: a repeat gets the first answer again, a refusal too."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from service.sandbox.http import Request, Response
from service.sandbox.quickbooks import errors
from service.sandbox.quickbooks.errors import FaultError

_KEPT_REQUESTS = 100_000
Write: TypeAlias = Callable[[], Response]


class Once:
    """The answers that are kept; `time` is what an answer says it is."""

    def __init__(self, time: Callable[[], str]) -> None:
        self._time = time
        self._kept: OrderedDict[str, Response] = OrderedDict()

    def reset(self) -> None:
        """Keeps none."""
        self._kept.clear()

    def perform(self, request: Request, longest: int, write: Write) -> Response:
        """The answer of a write; `longest` is how long its `requestid` may be."""
        key = request.query.get("requestid")
        if key is None:
            return write()
        if not 1 <= len(key) <= longest:
            raise FaultError(
                "2050", f"String length specified does not match the supported length. Max:{longest}", "requestid"
            )
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        try:
            response = write()
        except FaultError as error:
            response = errors.envelope(error, self._time())
        self._kept[key] = response
        if len(self._kept) > _KEPT_REQUESTS:
            self._kept.popitem(last=False)
        return response
