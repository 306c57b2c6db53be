"""Reports of leaked keys: whom they are believed from, and who is told by mail."""

from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis

from service import ids
from service.accounts.keys import list_keys
from service.accounts.leak_routes import LeakRoutes
from service.accounts.leaks import Leaked, LeakKeysUnavailableError, ScannerKeys
from service.accounts.mailed_links import MailedLinks
from service.accounts.members import list_members
from service.accounts.roles import Role
from service.accounts.tokens import Peppers
from service.connectors.sdk.faults import VendorFault
from service.connectors.transport import HttpTransport
from service.db.pool import Pool, as_organization
from service.portal.late_mail import LateMail
from service.portal.mail import Mail, Mailer, MailError, Outbox, SmtpMailer
from service.settings import Settings
from service.telemetry import log_exception

_FETCHED_WITHIN_S: Final = 10.0


def leak_routes(
    settings: Settings, pool: Pool, redis: Redis, transport: HttpTransport, key_for: Callable[[str], bytes]
) -> LeakRoutes:
    """The API's side of it, with the mails that our pages send too."""
    mailer = SmtpMailer(settings.smtp_url, settings.mail_sender) if settings.smtp_url else Outbox(redis)
    late_mail = LateMail(redis, mailer, MailedLinks(key_for("late mail")))
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    url = settings.leak_report_keys_url
    scanner = None if url is None else ScannerKeys(lambda: _fetch(transport, url))
    portal_url = settings.portal_url.rstrip("/") if settings.portal_url else None
    return LeakRoutes(pool, peppers, scanner, LeakMail(pool, mailer, late_mail, portal_url).tell)


async def _fetch(transport: HttpTransport, url: str) -> bytes:
    try:
        answer = await transport.send("GET", url, {"accept": "application/json"}, None, _FETCHED_WITHIN_S)
    except VendorFault:
        raise LeakKeysUnavailableError from None
    if answer.status != 200:
        raise LeakKeysUnavailableError
    return answer.body


class LeakMail:
    """Sends the mails; what the mail server does not take is tried again for an hour."""

    def __init__(self, pool: Pool, mailer: Mailer, late_mail: LateMail, portal_url: str | None) -> None:
        self._pool = pool
        self._mailer = mailer
        self._late_mail = late_mail
        self._portal_url = portal_url

    async def tell(self, leaked: Leaked) -> None:
        """Never raises: the key has ended, told or not."""
        try:
            await self._tell(leaked)
        except Exception as error:
            log_exception(error)

    async def _tell(self, leaked: Leaked) -> None:
        leak = leaked.leak
        async with as_organization(self._pool, leaked.org_id) as connection:
            members = await list_members(connection, leaked.org_id)
            name = next(key.name for key in await list_keys(connection, leaked.org_id) if key.id == leak.key_id)
        where = f" at {leak.found_at_url}" if leak.found_at_url else ""
        ended = "We have ended it" if leak.ended_key else "It had ended before"
        link = None if self._portal_url is None else f"{self._portal_url}/keys/{ids.encode('key', leak.key_id)}"
        for member in members:
            if member.role not in (Role.OWNER, Role.ADMIN):
                continue
            mail = Mail(
                to=member.email,
                subject=f"The API key {name} was found in public",
                text=f"A secret scanner found the key {name}{where}. {ended}: calls with it are refused. "
                "Make a new key, and look through the request log for calls you do not know.",
                link=link,
            )
            try:
                await self._mailer.send(mail)
            except MailError:
                await self._late_mail.keep(mail)
