"""The team: who is in, with which role, and who is asked to join."""

from service.accounts import members
from service.accounts.errors import ImpossibleValueError, MemberNotFoundError, NotAllowedError
from service.accounts.roles import SAYS, Permission, Role
from service.audit.acts import member_actor
from service.db.pool import as_organization
from service.portal.inviting import invitation_mail
from service.portal.mail import Mail
from service.portal.route import Route, form, page
from service.portal.sending import send, tell
from service.portal.visit import Reply, Visit, missing


def routes() -> tuple[Route, ...]:
    """Everybody sees the team; changing it needs leave and a recent proof."""
    return (
        page("/team", team, Permission.READ),
        form("/team/invite", invite, Permission.TEAM, recent=True),
        form("/team/invitations/{id}/revoke", revoke, Permission.TEAM),
        form("/team/{id}/role", change_role, Permission.TEAM, recent=True),
        form("/team/{id}/remove", remove, Permission.TEAM, recent=True),
        form("/team/{id}/second-factor/remove", remove_factor, Permission.TEAM, recent=True),
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
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            made, joining = await members.invite(connection, visit.member, email, role, clock=visit.parts.clock)
    except NotAllowedError as error:
        return await _team(visit, 422, str(error))
    organization = visit.me.session.organization
    mail = invitation_mail(made, joining, visit.parts.links, organization=organization, origin=visit.origin)
    await send(visit, mail)
    return visit.go("/team")


async def revoke(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            invitation_id = visit.id_in_path("ivt")
            actor = member_actor(visit.me.session.member_id)
            await members.revoke_invitation(
                connection, visit.org_id, invitation_id, actor=actor, clock=visit.parts.clock
            )
    except MemberNotFoundError:
        raise missing() from None
    return visit.go("/team")


async def change_role(visit: Visit) -> Reply:
    try:
        role = Role(visit.form.text("role"))
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            member_id = visit.id_in_path("mem")
            await members.change_role(connection, visit.member, member_id, role)
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


async def remove_factor(visit: Visit) -> Reply:
    """For somebody who has lost it. The member is told, whoever did it and why."""
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            member_id = visit.id_in_path("mem")
            found = await members.remove_second_factor(connection, visit.parts.factors, visit.member, member_id)
    except MemberNotFoundError:
        raise missing() from None
    except NotAllowedError as error:
        return await _team(visit, 422, str(error))
    text = f"{visit.me.session.name} removed your second factor. Sign in with your password and add a new one."
    subject = "Your second factor was removed"
    await tell(visit, Mail(to=found.email, subject=subject, text=text, link=f"{visit.origin}/sign-in"))
    return visit.go("/team")


async def _team(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await members.list_members(connection, visit.org_id)
        invitations = await members.list_invitations(connection, visit.org_id, visit.parts.clock())
    return visit.page(
        "team.html", status, members=found, invitations=invitations, roles=SAYS, error=error, typed=visit.form
    )
