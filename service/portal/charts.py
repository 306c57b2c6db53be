"""Charts as inline SVG, each with a table that says the same."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from msgspec import Struct

_WIDTH: Final = 720
_HEIGHT: Final = 140


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
    columns = Markup("").join(_column(index * step, step, bar, most, unit) for index, bar in enumerate(data))
    labels = Markup("").join(Markup("<span>{}</span>").format(bar.short) for bar in data if bar.short)
    rows = Markup("").join(_row(bar) for bar in data if bar.value)
    return _FIGURE.format(
        most=f"{most:,}",
        unit=unit,
        unit_title=unit.capitalize(),
        title=title,
        width=_WIDTH,
        height=_HEIGHT,
        columns=columns,
        labels=labels,
        rows=rows,
    )


def _column(x: float, step: float, bar: Bar, most: int, unit: str) -> Markup:
    height = max(2.0, (_HEIGHT - 4) * bar.value / most) if bar.value else 0.0
    return _COLUMN.format(
        label=bar.label,
        value=f"{bar.value:,}",
        unit=unit,
        x=f"{x:.1f}",
        step=f"{step:.1f}",
        room=_HEIGHT,
        left=f"{x + step * 0.14:.1f}",
        wide=f"{step * 0.72:.1f}",
        top=f"{_HEIGHT - height:.1f}",
        height=f"{height:.1f}",
    )


def _row(bar: Bar) -> Markup:
    return Markup('<tr><th scope="row">{}</th><td class="num">{}</td></tr>').format(bar.label, f"{bar.value:,}")


_COLUMN: Final = Markup(
    '<g class="bar"><title>{label}: {value} {unit}</title>'
    '<rect class="bar-room" x="{x}" y="0" width="{step}" height="{room}"/>'
    '<rect class="bar-fill" x="{left}" y="{top}" width="{wide}" height="{height}"/></g>'
)
_FIGURE: Final = Markup(
    '<figure class="chart"><p class="soft" aria-hidden="true">{most} {unit}</p>'
    '<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    "{columns}</svg>"
    '<div class="bar-labels" aria-hidden="true">{labels}</div>'
    "<details><summary>{title} as a table</summary>"
    '<table><thead><tr><th scope="col">Day</th><th scope="col" class="num">{unit_title}</th></tr></thead>'
    "<tbody>{rows}</tbody></table></details></figure>"
)
