"""The rail against a real Stripe sandbox: `STRIPE_SANDBOX_KEY=sk_test_… python -m tests.billing.stripe.smoke`.

Makes a customer, opens the hosted page, puts an invoice of two lines on Stripe, collects it with Stripe's test card,
credits a part with a refund, and compares. Refuses live keys. Leaves its objects in the sandbox, marked as ours.
"""

import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from billing import (
    Invocation,
    Meter,
    Reason,
    UsageLedger,
    close_period,
    issue_invoice,
    load_price_book,
    open_account,
)
from billing.prices import PUBLIC_PLAN
from billing.stripe_customers import ensure_customer, open_setup_page, take_payment_method
from billing.stripe_invoicing import credit, issue
from billing.stripe_rail import StripeRail
from billing.stripe_reconcile import run_reconciliation
from service import embedded, ids
from service.db.migrate import migrate
from service.db.pool import open_pool
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER, OPENED

KEY = "STRIPE_SANDBOX_KEY"


def main() -> None:
    key = os.environ.get(KEY, "")
    if not key.startswith(("sk_test_", "rk_test_")):
        sys.exit(f"{KEY} has to be a sandbox key, sk_test_… or rk_test_…; live keys are refused")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        asyncio.run(_run(embedded.start_postgres(Path(directory) / "postgres"), StripeRail(key)))


async def _run(url: str, rail: StripeRail) -> None:
    await migrate(url)
    org_id, book = uuid4(), load_price_book()
    await _meter(url, org_id)
    pool = await open_pool(url, "tickmark_operator")
    connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    async with pool.acquire() as connection:
        await open_account(connection, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=OPENED)
        page = await open_setup_page(connection, rail, org_id, uuid4(), "https://app.example/billing", "USD")
        print(f"hosted page: {page.url[:40]}…")
        customer = await ensure_customer(connection, rail, org_id)
        await rail.call(
            lambda client: client.v1.payment_methods.attach(
                "pm_card_visa",
                params={"customer": customer.customer_id},
                options={"idempotency_key": f"smoke-{org_id}"},
            )
        )
        await take_payment_method(connection, rail, org_id, customer.customer_id, "smoke")
        drafted = await close_period(connection, book, org_id, OCTOBER, as_of=EARLY_NOVEMBER)
        invoice = await issue_invoice(connection, org_id, drafted.invoice_id, at=EARLY_NOVEMBER)
        there = await issue(connection, rail, org_id, invoice.invoice_id)
        print(f"invoice {there.stripe_invoice_id}: {there.collection}, {there.paid_minor} of {there.total_minor}")
        note = await credit(connection, rail, org_id, invoice.invoice_id, uuid4(), 100, refund=True)
        print(f"credit note {note}")
        report = await run_reconciliation(
            connection, book, org_id, OCTOBER, rail=rail, report_id=ids.new_uuid(), at=datetime.now(UTC)
        )
        print(f"difference: {report.difference} units, {report.money_difference_minor} cents")
    await pool.close()
    if there.collection != "paid" or not report.balanced:
        sys.exit("the rail does not agree with the ledger")


async def _meter(url: str, org_id: UUID) -> None:
    pool = await open_pool(url, "tickmark_meter")
    ledger = UsageLedger(pool)
    await ledger.start()
    at_ns = int(IN_OCTOBER.timestamp()) * 1_000_000_000
    for meter in (Meter.READ, Meter.WRITE):
        await ledger.record(
            Invocation(
                org_id=org_id,
                request_id=ids.new_uuid(at_ns),
                key_id=uuid4(),
                operation="smoke",
                status=200,
                meter=meter,
                units=3_000,
                billable=True,
                reason=Reason.SUCCESS,
            )
        )
    await ledger.close()
    await pool.close()


if __name__ == "__main__":
    main()
