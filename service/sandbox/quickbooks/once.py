"""Writes that happen once per `requestid`: a repeat gets the first answer again, a refusal too.

In a batch it is `requestid` and the item's `bId` together that are known again.
Source: https://blogs.intuit.com/2015/04/06/15346/, read 2026-11-20.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from service.sandbox.http import Json, Request, Response
from service.sandbox.quickbooks import errors
from service.sandbox.quickbooks.errors import FaultError

_KEPT_REQUESTS = 100_000
_LONGEST_OF_BATCH = 36
_LONGEST_BID = 10
Write: TypeAlias = Callable[[], Response]
Item: TypeAlias = Callable[[], Json]


class Once:
    """The answers that are kept; `time` is what an answer says it is."""

    def __init__(self, time: Callable[[], str]) -> None:
        self._time = time
        self._kept: OrderedDict[str, Response] = OrderedDict()
        self._items: OrderedDict[tuple[str, str], Json] = OrderedDict()

    def reset(self) -> None:
        """Keeps none."""
        self._kept.clear()
        self._items.clear()

    def perform(self, request: Request, longest: int, write: Write) -> Response:
        """The answer of a write; `longest` is how long its `requestid` may be."""
        key = request.query.get("requestid")
        if key is None:
            return write()
        _check_length(key, longest, "requestid")
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

    def in_batch(self, request: Request) -> Callable[[object, Item], Json]:
        """Carries out items of a batch by their `bId`, those that its `requestid` has not carried out before."""
        key = request.query.get("requestid")
        if key is None:
            return lambda _, item: item()
        _check_length(key, _LONGEST_OF_BATCH, "requestid")
        return lambda name, item: self._item(key, name, item)

    def _item(self, key: str, name: object, item: Item) -> Json:
        if not isinstance(name, str):
            return item()
        _check_length(name, _LONGEST_BID, "bId")
        kept = self._items.get((key, name))
        if kept is None:
            kept = self._items[key, name] = item()
            if len(self._items) > _KEPT_REQUESTS:
                self._items.popitem(last=False)
        return kept


def _check_length(text: str, longest: int, element: str) -> None:
    if not 1 <= len(text) <= longest:
        detail = f"String length specified does not match the supported length. Max:{longest}"
        raise FaultError("2050", detail, element)
