"""Who is told by mail that a webhook endpoint was disabled."""

from typing import Final

from service import ids
from service.accounts.members import list_members
from service.accounts.roles import Role
from service.db.pool import Pool, as_organization
from service.events.delivery import Disabled
from service.portal.late_mail import LateMail
from service.portal.mail import Mail, Mailer, MailError
from service.telemetry import log_exception

_WHY: Final = {
    "gone": "It answered 410, which says that it is gone",
    "failing": "It has taken nothing for three days",
    "asked": "Somebody asked for it",
}
_TOLD: Final = (Role.OWNER, Role.ADMIN, Role.DEVELOPER)


class EndpointMail:
    """Sends the mails; what the mail server does not take is tried again for an hour."""

    def __init__(self, pool: Pool, mailer: Mailer, late_mail: LateMail, portal_url: str | None) -> None:
        self._pool = pool
        self._mailer = mailer
        self._late_mail = late_mail
        self._portal_url = portal_url

    async def tell(self, disabled: Disabled) -> None:
        """Never raises: the endpoint is disabled, told or not."""
        try:
            await self._tell(disabled)
        except Exception as error:
            log_exception(error)

    async def _tell(self, disabled: Disabled) -> None:
        endpoint = disabled.endpoint
        async with as_organization(self._pool, disabled.org_id) as connection:
            members = await list_members(connection, disabled.org_id)
        place = f"/events/endpoints/{ids.encode('whe', endpoint.id)}"
        link = None if self._portal_url is None else self._portal_url + place
        name = endpoint.description or "without a description"
        for member in members:
            if member.role not in _TOLD:
                continue
            mail = Mail(
                to=member.email,
                subject="A webhook endpoint was disabled",
                text=f"The {endpoint.mode} endpoint “{name}” was disabled. {_WHY[disabled.because]}. "
                "Mend it and enable it again; then replay what happened since. Nothing is lost meanwhile: "
                "events stay listed.",
                link=link,
            )
            try:
                await self._mailer.send(mail)
            except MailError:
                await self._late_mail.keep(mail)
