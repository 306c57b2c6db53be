"""The witness of our requests notices what Stripe would not take; the fake keeps what Stripe promises."""

import pytest
import stripe.params as params

from billing.stripe_rail import RailBroken, RailRefused, StripeRail
from tests.billing.stripe.fake import FakeStripe
from tests.billing.stripe.oracle import complaints, decode_form

pytestmark = pytest.mark.anyio


def test_a_right_form_has_no_complaints() -> None:
    form = decode_form(
        [("customer", "cus_1"), ("auto_advance", "false"), ("metadata[a]", "1"), ("days_until_due", "14")]
    )

    assert complaints(params.InvoiceCreateParams, form) == []


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        (params.InvoiceCreateParams, {"costumer": "cus_1"}),
        (params.InvoiceCreateParams, {"auto_advance": "yes"}),
        (params.InvoiceCreateParams, {"days_until_due": "14.5"}),
        (params.InvoiceCreateParams, {"collection_method": "by_post"}),
        (params.InvoiceCreateParams, {"automatic_tax": {}}),
        (params.InvoiceCreateParams, {"default_tax_rates": "one"}),
        (params.InvoiceCreateParams, {"idempotency_key": "in the form"}),
        (params.CreditNoteCreateParams, {"amount": "1"}),
    ],
)
def test_a_wrong_form_has_one(shape: type, form: dict[str, object]) -> None:
    assert len(complaints(shape, form)) == 1


async def _make(rail: StripeRail, key: str, org: str = "1") -> str:
    made = await rail.call(
        lambda client: client.v1.customers.create(params={"metadata": {"o": org}}, options={"idempotency_key": key})
    )
    return made.id


async def test_a_key_gives_its_first_answer_again(rail: StripeRail, stripe: FakeStripe) -> None:
    assert await _make(rail, "k") == await _make(rail, "k")
    assert len(stripe.customers) == 1


async def test_a_stored_500_is_given_again(rail: StripeRail, stripe: FakeStripe) -> None:
    stripe.fault("broken_before", "/v1/customers")
    for _ in range(2):
        with pytest.raises(RailBroken):
            await _make(rail, "k")

    assert await _make(rail, "k2") in stripe.customers


async def test_a_key_with_another_form_is_refused(rail: StripeRail) -> None:
    await _make(rail, "k")

    with pytest.raises(RailRefused, match="idempotency_error"):
        await _make(rail, "k", "2")


async def test_an_unknown_key_is_refused_and_not_told(fake_at: tuple[FakeStripe, str]) -> None:
    rail = StripeRail("sk_test_wrong", base_url=fake_at[1])

    with pytest.raises(RailRefused) as refused:
        await _make(rail, "k")

    assert "sk_test_wrong" not in f"{rail!r} {refused.value}"
