"""Charts as inline SVG, each with a table that says the same."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from msgspec import Struct

_WIDTH: Final = 720
_HEIGHT: Final = 180
_FLOOR: Final = 156
_TOP: Final = 12


class Bar(Struct, frozen=True):
    """One column."""

    label: str
    value: int
    short: str = ""
    """What stands below it; empty for most."""


def bars(title: str, unit: str, data: Sequence[Bar]) -> Markup:
    """Columns in order, with a table twin for who cannot see them."""
    most = max((bar.value for bar in data), default=0)
    step = _WIDTH / max(1, len(data))
    columns: list[Markup] = []
    for index, bar in enumerate(data):
        height = 0 if most == 0 else max(2 if bar.value else 0, (_FLOOR - _TOP - 12) * bar.value / most)
        x = index * step + step * 0.14
        columns.append(
            Markup('<g class="bar"><title>{}: {} {}</title>').format(bar.label, f"{bar.value:,}", unit)
            + Markup('<rect class="bar-room" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
                index * step, _TOP, step, _FLOOR - _TOP
            )
            + Markup('<rect class="bar-fill" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
                x, _FLOOR - height, step * 0.72, height
            )
            + (
                Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    index * step + step / 2, _HEIGHT - 6, bar.short
                )
                if bar.short
                else Markup("")
            )
            + Markup("</g>")
        )
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td class="num">{}</td></tr>').format(bar.label, f"{bar.value:,}")
        for bar in data
        if bar.value
    )
    return (
        Markup('<figure class="chart"><svg viewBox="0 0 {} {}" aria-hidden="true" focusable="false">').format(
            _WIDTH, _HEIGHT
        )
        + Markup('<line class="bar-base" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(_FLOOR, _WIDTH)
        + Markup("").join(columns)
        + (Markup('<text class="bar-most" x="0" y="10">{} {}</text>').format(f"{most:,}", unit) if most else Markup(""))
        + Markup("</svg><details><summary>{} as a table</summary>").format(title)
        + Markup('<table><thead><tr><th scope="col">Day</th><th scope="col" class="num">{}</th></tr></thead>').format(
            unit.capitalize()
        )
        + Markup("<tbody>{}</tbody></table></details></figure>").format(
            rows or Markup('<tr><td colspan="2">Nothing yet.</td></tr>')
        )
    )
