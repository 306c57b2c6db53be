"""What a bookkeeper gets: PDF and HTML that say the same, and the calls behind every line."""

import asyncio
import re
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from uuid import UUID, uuid4

import msgspec
import pytest

from billing import (
    Details,
    Invoice,
    InvoiceUnknown,
    LineCall,
    Meter,
    Papers,
    Place,
    PriceBook,
    Seller,
    UsageLedger,
    close_period,
    credit_invoice,
    get_balance,
    invoice_name,
    issue_invoice,
    list_credit_notes,
    list_line_calls,
    render_html,
    render_pdf,
    set_details,
)
from billing.documents import to_document
from billing.store import Connection
from billing.usage import insert_voids
from tests.billing.calls import billable
from tests.billing.days import EARLY_DECEMBER, EARLY_NOVEMBER, IN_OCTOBER, NOVEMBER, OCTOBER

pytestmark = pytest.mark.anyio

_SELLER = Seller("Ledger & Co", "2 Sample Road\nSampleton", "EX 1", "bills@seller.example", "By transfer\nin 14 days")
_BUYER = Details("Müller & <b>Søn</b>", "#Østergade 1\n1100 $København$", "EX123", "VAT", Decimal("12.5"))


class _Text(HTMLParser):
    """The words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += [data.strip()] if data.strip() else []


@pytest.fixture
async def papers(ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID) -> Papers:
    """An issued invoice with tax and a credit note, made out to somebody with an awkward name."""
    await set_details(operator, org, _BUYER)
    for meter, units in ((Meter.READ, 123_456), (Meter.WRITE, 120)):
        await ledger.record(billable(org, IN_OCTOBER, meter=meter, units=units))
    draft = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    invoice = await issue_invoice(operator, org, draft.invoice_id, at=EARLY_NOVEMBER)
    await credit_invoice(operator, org, draft.invoice_id, 1_000, note_id=uuid4(), reason="outage", at=EARLY_NOVEMBER)
    balance = await get_balance(operator, org, invoice.invoice_id)
    notes = await list_credit_notes(operator, org, invoice.invoice_id)
    return Papers(invoice, balance, _BUYER, _SELLER, notes)


async def test_html_says_all_that_a_bookkeeper_needs(papers: Papers) -> None:
    page = render_html(papers)
    text = _Text()
    text.feed(page)
    words = " ".join(text.words)

    for fact in (
        invoice_name(papers.invoice),
        "3 November 2026",
        "17 November 2026",
        "October 2026",
        "Müller & <b>Søn</b>",
        "1100 $København$",
        "Tax id EX123",
        "Ledger & Co 2 Sample Road Sampleton Tax id EX 1",
        "By transfer in 14 days",
        "Ledger & Co · bills@seller.example",
        "Read, tier 2 23,456 0.0025 58.64",
        "Subtotal 455.04",
        "VAT 12.5 % 56.88",
        "Total USD 511.92",
        "Credited -10.00",
        "Amount due USD 501.92",
        "Credit note 1 of 2026-11-03: 10.00 USD, outage.",
    ):
        assert fact in words, fact
    assert "<b>Søn" not in page


async def test_pdf_is_the_same_for_the_same_facts_and_another_for_others(papers: Papers) -> None:
    first, again = render_pdf(papers), render_pdf(papers)
    other = render_pdf(msgspec.structs.replace(papers, buyer=Details("Other", "Street")))

    assert first.startswith(b"%PDF-")
    assert first == again != other
    assert len(re.findall(rb"/Type\s*/Page\b", first)) == 1


async def test_a_long_invoice_goes_on_over_pages(papers: Papers) -> None:
    lines = papers.invoice.lines * 30
    many = msgspec.structs.replace(papers, invoice=msgspec.structs.replace(papers.invoice, lines=lines))

    assert len(re.findall(rb"/Type\s*/Page\b", render_pdf(many))) > 2


async def test_figures_on_paper_sum_up(papers: Papers) -> None:
    shown = to_document(papers)
    amounts = [Decimal(line.amount.replace(",", "")) for line in shown.lines]
    sums = {one.label: Decimal(one.amount.replace(",", "")) for one in shown.sums}

    assert sum(amounts) == sums["Subtotal"]
    assert sums["Subtotal"] + sums["VAT 12.5 %"] == sums["Total USD"]


async def _calls(operator: Connection, invoice: Invoice, position: int, page: int = 7) -> list[LineCall]:
    found: list[LineCall] = []
    place: Place | None = Place()
    while place is not None:
        part, place = await list_line_calls(operator, invoice, invoice.lines[position - 1], place, limit=page)
        found += part
    return found


async def test_the_calls_behind_each_line_sum_to_it(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    units = [300] * 5 + [40] * 30
    calls = [billable(org, IN_OCTOBER + timedelta(minutes=n), units=size) for n, size in enumerate(units)]
    await asyncio.gather(*(ledger.record(call) for call in calls))
    await ledger.record(billable(org, IN_OCTOBER, meter=Meter.WRITE))
    invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    await ledger.record(billable(org, IN_OCTOBER, units=5))

    for line in invoice.lines:
        assert sum(call.units for call in await _calls(operator, invoice, line.position)) == line.quantity
    assert [call.request_id for call in await _calls(operator, invoice, 1)] == [call.request_id for call in calls[:4]]
    assert [call.units for call in await _calls(operator, invoice, 2)][:2] == [200, 300]


async def test_the_calls_behind_a_correction_are_those_that_moved(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    taken = billable(org, IN_OCTOBER, meter=Meter.PASSTHROUGH, units=3)
    await ledger.record(taken)
    await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    late = billable(org, IN_OCTOBER + timedelta(hours=1), meter=Meter.PASSTHROUGH, units=9)
    await ledger.record(late)
    await insert_voids(owner, [taken])
    november = await close_period(operator, book, org, NOVEMBER, as_of=EARLY_DECEMBER)

    found = await _calls(operator, november, 1)

    assert [(call.request_id, call.units) for call in found] == [(taken.request_id, -3), (late.request_id, 9)]
    assert sum(call.units for call in found) == november.lines[0].quantity


async def test_a_tax_has_no_calls(operator: Connection, papers: Papers) -> None:
    tax = papers.invoice.lines[-1]

    with pytest.raises(InvoiceUnknown, match="not made of calls"):
        await list_line_calls(operator, papers.invoice, tax)
