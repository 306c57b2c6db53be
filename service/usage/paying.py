"""Setting up how to pay: a page that Stripe hosts, so that card and account numbers never reach us."""

import asyncio
from typing import Final
from uuid import UUID

import billing
from billing import RailFault, SetupPage, StripeRail
from service.db.pool import Pool, as_organization

_ANSWER_WITHIN_S: Final = 10.0


class NoPaymentPageError(Exception):
    """Stripe did not give us a page; it may in a moment."""


async def open_payment_page(pool: Pool, rail: StripeRail, org_id: UUID, attempt_id: UUID, return_url: str) -> SetupPage:
    """`attempt_id` names this wish: asked for twice, one page is opened. Raises NoPaymentPageError."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S), as_organization(pool, org_id) as connection:
            account = await billing.get_account(connection, org_id)
            return await billing.open_setup_page(connection, rail, org_id, attempt_id, return_url, account.currency)
    except (RailFault, TimeoutError) as fault:
        raise NoPaymentPageError from fault
