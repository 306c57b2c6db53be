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
    columns = [Stack(bar.label, (bar.value,), (f"{bar.value:,}",), bar.short) for bar in data]
    return stacks(title, f"{most:,} {unit}", (unit.capitalize(),), ("fill",), columns, first="Day")


class Stack(Struct, frozen=True):
    """One column of several parts, the lowest first, and what its row of the table says."""

    label: str
    parts: tuple[float, ...]
    cells: tuple[str, ...]
    short: str = ""


def stacks(
    title: str, top: str, heads: Sequence[str], kinds: Sequence[str], data: Sequence[Stack], *, first: str = "From"
) -> Markup:
    """Columns of parts in order, with a table twin. `top` says what the highest one is, `kinds` how parts look."""
    most = max((sum(one.parts) for one in data), default=0.0) or 1.0
    step = _WIDTH / max(1, len(data))
    columns = Markup("").join(_stack(index * step, step, one, most, heads, kinds) for index, one in enumerate(data))
    labels = Markup("").join(Markup("<span>{}</span>").format(one.short) for one in data if one.short)
    head = Markup("").join(Markup('<th scope="col" class="num">{}</th>').format(one) for one in heads)
    rows = Markup("").join(_row_of(one) for one in data if any(one.parts))
    return _STACKS.format(
        title=title,
        top=top,
        first=first,
        width=_WIDTH,
        height=_HEIGHT,
        columns=columns,
        labels=labels,
        head=head,
        rows=rows,
    )


class Mark(Struct, frozen=True):
    """One of a row of marks: `good`, `warn`, `bad` or `none`."""

    kind: str
    label: str
    told: bool = False
    """Whether it is worth saying to who cannot see it."""


def strip(marks: Sequence[Mark]) -> Markup:
    """Marks side by side; in words only those worth telling."""
    drawn = Markup("").join(
        _MARK.format(kind=one.kind, label=one.label, x=index * 6) for index, one in enumerate(marks)
    )
    told = "; ".join(one.label for one in marks if one.told)
    return _STRIP.format(width=len(marks) * 6 - 2, marks=drawn, told=told or "no day to tell of")


def _stack(x: float, step: float, one: Stack, most: float, heads: Sequence[str], kinds: Sequence[str]) -> Markup:
    drawn, top = Markup(""), float(_HEIGHT)
    for part, kind in zip(one.parts, kinds, strict=True):
        height = max(2.0, (_HEIGHT - 4) * part / most) if part else 0.0
        top -= height
        if part:
            drawn += _PART.format(
                kind=kind,
                left=f"{x + step * 0.14:.1f}",
                wide=f"{step * 0.72:.1f}",
                top=f"{top:.1f}",
                height=f"{height:.1f}",
            )
    says = ", ".join(f"{head} {cell}" for head, cell in zip(heads, one.cells, strict=True))
    return _STACK.format(label=one.label, says=says, x=f"{x:.1f}", step=f"{step:.1f}", room=_HEIGHT, parts=drawn)


def _row_of(one: Stack) -> Markup:
    cells = Markup("").join(Markup('<td class="num">{}</td>').format(cell) for cell in one.cells)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(one.label, cells)


_PART: Final = Markup('<rect class="bar-{kind}" x="{left}" y="{top}" width="{wide}" height="{height}"/>')
_STACK: Final = Markup(
    '<g class="bar"><title>{label}: {says}</title>'
    '<rect class="bar-room" x="{x}" y="0" width="{step}" height="{room}"/>{parts}</g>'
)
_STACKS: Final = Markup(
    '<figure class="chart"><p class="soft" aria-hidden="true">{top}</p>'
    '<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    "{columns}</svg>"
    '<div class="bar-labels" aria-hidden="true">{labels}</div>'
    "<details><summary>{title} as a table</summary>"
    '<div class="scroll" role="region" aria-label="{title}" tabindex="0">'
    '<table><thead><tr><th scope="col">{first}</th>{head}</tr></thead>'
    "<tbody>{rows}</tbody></table></div></details></figure>"
)
_MARK: Final = Markup(
    '<rect class="mark-{kind}" x="{x}" y="0" width="4" height="22" rx="1"><title>{label}</title></rect>'
)
_STRIP: Final = Markup(
    '<svg class="strip" viewBox="0 0 {width} 22" width="{width}" height="22" aria-hidden="true" focusable="false">'
    '{marks}</svg><span class="unseen">{told}</span>'
)
