"""Invitations by mail: from the page of the team, and for keys that invite."""

from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis

from service.accounts.mailed_links import MailedLinks
from service.accounts.members import INVITATION_LASTS, Joining
from service.accounts.members_store import Invitation
from service.api.call import Call
from service.errors import CONFLICT, RATE_LIMITED, ApiProblem
from service.portal.late_mail import LateMail
from service.portal.mail import Mail, MailError, Outbox, SmtpMailer
from service.portal.route import is_loopback
from service.portal.throttle import MAILS, Throttle
from service.portal.visit import Refusal
from service.settings import Settings
from service.telemetry import log_exception

_WAIT_S: Final = MAILS[0].window_s


def invitation_mail(made: Invitation, joining: Joining, links: MailedLinks, *, organization: str, origin: str) -> Mail:
    """What the invited person gets; `organization` is who asks."""
    link = links.seal(joining, INVITATION_LASTS)
    return Mail(
        to=made.email,
        subject=f"Join {organization} on Tickmark",
        text=f"You are asked to join {organization} on Tickmark as {made.role}. This link works for a week.",
        link=f"{origin}/join?link={link}",
    )


class InvitationMail:
    """Sends those of keys; what the mail server does not take is tried again for an hour."""

    def __init__(self, settings: Settings, redis: Redis, key_for: Callable[[str], bytes]) -> None:
        self._public_url = settings.portal_url.rstrip("/") if settings.portal_url else None
        self._mailer = SmtpMailer(settings.smtp_url, settings.mail_sender) if settings.smtp_url else Outbox(redis)
        self._late_mail = LateMail(redis, self._mailer, MailedLinks(key_for("late mail")))
        self._links = MailedLinks(key_for("mailed links"))
        self._throttle = Throttle(redis)

    async def admit(self, call: Call, email: str) -> None:
        """A problem for too many mails to one address, and where there are no pages to join on."""
        self._origin(call)
        try:
            await self._throttle.spend("mail", MAILS, email)
        except Refusal:
            detail = f"{MAILS[0].count} mails go to one address within {_WAIT_S / 60:.0f} minutes."
            raise ApiProblem(RATE_LIMITED, detail, retry_after_s=_WAIT_S) from None

    async def send(self, call: Call, made: Invitation, joining: Joining, organization: str) -> None:
        """Never raises for a mail server that is away."""
        mail = invitation_mail(made, joining, self._links, organization=organization, origin=self._origin(call))
        try:
            await self._mailer.send(mail)
        except MailError as error:
            log_exception(error)
            await self._late_mail.keep(mail)

    def _origin(self, call: Call) -> str:
        host = call.header(b"host") or ""
        if self._public_url is None and not is_loopback(host):
            raise ApiProblem(CONFLICT, "No pages are served here, so nobody could join.")
        return self._public_url or f"http://{host}"
