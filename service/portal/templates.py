"""Pages from Jinja templates: everything escaped, nothing undefined, no style or script inside."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markdown_it import MarkdownIt
from markupsafe import Markup

from billing import format_money
from service import ids
from service.portal.charts import bars, stacks

_FOLDER: Final = Path(__file__).with_name("templates")
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_REACHABLE: Final = (
    ("<pre>", '<pre tabindex="0">'),
    ("<table>", '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>'),
    ("</table>", "</table></div>"),
)
"""What scrolls has to be reached by the keyboard."""


class Templates:
    """The templates, read once."""

    def __init__(self, asset: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        filters: dict[str, Any] = {
            "ref": _ref,
            "instant": _instant,
            "day": _day,
            "money": _money,
            "amount": format_money,
            "price": _price,
            "qr": _qr,
            "markdown": render_markdown,
            "inline": _inline,
            "month": _month,
            "agent": _agent,
            "n": _n,
        }
        names: dict[str, Any] = {"asset": asset, "bars": bars, "stacks": stacks}
        self._environment.filters.update(filters)
        self._environment.globals.update(names)

    def render(self, template: str, /, **facts: Any) -> str:
        """The page."""
        return self._environment.get_template(template).render(**facts)


def render_markdown(text: str) -> Markup:
    """Our own guides and the contract's sentences as HTML; raw HTML in them stays text."""
    made = _MARKDOWN.render(text)
    for plain, wanted in _REACHABLE:
        made = made.replace(plain, wanted)
    return Markup(made)  # noqa: S704 (made by the library, which escaped it)


def _ref(value: UUID, prefix: str) -> str:
    return ids.encode(prefix, value)


@pass_context
def _instant(context: Context, value: datetime | None, otherwise: str = "never") -> Markup | str:
    """In the organization's time zone; scripts turn it into the viewer's. UTC stands in the title."""
    if value is None:
        return otherwise
    me = context.get("me")
    zone = ZoneInfo(me.session.time_zone) if me is not None else UTC
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        utc.isoformat(timespec="milliseconds"),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        value.astimezone(zone).strftime("%-d %b %Y, %H:%M"),
    )


@pass_context
def _day(context: Context, value: datetime | None, otherwise: str = "never") -> str:
    if value is None:
        return otherwise
    me = context.get("me")
    zone = ZoneInfo(me.session.time_zone) if me is not None else UTC
    return value.astimezone(zone).strftime("%-d %b %Y")


def _money(minor: int, currency: str) -> str:
    return f"{format_money(minor, currency)} {currency}"


def _price(value: str | Decimal) -> str:
    text = format(Decimal(value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def _inline(text: str) -> Markup:
    """One sentence of the contract, with its code marked as such."""
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 (made by the library, which escaped it)


def _month(text: str) -> str:
    """`2026-11` → `November 2026`."""
    return date.fromisoformat(f"{text}-01").strftime("%B %Y")


def _agent(text: str) -> str:
    """A browser's name for people; what it calls itself stands in the title."""
    browser = next((name for mark, name in _BROWSERS if mark in text), "Unknown browser")
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    return f"{browser} on {system}" if system else browser


def _n(value: int) -> str:
    return f"{value:,}"


def _qr(text: str) -> Markup:
    import segno  # 2 MB of every worker, for the few who enrol

    drawn = segno.make(text, error="m").svg_inline(scale=5, border=2, dark="#10201a", light="#ffffff", omitsize=True)
    return Markup(drawn)  # noqa: S704 (drawn by the library from squares alone)
