"""Mail through a real SMTP server: what is sent, and what becomes of it while the server is away."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from httpx import AsyncClient
from redis.asyncio import Redis

from service import embedded
from service.accounts.mailed_links import MailedLinks
from service.clock import now
from service.portal.late_mail import LASTS, LateMail
from service.portal.mail import Mail, MailError, SmtpMailer
from service.server import serving
from service.settings import Settings
from tests.portal.test_safety import send

pytestmark = pytest.mark.anyio

MAIL = Mail(
    to="ada@harbor.example", subject="Join Überbücher", text="Come in, s'il vous plaît.", link="https://a.example/x?l=1"
)


class Inbox:
    """Keeps what it is sent; refuses while told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.senders: list[str] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 try again later"
        self.senders.append(envelope.mail_from)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mail_server(inbox: Inbox, port: int, **options: Any) -> Generator[None]:
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


async def forget_claims(servers: embedded.Servers) -> None:
    """As if half a minute had passed in Redis as well."""
    client: Any = Redis.from_url(servers.redis_url)  # pyright: ignore[reportUnknownMemberType]
    await client.delete(*await client.keys("tm:portal:late:*"))
    await client.aclose()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def smtp_port() -> int:
    return free_port()


async def test_mail_arrives_with_its_link_whole(inbox: Inbox, smtp_port: int) -> None:
    with mail_server(inbox, smtp_port):
        await SmtpMailer(f"smtp://127.0.0.1:{smtp_port}", "Tickmark <portal@tickmark.example>").send(MAIL)

    (mail,) = inbox.mails
    assert (mail["To"], mail["Subject"]) == ("ada@harbor.example", "Join Überbücher")
    assert mail["From"] == "Tickmark <portal@tickmark.example>"
    assert mail["Date"]
    assert mail["Message-ID"]
    assert inbox.senders == ["portal@tickmark.example"]
    assert mail.get_content().splitlines() == [MAIL.text, "", str(MAIL.link)]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_mailer_signs_in_where_the_address_holds_a_password(inbox: Inbox, smtp_port: int) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"us@er", b"p:w"))

    with mail_server(inbox, smtp_port, authenticator=check, auth_required=True, auth_require_tls=False):
        await SmtpMailer(f"smtp://us%40er:p%3Aw@127.0.0.1:{smtp_port}", "portal@tickmark.example").send(MAIL)
        with pytest.raises(MailError):
            await SmtpMailer(f"smtp://us%40er:other@127.0.0.1:{smtp_port}", "portal@tickmark.example").send(MAIL)

    assert len(inbox.mails) == 1


async def test_error_of_the_mail_server_names_no_address(inbox: Inbox, smtp_port: int) -> None:
    inbox.refuses = True
    with mail_server(inbox, smtp_port), pytest.raises(MailError) as failure:
        await SmtpMailer(f"smtp://127.0.0.1:{smtp_port}", "portal@tickmark.example").send(MAIL)

    assert "ada" not in str(failure.value)


async def test_header_cannot_be_added_through_a_subject(inbox: Inbox, smtp_port: int) -> None:
    forged = Mail(to=MAIL.to, subject="Join\r\nBcc: eve@evil.example", text="x")

    with mail_server(inbox, smtp_port), pytest.raises(ValueError, match="linefeed"):
        await SmtpMailer(f"smtp://127.0.0.1:{smtp_port}", "portal@tickmark.example").send(forged)

    assert inbox.mails == []


async def test_late_mail_is_sent_once_the_server_is_back(
    inbox: Inbox, smtp_port: int, servers: embedded.Servers
) -> None:
    present = [now()]
    client = Redis.from_url(servers.redis_url)  # pyright: ignore[reportUnknownMemberType]
    mailer = SmtpMailer(f"smtp://127.0.0.1:{smtp_port}", "portal@tickmark.example")
    late = LateMail(client, mailer, MailedLinks(b"k" * 32), lambda: present[0])
    await late.keep(MAIL)
    waiting = b"".join(await client.zrange("tm:portal:late", 0, -1))  # type: ignore[arg-type]
    assert b"ada" not in waiting

    assert await late.send_due() == 0
    present[0] += timedelta(seconds=31)
    assert await late.send_due() == 0
    with mail_server(inbox, smtp_port):
        present[0] += timedelta(seconds=31)
        await forget_claims(servers)
        assert await late.send_due() == 1
        present[0] += timedelta(seconds=31)
        assert await late.send_due() == 0
    await client.aclose()

    assert [mail["To"] for mail in inbox.mails] == [MAIL.to]


async def test_mail_that_stays_late_is_given_up_with_its_link(smtp_port: int, servers: embedded.Servers) -> None:
    present = [now()]
    client = Redis.from_url(servers.redis_url)  # pyright: ignore[reportUnknownMemberType]
    seals = MailedLinks(b"k" * 32, lambda: present[0].timestamp())
    mailer = SmtpMailer(f"smtp://127.0.0.1:{smtp_port}", "portal@tickmark.example")
    late = LateMail(client, mailer, seals, lambda: present[0])
    await late.keep(MAIL)

    present[0] += LASTS + timedelta(seconds=1)
    assert await late.send_due() == 0

    assert await client.zcard("tm:portal:late") == 0
    await client.aclose()


async def test_sign_up_survives_a_mail_server_that_is_away(
    settings: Settings, inbox: Inbox, smtp_port: int, servers: embedded.Servers
) -> None:
    site_port = free_port()
    site = f"http://127.0.0.1:{site_port}"
    with redis.Redis.from_url(servers.redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        client.flushall()  # pyright: ignore[reportUnknownMemberType]
    with_mail = msgspec.structs.replace(settings, portal_url=site, smtp_url=f"smtp://127.0.0.1:{smtp_port}")
    async with serving(with_mail, site_port), AsyncClient(base_url=site) as browser:
        answers = [
            await send(browser, path, email=email)
            for path in ("/sign-up", "/forgot")
            for email in ("new@harbor.example", "other@harbor.example")
        ]
        assert {answer.status_code for answer in answers} == {503}
        assert all("Nothing is lost" in answer.text for answer in answers)

        with mail_server(inbox, smtp_port):
            again = await send(browser, "/sign-up", email="new@harbor.example")
            assert again.status_code == 200
            link = inbox.mails[0].get_content().splitlines()[-1]
            assert link.startswith(f"{site}/sign-up/finish?link=")
            finished = await browser.get(link)
            assert (await browser.get("/outbox")).status_code == 404

    assert "new@harbor.example" in finished.text
