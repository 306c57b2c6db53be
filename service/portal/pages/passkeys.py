"""Passkeys: made, named, removed; used to sign in and to show again who one is.

Each form asks for its options first, by the script beside it, and is sent with what the browser answered. Without a
script the forms stay hidden, and the password does the same.
"""

from typing import Final

from service import ids
from service.accounts import passkeys, sessions
from service.accounts.credentials import Known
from service.accounts.errors import ImpossibleValueError, MemberNotFoundError, PasskeyRefusedError
from service.accounts.site import Site
from service.db.pool import as_organization
from service.portal.entering import enter, site_of
from service.portal.pages import signing
from service.portal.pages.security import record, tell_of
from service.portal.route import Route, form, page, sign_in_cookies
from service.portal.visit import JSON, Refusal, Reply, Visit, local_path, missing

_MAKE: Final = "make"
_USE: Final = "use"
_AGAIN: Final = "again"
_UNKNOWN: Final = (
    "This passkey does not sign in here. Perhaps it was removed; use the password, and add it again under Settings."
)


def routes() -> tuple[Route, ...]:
    """Adding and removing need a recent proof; using one is a proof."""
    return (
        form("/sign-in/passkey/options", use_options, anyone=True),
        form("/sign-in/passkey", sign_in, anyone=True),
        form("/confirm/passkey/options", confirm_options, member=True),
        form("/confirm/passkey", confirm, member=True),
        page("/settings/passkeys/new", ask, member=True, recent=True),
        form("/settings/passkeys/options", make_options, member=True, recent=True),
        form("/settings/passkeys/new", make, member=True, recent=True),
        form("/settings/passkeys/{id}/name", rename, member=True),
        form("/settings/passkeys/{id}/remove", remove, member=True, recent=True),
    )


async def use_options(visit: Visit) -> Reply:
    challenge = await visit.parts.challenges.new(_USE, visit.csrf)
    return visit.text(passkeys.request_options(_site(visit), challenge), JSON)


async def sign_in(visit: Visit) -> Reply:
    """A passkey verifies the person on the spot: it stands for both factors."""
    following = local_path(visit.form.text("next"), "/home")
    try:
        known, email = await _used(visit, _USE)
    except PasskeyRefusedError:
        return signing.ask(visit, following, _UNKNOWN)
    return await enter(visit, known, email, following)


async def confirm_options(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        known = await passkeys.list_passkeys(connection, visit.org_id, visit.me.session.member_id)
    if not known:
        raise missing()
    challenge = await visit.parts.challenges.new(_AGAIN, visit.csrf)
    return visit.text(passkeys.request_options(_site(visit), challenge, known), JSON)


async def confirm(visit: Visit) -> Reply:
    me, following = visit.me, local_path(visit.form.text("next"), "/home")
    try:
        await _used(visit, _AGAIN, Known(me.org_id, me.session.member_id))
    except PasskeyRefusedError:
        return await signing.ask_again(visit, following, alert="This is not a passkey of yours. Try another way.")
    async with as_organization(visit.parts.pool, me.org_id) as connection:
        token = await sessions.confirm_session(connection, me, clock=visit.parts.clock)
    sign_in_cookies(visit, token, None)
    return visit.go(following)


async def ask(visit: Visit) -> Reply:
    return visit.page("passkey.html", error=None, works=site_of(visit) is not None)


async def make_options(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        known = await passkeys.list_passkeys(connection, visit.org_id, visit.me.session.member_id)
    challenge = await visit.parts.challenges.new(_MAKE, visit.csrf)
    return visit.text(passkeys.registration_options(_site(visit), visit.member, known, challenge), JSON)


async def make(visit: Visit) -> Reply:
    challenge = await visit.parts.challenges.take(_MAKE, visit.csrf)
    name = visit.form.text("name") or "Passkey"
    try:
        if challenge is None:
            raise PasskeyRefusedError("no challenge")
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            made = await passkeys.register(
                connection,
                _site(visit),
                visit.member,
                challenge,
                visit.form.raw("answer"),
                name,
                clock=visit.parts.clock,
            )
            await record(visit, connection, "passkey.add", ids.encode("psk", made.id))
    except (PasskeyRefusedError, ImpossibleValueError) as error:
        text = str(error) if isinstance(error, ImpossibleValueError) else "No passkey was made. Try once more."
        return visit.page("passkey.html", 422, error=text, works=True)
    await tell_of(visit, "A passkey was added", f"named {made.name}: it signs in as you")
    return visit.go("/settings/security")


async def rename(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await passkeys.rename(connection, visit.member, visit.id_in_path("psk"), visit.form.text("name"))
    except MemberNotFoundError:
        raise missing() from None
    except ImpossibleValueError:
        raise Refusal(422, "A passkey needs a name", "Go back and type one, such as: office laptop.") from None
    return visit.go("/settings/security")


async def remove(visit: Visit) -> Reply:
    passkey_id = visit.id_in_path("psk")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            name = await passkeys.remove(connection, visit.member, passkey_id)
            await record(visit, connection, "passkey.remove", ids.encode("psk", passkey_id))
    except MemberNotFoundError:
        raise missing() from None
    await tell_of(visit, "A passkey was removed", f"named {name}: it does not sign in any more")
    return visit.go("/settings/security")


async def _used(visit: Visit, purpose: str, expected: Known | None = None) -> tuple[Known, str]:
    challenge = await visit.parts.challenges.take(purpose, visit.csrf)
    if challenge is None:
        raise PasskeyRefusedError("no challenge")
    parts, answer = visit.parts, visit.form.raw("answer")
    return await passkeys.check(parts.pool, _site(visit), challenge, answer, expected, clock=parts.clock)


def _site(visit: Visit) -> Site:
    site = site_of(visit)
    if site is None:
        raise Refusal(409, "Passkeys need a name", "Open the portal under a host name, such as http://localhost.")
    return site
