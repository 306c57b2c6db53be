"""How a key is used, as two charts: calls and what went wrong, and how long they took."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from billing import Span
from service.portal.charts import Stack, stacks
from service.usage.key_usage import KeySpan, KeyUsage

_HEADS: Final = ("Calls", "Refused", "Failed")
_TIMES: Final = ("Half within", "99 % within")


def call_chart(usage: KeyUsage, zone: str) -> Markup:
    """Calls; refused and failed ones stand on top of those that went well."""
    data = [
        Stack(
            _label(one.at, usage.by, zone),
            (one.calls - one.refused - one.failed, one.refused, one.failed),
            (f"{one.calls:,}", f"{one.refused:,}", f"{one.failed:,}"),
            short,
        )
        for one, short in _shorts(usage, zone)
    ]
    most = max((one.calls for one in usage.data), default=0)
    return stacks("Calls", f"{most:,} calls", _HEADS, ("fill", "warn", "bad"), data)


def time_chart(usage: KeyUsage, zone: str) -> Markup:
    """What half of the calls took, and on top of it what 99 of a hundred did not exceed."""
    data = [
        Stack(
            _label(one.at, usage.by, zone),
            (one.p50_ms or 0.0, (one.p99_ms or 0.0) - (one.p50_ms or 0.0)),
            (f"{one.p50_ms or 0:g} ms", f"{one.p99_ms or 0:g} ms"),
            short,
        )
        for one, short in _shorts(usage, zone)
    ]
    most = max((one.p99_ms or 0.0 for one in usage.data), default=0.0)
    return stacks("Times", f"{most:g} ms", _TIMES, ("fill", "pale"), data)


def _label(at: datetime, by: Span, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%-d %b, %H:%M" if by is Span.HOUR else "%-d %b %Y")


def _shorts(usage: KeyUsage, zone: str) -> list[tuple[KeySpan, str]]:
    """Every span, with what stands below it: five of them say when they were, the last among them."""
    every, last = max(1, (len(usage.data) - 1) // 4), len(usage.data) - 1
    form = "%H:%M" if usage.by is Span.HOUR else "%-d %b"
    return [
        (one, one.at.astimezone(ZoneInfo(zone)).strftime(form) if (last - index) % every == 0 else "")
        for index, one in enumerate(usage.data)
    ]
