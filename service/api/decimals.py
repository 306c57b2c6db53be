"""Decimals in bodies: what is no number, or none that anybody counts with, is refused before a vendor hears of it.

JSON has no NaN and no infinity, but a decimal may come as text, and `Decimal` reads those words too.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from service.api.components import types_in
from service.errors import wrong_field

_MOST_WHOLE_DIGITS: Final = 15
_MOST_DECIMALS: Final = 12
_EXPECTED: Final = f"A number of up to {_MOST_WHOLE_DIGITS} digits before the point and {_MOST_DECIMALS} behind it."


def refuse_strange_decimals(value: Any, type_: Any) -> None:
    """Raises a problem that points at the first such decimal in a decoded body."""
    if _holds_decimals(type_):
        _refuse(value, "")


def _refuse(value: Any, pointer: str) -> None:
    match value:
        case Decimal():
            if not _is_countable(value):
                raise wrong_field(pointer, _EXPECTED)
        case Struct():
            for field, name in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
                _refuse(getattr(value, field), f"{pointer}/{name}")
        case list() | tuple():
            for index, one in enumerate(cast(Sequence[Any], value)):
                _refuse(one, f"{pointer}/{index}")
        case _:
            pass


def _is_countable(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MOST_DECIMALS and value.adjusted() < _MOST_WHOLE_DIGITS


@lru_cache
def _holds_decimals(type_: Any) -> bool:
    return any(isinstance(found, msgspec.inspect.DecimalType) for found in types_in([type_]))
