"""References and days that are there and say nothing.

QuickBooks leaves out what is not set. But recorded answers have references without an id (`"TaxExemptionRef": {}`),
and what other software passes on has empty texts for days (`"ServiceDate": ""`). Both are read as left out, on a second
reading: the first one, which nearly always does, pays nothing for it.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Response

T = TypeVar("T")
_encode = msgspec.json.Encoder(decimal_format="number").encode


def tolerant_reader(wire: type[T]) -> Callable[[Response], T]:
    """Reads like `json_reader`; what does not fit is read again without such references and days."""
    read = json_reader(wire)

    def read_twice(response: Response) -> T:
        try:
            return read(response)
        except SchemaDrift:
            left = without_empties(response.body)
            if left is None:
                raise
            return read(Response(response.status, response.headers, left))

    return read_twice


def without_empties(body: bytes) -> bytes | None:
    """The JSON without its empty references and days; None where it has none of them."""
    found = _Found()
    try:
        kept: object = json.loads(body, parse_float=Decimal, object_pairs_hook=found.keep)
        return _encode(kept) if found.any else None
    except (ValueError, RecursionError):  # not JSON after all: the first reading's fault stands
        return None


class _Found:
    def __init__(self) -> None:
        self.any = False

    def keep(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        kept = {name: value for name, value in pairs if not _says_nothing(name, value)}
        self.any = self.any or len(kept) < len(pairs)
        return kept


def _says_nothing(name: str, value: object) -> bool:
    return (value == {} and name.endswith("Ref")) or (value == "" and name.endswith("Date"))
