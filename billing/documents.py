"""Invoices and credit notes as people keep them: HTML and PDF, made from the same facts."""

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Final

import msgspec

from billing.details import Details
from billing.invoices import Invoice, InvoiceLine, InvoiceState, LineKind
from billing.payments import Balance, CreditNote
from billing.render import format_money

_TEMPLATE: Final = Path(__file__).parent / "templates" / "invoice.typ"
_STATE: Final = {
    InvoiceState.DRAFT: "Draft, not yet owed",
    InvoiceState.ISSUED: "Due",
    InvoiceState.PAID: "Paid",
    InvoiceState.PAST_DUE: "Past due",
    InvoiceState.UNCOLLECTIBLE: "Uncollectible",
    InvoiceState.VOID: "Void",
}


class Seller(msgspec.Struct, frozen=True):
    """Who bills. `address` has one line for each line; `payment` says how to pay."""

    name: str
    address: str = ""
    tax_id: str | None = None
    email: str | None = None
    payment: str = "Please pay by the due date and name the invoice number."


class Papers(msgspec.Struct, frozen=True):
    """All that an invoice prints; `notes` are its credit notes."""

    invoice: Invoice
    balance: Balance
    buyer: Details
    seller: Seller
    credit_notes: tuple[CreditNote, ...] = ()


class _Line(msgspec.Struct, frozen=True):
    description: str
    quantity: str
    price: str
    amount: str


class _Sum(msgspec.Struct, frozen=True):
    label: str
    amount: str
    strong: bool = False


class _Party(msgspec.Struct, frozen=True):
    name: str
    address: tuple[str, ...]
    tax_id: str | None
    footer: str = ""


class _Day(msgspec.Struct, frozen=True):
    year: int
    month: int
    day: int


class Document(msgspec.Struct, frozen=True):
    """What the template prints, all of it text."""

    title: str
    heading: str
    state: str
    paper: str
    date: _Day
    currency: str
    seller: _Party
    buyer: _Party
    facts: tuple[tuple[str, str], ...]
    lines: tuple[_Line, ...]
    sums: tuple[_Sum, ...]
    notes: tuple[str, ...]


def invoice_name(invoice: Invoice) -> str:
    """As on the paper: `INV-9F3A2C01-0003`, or `DRAFT-2026-10`. The middle part is the organization's own series."""
    if invoice.number is None:
        return f"DRAFT-{invoice.period:%Y-%m}"
    return f"INV-{invoice.org_id.hex[-8:].upper()}-{invoice.number:04}"


def render_pdf(papers: Papers) -> bytes:
    """The invoice as PDF/A; the same bytes for the same facts. Takes a tenth of a second of one core."""
    document = msgspec.json.encode(to_document(papers)).decode()
    import typst  # 8 MB of every worker, for the few who make a PDF

    made: bytes = typst.compile(_TEMPLATE, sys_inputs={"document": document}, pdf_standards="a-2b")
    return made


def render_html(papers: Papers) -> str:
    """The invoice as one HTML page that needs nothing else, and prints well."""
    it = to_document(papers)
    cells = "".join(
        f"<tr><td>{escape(line.description)}</td>"
        f"<td>{line.quantity}</td><td>{line.price}</td><td>{line.amount}</td></tr>\n"
        for line in it.lines
    )
    sums = "".join(
        f"<tr{' class=strong' if one.strong else ''}><th scope=row>{escape(one.label)}</th><td>{one.amount}</td></tr>\n"
        for one in it.sums
    )
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>\n" for name, value in it.facts)
    return _PAGE.format(
        title=escape(it.title),
        heading=escape(it.heading),
        state=escape(it.state),
        seller=_party(it.seller),
        buyer=_party(it.buyer),
        facts=facts,
        currency=escape(it.currency),
        lines=cells or "<tr><td colspan=4>No usage in this month.</td></tr>\n",
        sums=sums,
        notes="".join(f"<p>{escape(note)}</p>\n" for note in it.notes),
        footer=escape(it.seller.footer),
    )


def to_document(papers: Papers) -> Document:
    invoice, seller, buyer = papers.invoice, papers.seller, papers.buyer
    name = invoice_name(invoice)
    at = (invoice.issued_at or invoice.drafted_at).date()
    footer = " · ".join(part for part in (seller.name, seller.email) if part)
    return Document(
        title=f"Invoice {name}",
        heading="Invoice",
        state=_STATE[invoice.state],
        paper="us-letter" if invoice.currency in ("USD", "CAD") else "a4",
        date=_Day(at.year, at.month, at.day),
        currency=invoice.currency,
        seller=_Party(seller.name, _rows(seller.address), seller.tax_id, footer),
        buyer=_Party(buyer.name, _rows(buyer.address), buyer.tax_id),
        facts=tuple(_facts(invoice, name, at)),
        lines=tuple(_to_line(line, invoice.currency) for line in invoice.lines if line.kind is not LineKind.TAX),
        sums=tuple(_sums(invoice, papers.balance)),
        notes=tuple(_notes(papers)),
    )


def _facts(invoice: Invoice, name: str, at: date) -> Iterable[tuple[str, str]]:
    yield "Invoice number", name
    yield "Invoice date", f"{at.day} {at:%B %Y}"
    yield "Service period", f"{invoice.period:%B %Y}"
    if invoice.due_on is not None:
        yield "Due date", f"{invoice.due_on.day} {invoice.due_on:%B %Y}"


def _to_line(line: InvoiceLine, currency: str) -> _Line:
    amount = format_money(line.amount_minor, currency)
    if line.meter is None:
        return _Line(_sentence(line.description), "", "", amount)
    price = f"{line.unit_price.normalize():f}"
    if line.per != 1:
        price = f"{line.priced_quantity:,} x {price}"
    return _Line(_sentence(line.description), f"{line.quantity:,}", price, amount)


def _sums(invoice: Invoice, balance: Balance) -> Iterable[_Sum]:
    def money(amount: int) -> str:
        return format_money(amount, invoice.currency)

    yield _Sum("Subtotal", money(invoice.total_minor - invoice.tax_minor))
    for line in invoice.lines:
        if line.kind is LineKind.TAX:
            yield _Sum(line.description, money(line.amount_minor))
    yield _Sum(f"Total {invoice.currency}", money(invoice.total_minor), strong=True)
    taken = (("Prepaid", balance.prepaid_minor), ("Credited", balance.credited_minor), ("Paid", balance.paid_minor))
    for label, amount in taken:
        if amount:
            yield _Sum(label, money(-amount))
    if invoice.state not in (InvoiceState.DRAFT, InvoiceState.VOID):
        yield _Sum(f"Amount due {invoice.currency}", money(balance.due_minor), strong=True)


def _notes(papers: Papers) -> Iterable[str]:
    invoice = papers.invoice
    for note in papers.credit_notes:
        money = format_money(note.amount_minor, invoice.currency)
        yield f"Credit note {note.number} of {note.issued_at:%Y-%m-%d}: {money} {invoice.currency}, {note.reason}."
    if invoice.state in (InvoiceState.ISSUED, InvoiceState.PAST_DUE) and papers.balance.due_minor:
        yield from _rows(papers.seller.payment)
    yield "Every call behind each line can be downloaded: GET /v1/billing/invoices/{id}/lines/{position}/calls."


def _rows(address: str) -> tuple[str, ...]:
    return tuple(row.strip() for row in address.splitlines() if row.strip())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _party(party: _Party) -> str:
    rows: Sequence[str] = (*party.address, *([f"Tax id {party.tax_id}"] if party.tax_id else []))
    return f"<strong>{escape(party.name)}</strong>" + "".join(f"<br>{escape(row)}" for row in rows)


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: #14181f; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
header, .parties {{ display: flex; justify-content: space-between; gap: 2rem; margin-bottom: 2rem; }}
h1 {{ margin: 0; font-size: 1.8rem; }}
.muted, dt {{ color: #5b6470; }}
dl {{ display: grid; grid-template-columns: auto auto; gap: .2rem 1.5rem; margin: 0; }}
dd {{ margin: 0; text-align: right; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: right; padding: .4rem .3rem; border-bottom: 1px solid #c9ced6; }}
th:first-child, td:first-child {{ text-align: left; }}
thead th {{ border-bottom: 2px solid #14181f; }}
.sums {{ width: 22rem; margin: 1rem 0 2rem auto; }}
.sums th {{ font-weight: normal; }}
.sums td, .sums th {{ border: 0; }}
.strong * {{ font-weight: bold !important; border-top: 2px solid #14181f !important; }}
footer {{ margin-top: 3rem; border-top: 1px solid #c9ced6; padding-top: .5rem; }}
</style>
</head>
<body>
<header><div>{seller}</div><div><h1>{heading}</h1><span class="muted">{state}</span></div></header>
<div class="parties"><div><span class="muted">Billed to</span><br>{buyer}</div><dl>
{facts}</dl></div>
<table>
<thead><tr><th scope=col>Description</th><th scope=col>Units</th><th scope=col>Unit price</th>
<th scope=col>Amount {currency}</th></tr></thead>
<tbody>
{lines}</tbody>
</table>
<table class="sums"><tbody>
{sums}</tbody></table>
{notes}<footer class="muted">{footer}</footer>
</body>
</html>
"""
