"""How the organization's connect pages look, and where they may lead back to."""

import re
from collections.abc import Mapping
from typing import Final

from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.connections.hosted.branding import change_settings
from service.connections.hosted.sessions import WishError
from service.connections.hosted.store import get_settings
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Form, Reply, Visit

OURS: Final = "0b5f47"
MOST_URLS: Final = 50
_HEX: Final = re.compile("#?([0-9a-f]{6})")


def routes() -> tuple[Route, ...]:
    """Everybody who connects firms sees it; a new return URL is where secrets of a browser go, so it takes a proof."""
    return (
        page("/connections/pages", ask, Permission.CONNECT),
        form("/connections/pages", change, Permission.CONNECT, recent=True),
    )


async def ask(visit: Visit) -> Reply:
    return await _ask(visit, None, {}, 200)


async def change(visit: Visit) -> Reply:
    typed = visit.form
    urls = typed.text("return_urls").split()
    colour = _HEX.fullmatch(typed.text("accent").lower())
    own = typed.text("look") == "own"
    wrong: dict[str, str] = {}
    if own and colour is None:
        wrong["accent"] = "Six hex digits, such as #7a1fa2."
    if len(urls) > MOST_URLS or any(len(url) > 1000 for url in urls):
        wrong["return_urls"] = f"At most {MOST_URLS} addresses, each of up to 1,000 characters."
    if wrong:
        return await _ask(visit, typed, wrong, 422)
    try:
        await change_settings(
            visit.parts.linking,
            visit.org_id,
            return_urls=urls,
            accent=colour[1] if own and colour is not None else None,
            actor=member_actor(visit.me.session.member_id),
        )
    except WishError as error:
        return await _ask(visit, typed, {"return_urls": str(error)}, 422)
    return visit.go("/connections/pages?saved=1")


async def _ask(visit: Visit, typed: Form | None, wrong: Mapping[str, str], status: int) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        now = await get_settings(database, visit.org_id)
    return visit.page(
        "connect_pages.html",
        status,
        urls="\n".join(now.return_urls) if typed is None else typed.text("return_urls"),
        own=now.accent is not None if typed is None else typed.text("look") == "own",
        accent=f"#{now.accent or OURS}" if typed is None else typed.text("accent"),
        saved="saved" in visit.query,
        error=wrong,
    )
