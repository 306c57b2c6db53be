"""How a browser becomes a member's, however it is shown who is there; and how attempts are counted on the way."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from service.accounts import sessions
from service.accounts.credentials import Known
from service.accounts.errors import LinkExpiredError
from service.accounts.members_store import get_member
from service.accounts.site import Site
from service.api.limits import subscriber
from service.db.pool import as_organization
from service.portal.cookies import DEVICE, device_token, same
from service.portal.route import sign_in_cookies
from service.portal.throttle import CODES, SIGN_INS, STRANGERS
from service.portal.visit import Refusal, Reply, Visit

T = TypeVar("T")

EXPIRED: Final = Refusal(410, "This link does not work any more", "It is too old or was used. Ask for a new one.")
_HALFWAY_LASTS: Final = timedelta(minutes=10)


class Halfway(msgspec.Struct, frozen=True):
    """Somebody whose first proof was right and whose code is still to come."""

    org_id: UUID
    member_id: UUID
    email: str
    proof: bytes
    """Changes with the first proof, so that codes tried under a stolen password count against that password alone."""


async def go_on(visit: Visit, known: Known, email: str, following: str) -> Reply:
    """After the first proof: asks for the code where the member has one, else signs in."""
    async with as_organization(visit.parts.pool, known.org_id) as connection:
        member = await get_member(connection, known.org_id, known.member_id)
    if member is not None and member.has_totp:
        half = Halfway(known.org_id, known.member_id, email, known.proof)
        halfway = visit.parts.links.seal(half, _HALFWAY_LASTS)
        return visit.page("code.html", error=None, halfway=halfway, following=following)
    return await enter(visit, known, email, following)


async def enter(visit: Visit, known: Known, email: str, following: str) -> Reply:
    """Signs in: who it is has been proved, by both factors where there are two."""
    async with as_organization(visit.parts.pool, known.org_id) as connection:
        token = await sessions.open_session(
            connection,
            known.org_id,
            known.member_id,
            user_agent=visit.user_agent,
            address=visit.address,
            clock=visit.parts.clock,
        )
    sign_in_cookies(visit, token, device_token(visit.parts.cookie_key, email))
    return visit.go(following)


async def count_attempt(visit: Visit, email: str) -> None:
    """Counts a password so that guessing is slow and locks nobody out."""
    throttle = visit.parts.throttle
    if is_known_browser(visit, email):
        await throttle.spend("known", SIGN_INS, email)
        return
    await throttle.spend("sign-in", SIGN_INS, subscriber(visit.address), email)
    try:
        await throttle.spend("stranger", STRANGERS, email)
    except Refusal as refusal:
        advice = "Sign in from a browser you have used before, or have a link mailed to set a new password. "
        raise Refusal(429, "Too many attempts from unknown browsers", advice + refusal.advice) from None


async def count_code(visit: Visit, half: Halfway) -> None:
    """Counts a code: known browsers apart, and strangers by the password they came with."""
    if is_known_browser(visit, half.email):
        await visit.parts.throttle.spend("known-code", CODES, half.email)
    else:
        await visit.parts.throttle.spend("code", CODES, half.email, half.proof.hex())


def is_known_browser(visit: Visit, email: str) -> bool:
    """Whether somebody has signed in here as this member before, or has opened a link mailed to it."""
    return same(visit.cookies.get(DEVICE, ""), device_token(visit.parts.cookie_key, email))


def site_of(visit: Visit) -> Site | None:
    """What passkeys are bound to; None under an address without a name, where browsers know none."""
    host = urlsplit(visit.origin).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Site(host, visit.origin) if host else None
    return None


def opened(visit: Visit, link: str, kind: type[T]) -> T:
    """What stands in a mailed link; the page that says so for one that is over."""
    try:
        return visit.parts.links.open(link, kind)
    except LinkExpiredError:
        raise EXPIRED from None
