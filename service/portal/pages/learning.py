"""The reference, the guides, and their twins for programs."""

from pathlib import Path
from typing import Final

from msgspec import Struct

from service.errors import KINDS
from service.portal.pages.tryout import can_be_tried
from service.portal.reference import to_markdown
from service.portal.route import Route, page
from service.portal.templates import render_markdown
from service.portal.visit import MARKDOWN, Reply, Visit, missing

_FOLDER: Final = Path(__file__).parents[1] / "guides"


class Guide(Struct, frozen=True):
    """One guide; its file begins with the title and one sentence about it."""

    slug: str
    title: str
    about: str
    text: str


def _read_guides() -> tuple[Guide, ...]:
    found: list[Guide] = []
    for path in sorted(_FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        title, about = text.split("\n\n", 2)[:2]
        found.append(Guide(path.stem.partition("-")[2], title.removeprefix("# "), about, text))
    return tuple(found)


GUIDES: Final = _read_guides()


def routes() -> tuple[Route, ...]:
    """What can be read without signing in."""
    return (
        page("/guides", guides, anyone=True),
        page("/guides/{slug}", guide, anyone=True),
        page("/reference", reference, anyone=True),
        page("/reference/{operation}", operation, anyone=True),
        page("/llms.txt", llms, anyone=True),
        page("/robots.txt", robots, anyone=True),
    )


async def guides(visit: Visit) -> Reply:
    return visit.page("guides.html", guides=GUIDES)


async def guide(visit: Visit) -> Reply:
    slug, is_plain = _asked(visit, "slug")
    found = next((one for one in GUIDES if one.slug == slug), None)
    if found is None:
        raise missing()
    text = found.text.replace("{base_url}", visit.origin).replace("{prices}", visit.parts.reference.price_list)
    if is_plain:
        return visit.text(text, MARKDOWN)
    place = GUIDES.index(found) + 1
    after = GUIDES[place] if place < len(GUIDES) else None
    return visit.page("guide.html", guide=found, after=after, body=render_markdown(text))


async def reference(visit: Visit) -> Reply:
    return visit.page("reference.html", reference=visit.parts.reference)


async def operation(visit: Visit) -> Reply:
    name, is_plain = _asked(visit, "operation")
    known = visit.parts.reference
    found = known.get(name)
    if found is None:
        raise missing()
    told = known.page(found, visit.origin)
    if is_plain:
        return visit.text(to_markdown(told), MARKDOWN)
    return visit.page("operation.html", page=told, operation=found, can_try=can_be_tried(found))


async def llms(visit: Visit) -> Reply:
    """What a language model should read, as llmstxt.org describes."""
    lines = [
        "# Tickmark",
        "",
        "> One pay-per-call REST API over every practice-management system an accounting firm uses.",
    ]
    lines += ["", visit.parts.reference.about, "", "## Guides", ""]
    lines += [f"- [{one.title}]({visit.origin}/guides/{one.slug}.md): {one.about}" for one in GUIDES]
    lines += ["", "## Reference", "", f"- [OpenAPI 3.1 document]({visit.origin}/openapi.json): the contract"]
    for operations in visit.parts.reference.by_tag.values():
        for one in operations:
            link = f"{visit.origin}/reference/{one['operationId']}.md"
            lines.append(f"- [{one['summary']}]({link}): `{one['method']} {one['path']}`")
    lines += ["", "## Problems", ""]
    lines += [f"- [{one.title}]({visit.origin}/problems/{one.code}.md): `{one.status} {one.code}`" for one in KINDS]
    return visit.text("\n".join(lines) + "\n")


async def robots(visit: Visit) -> Reply:
    return visit.text(
        "User-agent: *\nAllow: /guides\nAllow: /reference\nAllow: /problems\nAllow: /status\nDisallow: /\n"
    )


def _asked(visit: Visit, name: str) -> tuple[str, bool]:
    """The name in the path, and whether its plain twin is asked for."""
    text = str(visit.params[name])
    return text.removesuffix(".md"), text.endswith(".md")
