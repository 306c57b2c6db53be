"""Signing in at another issuer (OpenID Connect), and linking that to an account.

Nobody is found by an e-mail address: a sign-in that nobody linked leads to signing up or to the password, alike for
every address. Linking begins with a form of ours, so no page elsewhere can link its own sign-in to somebody's account.
"""

from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from service import ids
from service.accounts import identities
from service.accounts.errors import AddressTakenError, LinkExpiredError, MemberNotFoundError
from service.accounts.identities import Outsider
from service.api.limits import subscriber
from service.connectors.sdk.budget import Limit
from service.db.pool import as_organization
from service.portal.cookies import OUTSIDER, WALK, same
from service.portal.entering import go_on
from service.portal.errors import OpenIdError
from service.portal.openid import Arrival, Walk
from service.portal.pages.security import record, tell_of
from service.portal.route import Route, form, page, set_cookie
from service.portal.visit import Refusal, Reply, Visit, local_path, missing
from service.settings import Issuer
from service.telemetry import log_exception

_WALKS: Final = (Limit(30, 60.0),)
"""Ways to an issuer and back, from one address."""
_LASTS: Final = timedelta(minutes=10)
_OUTSIDER_LASTS: Final = timedelta(hours=1)
_NOTHING: Final = Refusal(
    400, "That sign-in came to nothing", "Start again from the sign-in page, or use your password there."
)


def routes() -> tuple[Route, ...]:
    """To an issuer and back; linking needs a recent proof."""
    return (
        page("/sign-in/with/{issuer}", depart, anyone=True),
        page("/sign-in/with/{issuer}/back", arrive, anyone=True),
        form("/settings/identities/link/{issuer}", ask_to_link, member=True, recent=True),
        form("/settings/identities/{id}/unlink", unlink, member=True, recent=True),
    )


async def depart(visit: Visit) -> Reply:
    await visit.parts.throttle.spend("openid", _WALKS, subscriber(visit.address))
    return visit.leave(await _depart(visit, local_path(visit.query.text("next"), "/home"), None))


async def ask_to_link(visit: Visit) -> Reply:
    """A page with the link to follow: no form of ours is ever sent elsewhere, not even by a redirect."""
    issuer = _issuer(visit)
    address = await _depart(visit, "/settings/security", visit.me.session.member_id)
    return visit.page("identity_link.html", issuer=issuer, address=address)


async def arrive(visit: Visit) -> Reply:
    await visit.parts.throttle.spend("openid", _WALKS, subscriber(visit.address))
    issuer, walk = _issuer(visit), _walk(visit)
    set_cookie(visit, WALK, "")
    answer = dict(parse_qsl(visit.query_string, max_num_fields=50))
    if walk is None or walk.slug != issuer.slug or not same(answer.get("state", ""), walk.state):
        raise _NOTHING
    try:
        arrival = await visit.parts.openid.arrive(issuer, walk, answer, _back(visit, issuer))
    except OpenIdError as error:
        log_exception(error)
        raise _NOTHING from None
    if walk.member_id is not None:
        return await _link(visit, issuer, walk.member_id, arrival.outsider)
    found = await identities.find_member_of(visit.parts.pool, arrival.outsider)
    if found is None:
        return _unlinked(visit, issuer, arrival)
    return await go_on(visit, *found, walk.following)


async def unlink(visit: Visit) -> Reply:
    identity_id = visit.id_in_path("idn")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await identities.unlink(connection, visit.org_id, visit.me.session.member_id, identity_id)
            await record(visit, connection, "identity.unlink", ids.encode("idn", identity_id))
    except MemberNotFoundError:
        raise missing() from None
    await tell_of(visit, "A sign-in was unlinked", "and does not open your account any more")
    return visit.go("/settings/security")


def read_outsider(visit: Visit) -> Outsider | None:
    """Who has come from an issuer in this very browser and is about to sign up."""
    try:
        return visit.parts.links.open(visit.cookies.get(OUTSIDER, ""), Outsider)
    except LinkExpiredError:
        return None


async def _link(visit: Visit, issuer: Issuer, member_id: UUID, outsider: Outsider) -> Reply:
    if visit.signed_in is None or visit.me.session.member_id != member_id:
        raise _NOTHING
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            made = await identities.link(connection, visit.org_id, member_id, outsider, clock=visit.parts.clock)
            await record(visit, connection, "identity.link", ids.encode("idn", made))
    except AddressTakenError:
        advice = "Unlink it there first, or sign in at the issuer as somebody else."
        raise Refusal(409, "This sign-in is linked to an account already", advice) from None
    await tell_of(visit, "A sign-in was linked", f"at {issuer.name}: it opens your account from now on")
    return visit.go("/settings/security")


def _unlinked(visit: Visit, issuer: Issuer, arrival: Arrival) -> Reply:
    """The same page for an address that has an account here and one that has none."""
    set_cookie(visit, OUTSIDER, visit.parts.links.seal(arrival.outsider, _OUTSIDER_LASTS))
    return visit.page("identity_unlinked.html", issuer=issuer, email=arrival.email)


async def _depart(visit: Visit, following: str, member_id: UUID | None) -> str:
    issuer = _issuer(visit)
    try:
        address, walk = await visit.parts.openid.depart(issuer, _back(visit, issuer), following, member_id)
    except OpenIdError as error:
        log_exception(error)
        advice = "Try again in a few minutes, or use your password."
        raise Refusal(502, f"{issuer.name} cannot be reached", advice) from None
    set_cookie(visit, WALK, visit.parts.links.seal(walk, _LASTS))
    return address


def _walk(visit: Visit) -> Walk | None:
    try:
        return visit.parts.links.open(visit.cookies.get(WALK, ""), Walk)
    except LinkExpiredError:
        return None


def _back(visit: Visit, issuer: Issuer) -> str:
    return f"{visit.origin}/sign-in/with/{issuer.slug}/back"


def _issuer(visit: Visit) -> Issuer:
    issuer = visit.parts.openid.find(str(visit.params["issuer"]))
    if issuer is None:
        raise missing()
    return issuer
