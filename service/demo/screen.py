"""What the demonstration writes: plain lines of at most 100 columns, with colour only at a terminal."""

import textwrap
import time
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.text import Text

_WIDTH: Final = 100
_INDENT: Final = 6
_ROW: Final = "{:<6}{:<30}{:>4}{:>5}{:>8}{:>7}{:>6}{:>8}  {}"
_HEADINGS: Final = _ROW.format("", "", "", "rows", "vendor", "ours", "units", "price", "")
_UNITS: Final = _ROW.format("", "", "", "", "ms", "ms", "", "USD", "")


class Line(Struct, frozen=True, kw_only=True):
    """One call as it is shown. Times are milliseconds as the answer's `Server-Timing` says them."""

    method: str
    path: str
    status: int
    rows: int | None
    vendor_ms: float
    our_ms: float
    units: int
    price: Decimal | None
    why: str
    note: str | None = None


class Screen:
    """Writes to standard output as things happen."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, emoji=False, markup=False)

    @contextmanager
    def doing(self, what: str) -> Generator[None]:
        """Says what is being done, and at the end of the block how long it took."""
        began = time.perf_counter()
        self._write(Text(f"  {what} … "), end="")
        try:
            yield
        except BaseException:
            self._write(Text(""))
            raise
        self._write(Text(f"{time.perf_counter() - began:.1f} s", style="dim"))

    def step(self, title: str) -> None:
        """Begins a part of the demonstration."""
        self._write(Text(""))
        self._write(Text(title, style="bold"))

    def say(self, text: str = "") -> None:
        """One or several lines as they are."""
        self._write(Text(text))

    def headings(self) -> None:
        """Above the first call."""
        self._write(Text(_HEADINGS, style="dim"))
        self._write(Text(_UNITS, style="dim"))

    def scene(self, title: str) -> None:
        """Above calls that belong together."""
        self._write(Text(f"# {title}", style="cyan"))

    def call(self, line: Line) -> None:
        """One call."""
        rows = "" if line.rows is None else str(line.rows)
        vendor = f"{line.vendor_ms:.1f}" if line.vendor_ms else ""
        price = "" if line.price is None else f"{line.price.normalize():f}"
        row = _ROW.format(
            line.method, line.path, line.status, rows, vendor, f"{line.our_ms:.2f}", line.units, price, line.why
        )
        style = "green" if line.units else ("yellow" if line.status >= 400 else "")
        self._write(Text(row, style=style))
        if line.note:
            for part in textwrap.wrap(line.note, _WIDTH - _INDENT):
                self._write(Text(" " * _INDENT + part, style="dim"))

    def _write(self, text: Text, end: str = "\n") -> None:
        self._console.print(text, end=end, soft_wrap=True)
        self._console.file.flush()


def shortened(path: str, most: int = 29) -> str:
    """A path that fits its column: long ids and cursors lose their middle."""
    return path if len(path) <= most else f"{path[: most - 1]}…"
