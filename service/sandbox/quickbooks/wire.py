"""How QuickBooks writes numbers, times and references."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError

_PACIFIC = ZoneInfo("America/Los_Angeles")
CURRENCIES = {"USD": "United States Dollar", "CAD": "Canadian Dollar", "JPY": "Japanese Yen"}
RATES = {"CAD": 0.73, "JPY": 0.0064}
"""Home-currency value of one unit, as on every transaction in another currency."""


def number(amount: Decimal) -> float:
    """An amount as QuickBooks writes it: a JSON number. Amounts here have far fewer digits than a double holds."""
    return float(amount)


def money(minor: int, currency: str) -> float:
    """Minor units as a JSON number; yen have none."""
    return float(minor) if currency == "JPY" else minor / 100


def decimal(value: object, element: str) -> Decimal:
    """An amount a caller sent, exactly as its shortest digits say; FaultError 2080 for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FaultError("2080", f"Invalid Number : {element}", element)
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise FaultError("2080", f"Invalid Number : {element}", element) from error
    if not found.is_finite() or abs(found) > 10**11:
        raise FaultError("2080", f"Invalid Number : {element}", element)
    return found


def stamp(at_s: float) -> str:
    """An instant as in MetaData: Pacific time with its offset."""
    return datetime.fromtimestamp(int(at_s), UTC).astimezone(_PACIFIC).isoformat()


def answer_time(at_s: float) -> str:
    """An instant as in `time` beside every answer: the same with milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(_PACIFIC).isoformat(timespec="milliseconds")


def ref(value: str, name: str | None = None) -> Json:
    """A reference."""
    return {"value": value} if name is None else {"value": value, "name": name}


def currency_ref(currency: str) -> Json:
    """A reference to a currency."""
    return ref(currency, CURRENCIES[currency])


def ref_value(value: object) -> str | None:
    """The id inside a reference; None when it is none."""
    if isinstance(value, dict):
        found: object = value.get("value")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return found if isinstance(found, str) else None
    return None


def whole(text: str) -> int:
    """An id as a number; -1 for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
