"""Invoices and payments of the books in TaxDome's words."""

from datetime import UTC, datetime
from datetime import time as day_time

from service.sandbox.books import AS_OF, SERVICES, Books, Invoice, Line, Receipt
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.shapes import Kind
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.wire import instant, major, make_id

_CLEARING = 51
_SYNC = {
    Kind.SYNCED: "synced",
    Kind.DISCOUNTED: "synced",
    Kind.SCHEDULED: "skipped",
    Kind.UNSYNCED: "not_synced",
    Kind.SYNC_ERROR: "failed",
}
_PROVIDERS = {"card": "stripe", "ach": "cpacharge"}


class Money:
    """Builds invoices and payments from the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.invoices = Layout(plan.lengths(plan.INVOICES), books.clients)
        self.payments = Layout(plan.lengths(plan.PAYMENTS), books.clients)

    def invoice(self, row: int) -> Json:
        """An invoice with its lines."""
        number, at = self.invoices.locate(row)
        place = plan.INVOICES[number % plan.BLOCK][at]
        invoice = self._books.ledger(number).invoices[place]
        return {
            "id": make_id("invoices", row),
            "number": self._books.document_number(number, place),
            "account_id": make_id("accounts", number),
            "status": self._status(number, invoice),
            "posted_at": instant(self._books.invoice_times(number, place)[0]),
            "due_date": invoice.due.isoformat(),
            "amount": major(invoice.total_minor),
            "currency": self._books.shape(number).currency,
            "lines": [_line(line) for line in invoice.lines],
            "qbo_status": _SYNC[invoice.kind],
        }

    def paid_minor(self, row: int) -> int:
        """What has been put on a seeded invoice, clearing payments included."""
        number, at = self.invoices.locate(row)
        return self._books.ledger(number).invoices[plan.INVOICES[number % plan.BLOCK][at]].paid_minor

    def covers(self, row: int) -> dict[int, int]:
        """What a seeded payment has put on which invoices, by their rows."""
        number, at = self.payments.locate(row)
        money = plan.PAYMENTS[number % plan.BLOCK][at]
        if money.sort == "declined":
            return {}
        ledger = self._books.ledger(number)
        receipt = ledger.payments[money.place] if money.sort == "payment" else ledger.credits[money.place]
        places = plan.INVOICES[number % plan.BLOCK]
        return {self.invoices.rows_of(number)[places.index(place)]: amount for place, amount in receipt.covers}

    def payment(self, row: int) -> Json:
        """A payment, a credit that was used, or a declined try."""
        number, at = self.payments.locate(row)
        money = plan.PAYMENTS[number % plan.BLOCK][at]
        if money.sort == "declined":
            return self._declined(row, number, money.place)
        ledger = self._books.ledger(number)
        receipt = ledger.payments[money.place] if money.sort == "payment" else ledger.credits[money.place]
        source = receipt.method if money.sort == "payment" else "credit"
        provider = _PROVIDERS.get(source, "offline")
        return {
            "id": make_id("payments", row),
            "account_id": make_id("accounts", number),
            "provider": provider,
            "source": source,
            "transaction_id": None if provider == "offline" else f"txn_{row + 0xA000:x}",
            "amount": major(receipt.amount_minor),
            "paid_at": instant(receipt.updated_s),
            "invoice_ids": [self._invoice_id(number, place) for place, _ in receipt.covers],
            "refunds": [],
            "status": "in_progress" if source == "ach" and self._is_clearing(number, receipt) else "succeeded",
        }

    def _declined(self, row: int, number: int, at: int) -> Json:
        invoice = self._books.ledger(number).invoices[plan.INVOICES[number % plan.BLOCK][at]]
        tried_s = datetime.combine(invoice.issued, day_time(15), UTC).timestamp() + 86_400
        return {
            "id": make_id("payments", row),
            "account_id": make_id("accounts", number),
            "provider": "stripe",
            "source": "card",
            "transaction_id": f"txn_{row + 0xA000:x}",
            "amount": major(invoice.total_minor),
            "paid_at": instant(tried_s),
            "invoice_ids": [make_id("invoices", self.invoices.rows_of(number)[at])],
            "refunds": [],
            "status": "declined",
        }

    def _status(self, number: int, invoice: Invoice) -> str:
        if invoice.kind is Kind.SCHEDULED:
            return "scheduled"
        payments = self._books.ledger(number).payments
        covering = (receipt for receipt in payments if any(place == invoice.number for place, _ in receipt.covers))
        if any(receipt.method == "ach" and self._is_clearing(number, receipt) for receipt in covering):
            return "in_progress"
        if invoice.paid_minor:
            return "paid" if invoice.paid_minor >= invoice.total_minor else "partially_paid"
        return "overdue" if invoice.due < AS_OF.date() else "unpaid"

    def _is_clearing(self, number: int, receipt: Receipt) -> bool:
        """Half of the bank payments still clear: nobody but TaxDome knows that."""
        return Dice(self._books.seed, _CLEARING, number, receipt.number).roll(2) == 0

    def _invoice_id(self, number: int, place: int) -> str:
        at = plan.INVOICES[number % plan.BLOCK].index(place)
        return make_id("invoices", self.invoices.rows_of(number)[at])


def _line(line: Line) -> Json:
    return {
        "description": SERVICES[line.service].name,
        "quantity": line.quantity,
        "rate": major(line.rate_minor),
        "amount": major(line.amount_minor - line.write_down_minor),
    }
