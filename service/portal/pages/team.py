"""The team: who is in, with which role, and who is asked to join."""

from service.accounts import members
from service.accounts.errors import ImpossibleValueError, MemberNotFoundError, NotAllowedError
from service.accounts.roles import SAYS, Permission, Role
from service.db.pool import as_organization
from service.portal.mail import Mail, MailError
from service.portal.route import Route, form, page
from service.portal.throttle import MAILS
from service.portal.visit import Refusal, Reply, Visit, missing


def routes() -> tuple[Route, ...]:
    """Everybody sees the team; changing it needs leave and a recent proof."""
    return (
        page("/team", team, Permission.READ),
        form("/team/invite", invite, Permission.TEAM, recent=True),
        form("/team/invitations/{id}/revoke", revoke, Permission.TEAM),
        form("/team/{id}/role", change_role, Permission.TEAM, recent=True),
        form("/team/{id}/remove", remove, Permission.TEAM, recent=True),
    )


async def team(visit: Visit) -> Reply:
    return await _team(visit)


async def invite(visit: Visit) -> Reply:
    text = visit.form.text
    try:
        email = members.checked_email(text("email"))
        role = Role(text("role"))
    except ImpossibleValueError as error:
        return await _team(visit, 422, str(error))
    except ValueError:
        return await _team(visit, 422, "Choose one of the roles.")
    await visit.parts.throttle.spend("mail", MAILS, email)
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            made, joining = await members.invite(connection, visit.member, email, role, clock=visit.parts.clock)
    except NotAllowedError as error:
        return await _team(visit, 422, str(error))
    link = visit.parts.links.seal(joining, members.INVITATION_LASTS)
    session = visit.me.session
    try:
        await visit.parts.mailer.send(
            Mail(
                to=made.email,
                subject=f"Join {session.organization} on Tickmark",
                text=f"{session.name} asks you to join {session.organization} on Tickmark as {role}. "
                "This link works for a week.",
                link=f"{visit.origin}/join?link={link}",
            )
        )
    except MailError:
        raise Refusal(503, "The mail could not be sent", "Take the invitation back and try again later.") from None
    return visit.go("/team")


async def revoke(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            invitation_id = visit.id_in_path("ivt")
            await members.revoke_invitation(connection, visit.org_id, invitation_id, clock=visit.parts.clock)
    except MemberNotFoundError:
        raise missing() from None
    return visit.go("/team")


async def change_role(visit: Visit) -> Reply:
    try:
        role = Role(visit.form.text("role"))
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await members.change_role(connection, visit.member, visit.id_in_path("mem"), role)
    except MemberNotFoundError:
        raise missing() from None
    except NotAllowedError as error:
        return await _team(visit, 422, str(error))
    except ValueError:
        return await _team(visit, 422, "Choose one of the roles.")
    return visit.go("/team")


async def remove(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            member_id = visit.id_in_path("mem")
            await members.remove_member(connection, visit.member, member_id, clock=visit.parts.clock)
    except MemberNotFoundError:
        raise missing() from None
    except NotAllowedError as error:
        return await _team(visit, 422, str(error))
    return visit.go("/team")


async def _team(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await members.list_members(connection, visit.org_id)
        invitations = await members.list_invitations(connection, visit.org_id, visit.parts.clock())
    return visit.page(
        "team.html", status, members=found, invitations=invitations, roles=SAYS, error=error, typed=visit.form
    )
