"""Setting up how to pay: from the invoices to the page that Stripe hosts."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from playwright.async_api import expect

from service.settings import Secret, Settings
from tests.billing.stripe.fake import KEY, SECRET, FakeStripe, serving_stripe
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def stripe() -> Iterator[tuple[FakeStripe, str]]:
    with serving_stripe() as served:
        yield served


@pytest.fixture(scope="module")
def settings(settings: Settings, stripe: tuple[FakeStripe, str]) -> Settings:
    """The same with an account at Stripe."""
    return msgspec.structs.replace(
        settings,
        stripe_secret_key=Secret(KEY.encode()),
        stripe_webhook_secrets=(Secret(SECRET),),
        stripe_base_url=stripe[1],
    )


async def test_invoices_lead_to_the_page_where_stripe_asks_how_to_pay(
    people: People, stripe: tuple[FakeStripe, str]
) -> None:
    account, _ = stripe
    person = await people("Harbor Books", viewport={"width": 360, "height": 740})

    await person.go("/invoices")
    account.fault("broken_before", "/checkout/sessions")
    await person.press("Set up how to pay")
    await expect(person.page.get_by_role("alert")).to_contain_text("Stripe did not give us a page")
    assert await violations(person.page) == []
    await person.press("Try again")

    await person.sees("How to pay")
    onward = person.page.get_by_role("link", name="Go on at Stripe")
    await expect(onward).to_have_attribute("href", re.compile(r"^https://checkout\."))
    assert await violations(person.page) == []
    assert await overflow_px(person.page) == 0
