"""Our organizations as customers at Stripe, and how they pay: set up on a page that Stripe hosts."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from billing.store import QUERIES, Connection
from billing.stripe_rail import StripeRail

ORG = "tickmark_org"
"""The metadata field in which each object at Stripe names the organization."""


class SetupPage(msgspec.Struct, frozen=True):
    """A page hosted by Stripe on which a card or bank account is entered; we never see it."""

    url: str
    expires_at: datetime


class StripeCustomer(msgspec.Struct, frozen=True):
    """An organization at Stripe; `payment_method` is None until one was set up."""

    customer_id: str
    payment_method: str | None


async def get_customer(connection: Connection, org_id: UUID) -> StripeCustomer | None:
    """None before the first invoice or set-up."""
    row = await connection.fetchrow(QUERIES["get_stripe_customer"], org_id)
    return None if row is None else msgspec.convert(row, StripeCustomer)


async def ensure_customer(connection: Connection, rail: StripeRail, org_id: UUID) -> StripeCustomer:
    """The organization's customer, made if there is none. Two at once make the same one: they send the same key."""
    found = await get_customer(connection, org_id)
    if found is not None:
        return found
    made = await rail.call(
        lambda client: client.v1.customers.create(
            params={"metadata": {ORG: str(org_id)}}, options={"idempotency_key": f"tickmark-{org_id}-customer-1"}
        )
    )
    await connection.execute(QUERIES["insert_stripe_customer"], org_id, made.id)
    found = await get_customer(connection, org_id)
    assert found is not None
    return found


async def open_setup_page(
    connection: Connection, rail: StripeRail, org_id: UUID, attempt_id: UUID, return_url: str, currency: str
) -> SetupPage:
    """A page for setting up how to pay; `attempt_id` names this wish, so that asking twice opens one page."""
    customer = await ensure_customer(connection, rail, org_id)
    session = await rail.call(
        lambda client: client.v1.checkout.sessions.create(
            params={
                "mode": "setup",
                "customer": customer.customer_id,
                "currency": currency.lower(),
                "success_url": return_url,
                "cancel_url": return_url,
                "metadata": {ORG: str(org_id)},
            },
            options={"idempotency_key": f"tickmark-{org_id}-setup-{attempt_id}"},
        )
    )
    assert session.url is not None
    return SetupPage(session.url, datetime.fromtimestamp(session.expires_at, UTC))


async def take_payment_method(
    connection: Connection, rail: StripeRail, org_id: UUID, customer_id: str, cause: str
) -> None:
    """Makes the customer's newest payment method the one that invoices are collected from.

    `cause` is the event that told of it: part of the key, so that a change back is not taken for a repeat.
    """
    methods = await rail.call(lambda client: client.v1.customers.payment_methods.list(customer_id, params={"limit": 1}))
    if not methods.data:
        await connection.execute(QUERIES["mark_payment_method"], org_id, None)
        return
    newest = methods.data[0].id
    customer = await get_customer(connection, org_id)
    if customer is not None and customer.payment_method == newest:
        return
    await rail.call(
        lambda client: client.v1.customers.update(
            customer_id,
            params={"invoice_settings": {"default_payment_method": newest}},
            options={"idempotency_key": f"tickmark-{org_id}-default-{cause}"},
        )
    )
    await connection.execute(QUERIES["mark_payment_method"], org_id, newest)
