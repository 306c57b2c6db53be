"""Webhooks, beside the worker's other jobs: every worker sends, not one alone."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from redis.asyncio import Redis

from service.accounts.mailed_links import MailedLinks
from service.connections.vault import LocalKey, Vault
from service.db.pool import open_pool
from service.derived_key import derived_key
from service.events.delivery import Deliverer
from service.events.sending import Sender
from service.portal.endpoint_mail import EndpointMail
from service.portal.late_mail import LateMail
from service.portal.mail import Outbox, SmtpMailer
from service.settings import Settings

_POOL_SIZE: Final = 8
_RESOLVING_AT_ONCE: Final = 64
"""Threads that wait for name servers: a slow one must not hold up the names of others."""


@asynccontextmanager
async def opened_deliverer(settings: Settings) -> AsyncGenerator[Deliverer]:
    """What sends, with pools and a way out of its own, for the length of the block."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, "tickmark_operator", min_size=0, max_size=_POOL_SIZE)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(settings.redis_url)  # pyright: ignore[reportUnknownMemberType]
        stack.push_async_callback(redis.aclose)
        mailer = SmtpMailer(settings.smtp_url, settings.mail_sender) if settings.smtp_url else Outbox(redis)
        late_mail = LateMail(redis, mailer, MailedLinks(derived_key(settings.cursor_key.value, "late mail")))
        mail = EndpointMail(pool, mailer, late_mail, settings.portal_url.rstrip("/") if settings.portal_url else None)
        vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_RESOLVING_AT_ONCE, "resolving"))
        sender = await stack.enter_async_context(Sender(loopback=settings.webhooks_to_loopback))
        yield Deliverer(pool, vault, sender, mail.tell)
