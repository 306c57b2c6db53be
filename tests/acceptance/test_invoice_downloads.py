"""Invoices over HTTP: PDF, HTML, and the calls behind a line as CSV and NDJSON."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from billing import UsageLedger, close_period, issue_invoice, load_price_book, month_of
from service import ids
from service.db.pool import Pool, open_pool
from service.jobs.ledger import mark_overdue
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, client_of, problem_of
from tests.billing.calls import billable
from tests.conftest import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def billed(customers: Customers, operator_pool: Pool, database: Database) -> tuple[Api, str]:
    """A customer with an issued invoice of 1,203 reads, and its address."""
    long_ago = datetime.now(UTC) - timedelta(days=70)
    api = await customers(clock=lambda: long_ago)
    org, month = api.cast.org_id, month_of(long_ago, "UTC")
    async with await open_pool(database.owner_url, "tickmark_meter") as pool:
        ledger = UsageLedger(pool)
        await ledger.start()
        for units in (1_000, 203):
            await ledger.record(billable(org, long_ago, units=units))
        await ledger.close()
    async with operator_pool.acquire() as connection:
        draft = await close_period(connection, load_price_book(), org, month.starts_on, as_of=datetime.now(UTC))
        await issue_invoice(connection, org, draft.invoice_id, at=datetime.now(UTC))
    return api, f"/v1/billing/invoices/{ids.encode('bill', draft.invoice_id)}"


async def test_an_invoice_is_a_pdf_and_a_page(billed: tuple[Api, str]) -> None:
    api, path = billed

    pdf, page = await api.get(f"{path}/pdf"), await api.get(f"{path}/html")

    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert "INV-" in pdf.headers["content-disposition"]
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Read, tier 1" in page.text
    assert pdf.headers["usage-billable"] == "?0"


async def test_the_calls_behind_a_line_come_as_csv_and_ndjson(billed: tuple[Api, str]) -> None:
    api, path = billed
    lines = (await api.get(path)).json()["lines"]

    for place, line in enumerate(lines, 1):
        as_csv = await api.get(f"{path}/lines/{place}/calls", Ticket_Reference="GRC-1")
        as_json = await api.get(f"{path}/lines/{place}/calls?format=ndjson", Ticket_Reference="GRC-1")
        rows = list(csv.DictReader(io.StringIO(as_csv.text)))
        assert [{**row, "units": int(row["units"])} for row in rows] == [
            json.loads(row) for row in as_json.text.splitlines()
        ]
        assert sum(int(row["units"]) for row in rows) == line["quantity"]
        assert (await api.get(f"/v1/usage/{rows[0]['request_id']}")).status_code == 200


async def test_an_invoice_names_the_seller_of_the_settings(billed: tuple[Api, str], settings: Settings) -> None:
    api, path = billed
    named = replace(
        settings,
        seller_name="Ledger & Co",
        seller_address="2 Sample Road; Sampleton",
        seller_payment="By transfer; in 14 days",
    )

    unnamed = await api.get(f"{path}/html")
    async with client_of(named) as http:
        page = await http.get(f"{path}/html", headers=api.headers())

    assert "set TICKMARK_SELLER_NAME" in unnamed.text
    assert "<strong>Ledger &amp; Co</strong><br>2 Sample Road<br>Sampleton" in page.text
    assert "<p>By transfer</p>\n<p>in 14 days</p>" in page.text


async def test_an_invoice_is_past_due_on_the_day_after_it_was_due(billed: tuple[Api, str], operator_pool: Pool) -> None:
    api, path = billed
    before = (await api.get(path)).json()
    due_at = datetime.fromisoformat(f"{before['due_on']}T23:59:00+00:00")

    states: list[str] = []
    async with operator_pool.acquire() as connection:
        for at in (due_at, due_at + timedelta(hours=1)):
            await mark_overdue(connection, at)
            states.append((await api.get(path)).json()["state"])

    assert states == ["issued", "past_due"]


@pytest.mark.parametrize("path", ["/lines/99/calls", "/lines/x/calls", "/lines/0/calls"])
async def test_a_line_that_is_not_there_is_a_404(billed: tuple[Api, str], path: str) -> None:
    api, invoice = billed

    answer = await api.get(invoice + path, Ticket_Reference="GRC-1")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


async def test_another_organization_gets_the_404_of_a_missing_invoice(
    billed: tuple[Api, str], customers: Customers
) -> None:
    _, path = billed
    stranger = await customers()

    for part in ("/pdf", "/html", "/lines/1/calls"):
        answer = await stranger.get(path + part, Ticket_Reference="GRC-1")
        assert (answer.status_code, problem_of(answer)) == (404, "not_found")


async def test_an_unknown_format_is_named(billed: tuple[Api, str]) -> None:
    api, path = billed

    answer = await api.get(f"{path}/lines/1/calls?format=xls", Ticket_Reference="GRC-1")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")
