"""How Sodium's tasks are listed without losing any.

A list that may hold tasks not yet started has to name a range of days; all other statuses may be listed without. So a
full list goes down several lanes, one after another:

    NotStarted, window by window over the years        then        every other status, without a window

The tasks not yet started come first: one that is started in the meantime is then seen twice, never missed.
Source: https://sodiumhq.com/docs/api/operations/tasks/listtaskitems.html, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from service.connectors.sdk.references import invalid
from service.connectors.sodium.calls import Parameters, repeated

NOT_STARTED: Final = "NotStarted"
STATUSES: Final = {
    "todo": NOT_STARTED,
    "doing": "InProgress",
    "blocked": "Blocked",
    "done": "Completed",
    "cancelled": "Skipped",
}
"""By unified word."""

_FIRST, _LAST = "1970-01-01", "2099-12-31"
_YEARS: Final = range(2018, 2032)


def _windows() -> tuple[tuple[str, str], ...]:
    years = tuple((f"{year}-01-01", f"{year}-12-31") for year in _YEARS)
    return ((_FIRST, f"{_YEARS.start - 1}-12-31"), *years, (f"{_YEARS.stop}-01-01", _LAST))


WINDOWS: Final = _windows()
"""Years one by one where a practice has tasks, and all that lies before and after in one window each."""


def lanes(filters: Mapping[str, tuple[str, ...]]) -> tuple[Parameters, ...]:
    """The parameters of each lane. Raises Invalid for filters that cannot go together."""
    wanted = tuple(STATUSES[choice] for choice in filters.get("status", tuple(STATUSES)))
    asked = repeated("status", wanted) if "status" in filters else ()
    if "overdue" in filters:
        return ((("isOverdue", "true"), *asked),)
    window = _asked_window(filters)
    if window is not None:
        return ((*window, *asked),)
    found = [(*_between(first, last), ("status", NOT_STARTED)) for first, last in WINDOWS if NOT_STARTED in wanted]
    others = tuple(word for word in wanted if word != NOT_STARTED)
    return (*found, repeated("status", others)) if others else tuple(found)


def _between(first: str, last: str, basis: str = "StartDate") -> Parameters:
    return (("dateRange", "CustomDateRange"), ("startDate", first), ("endDate", last), ("dateBasis", basis))


def _asked_window(filters: Mapping[str, tuple[str, ...]]) -> Parameters | None:
    """The caller's own window, by start or by due day; an end that is left open is far away."""
    by_start = "starts_from" in filters or "starts_to" in filters
    by_due = "due_from" in filters or "due_to" in filters
    if by_start and by_due:
        raise invalid("query/filter[due_from]", "conflict", "Sodium takes a range of start days or of due days.")
    kind, basis = ("starts", "StartDate") if by_start else ("due", "DueDate")
    first, last = filters.get(f"{kind}_from"), filters.get(f"{kind}_to")
    if "projected" in filters and (first is None or last is None):
        raise invalid(
            "query/filter[projected]", "required", "Recurring tasks never end: give a range of start or due days."
        )
    if not (by_start or by_due):
        return None
    window = _between(first[0] if first else _FIRST, last[0] if last else _LAST, basis)
    return (*window, ("includeProjected", "true")) if "projected" in filters else window
