"""The few mails we send. Where no mail server is set, on one's own machine, they wait in an outbox page instead."""

from collections.abc import Awaitable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Final, Protocol, cast
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec
from redis.asyncio import Redis

from service.clock import now

_OUTBOX: Final = "tm:portal:outbox"
_KEPT: Final = 50
_KEPT_S: Final = 24 * 3600
_TIMEOUT_S: Final = 15.0


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail: plain text, with at most one link, on a line of its own."""

    to: str
    subject: str
    text: str
    link: str | None = None
    sent_at: str = ""

    def __repr__(self) -> str:
        return f"Mail({self.subject!r})"


class MailError(Exception):
    """The mail server did not take it."""


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Returns once the mail was taken. Raises MailError."""
        ...


class SmtpMailer:
    """Over a mail server: `smtps://user:password@host:465`, or `smtp://…:587` with STARTTLS."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = urlsplit(url)
        self._sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        """Names our mails without telling the name of this machine."""

    async def send(self, mail: Mail) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, mail.to, mail.subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_body(mail))
        try:
            await aiosmtplib.send(
                message,
                hostname=self._server.hostname,
                port=self._server.port,
                username=_decoded(self._server.username),
                password=_decoded(self._server.password),
                use_tls=self._server.scheme == "smtps",
                timeout=_TIMEOUT_S,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(type(error).__name__) from None  # the words may hold an address


class Outbox:
    """Keeps mails of the last day where the pages of this machine can show them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, mail: Mail) -> None:
        kept = msgspec.structs.replace(mail, sent_at=now().isoformat(timespec="seconds"))
        async with self._redis.pipeline() as pipe:
            pipe.lpush(_OUTBOX, msgspec.json.encode(kept))
            pipe.ltrim(_OUTBOX, 0, _KEPT - 1)
            pipe.expire(_OUTBOX, _KEPT_S)
            await pipe.execute()

    async def list_mails(self) -> list[Mail]:
        """The newest first."""
        kept = await cast(Awaitable[list[bytes]], self._redis.lrange(_OUTBOX, 0, -1))
        return [msgspec.json.decode(one, type=Mail) for one in kept]


def _decoded(part: str | None) -> str | None:
    return None if part is None else unquote(part)


def _body(mail: Mail) -> str:
    return f"{mail.text}\n\n{mail.link}\n" if mail.link else f"{mail.text}\n"
