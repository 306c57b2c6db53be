"""Mail that a page sends: counted, and kept for later where the mail server does not answer."""

from redis.exceptions import RedisError

from service.portal.late_mail import LASTS
from service.portal.mail import Mail, MailError
from service.portal.throttle import MAILS
from service.portal.visit import Refusal, Visit
from service.telemetry import log_exception


async def send(visit: Visit, mail: Mail) -> None:
    """Sends it. Raises Refusal: too many to this address, or not sent now, which says what becomes of it."""
    await visit.parts.throttle.spend("mail", MAILS, mail.to)
    if await _sent(visit, mail):
        return
    if await _kept(visit, mail):
        minutes = int(LASTS.total_seconds() // 60)
        advice = f"Nothing is lost: we keep trying for {minutes} minutes. You can also go back and send it once more."
        raise Refusal(503, "The mail is late: our mail server does not answer", advice)
    raise Refusal(503, "The mail could not be sent", "Nothing is lost. Go back and try again in a few minutes.")


async def tell(visit: Visit, mail: Mail) -> None:
    """Sends a notice about what has happened already: nobody waits for it, and nothing stops it."""
    if not await _sent(visit, mail):
        await _kept(visit, mail)


async def _sent(visit: Visit, mail: Mail) -> bool:
    try:
        await visit.parts.mailer.send(mail)
    except MailError as error:
        log_exception(error)
        return False
    return True


async def _kept(visit: Visit, mail: Mail) -> bool:
    try:
        await visit.parts.late_mail.keep(mail)
    except RedisError as error:
        log_exception(error)
        return False
    return True
