"""Every problem that the API answers with, on a page of its own: `doc_url` in each answer leads here."""

from typing import Final

from service.errors import KINDS, Kind
from service.portal.route import Route, page
from service.portal.visit import MARKDOWN, Reply, Visit, missing

_KINDS: Final = {kind.code: kind for kind in KINDS}
_ORIGINS: Final = {
    "client": "The request. Nothing was carried out.",
    "platform": "Tickmark.",
    "vendor": "The vendor. We asked it, and this is how it went.",
    "connection": "The connection: somebody at the firm has to act.",
}


def routes() -> tuple[Route, ...]:
    """What can be read without signing in."""
    return (
        page("/problems", problems, anyone=True),
        page("/problems/{code}", problem, anyone=True),
    )


async def problems(visit: Visit) -> Reply:
    return visit.page("problems.html", kinds=sorted(KINDS, key=lambda kind: (kind.status, kind.code)))


async def problem(visit: Visit) -> Reply:
    asked = str(visit.params["code"])
    kind = _KINDS.get(asked.removesuffix(".md"))
    if kind is None:
        raise missing()
    whose, again = _ORIGINS[kind.origin], _again(kind)
    if asked.endswith(".md"):
        told = (
            f"`{kind.status}` `{kind.code}`",
            f"What to do: {kind.hint}",
            f"Whose: {whose}",
            again,
        )
        return visit.text("\n\n".join((f"# {kind.title}", *told)) + "\n", MARKDOWN)
    answering = [
        one
        for operations in visit.parts.reference.by_tag.values()
        for one in operations
        if kind.code in one["x-problems"]
    ]
    return visit.page("problem.html", kind=kind, whose=whose, again=again, operations=answering)


def _again(kind: Kind) -> str:
    if kind.retryable:
        return "The same request may succeed later. `Retry-After` says when, where it is known."
    return "The same request will be answered the same way: change something first."
