"""Writing invoices and payments (assumed): a touched invoice is locked, only offline payments can be recorded."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from service.sandbox.http import Json
from service.sandbox.taxdome import wishes
from service.sandbox.taxdome.errors import RefusalError, invalid
from service.sandbox.taxdome.money import Money
from service.sandbox.taxdome.shelf import Shelf
from service.sandbox.taxdome.wire import instant, major, make_id, minor
from service.sandbox.taxdome.wishes import understood

_LOCKED = frozenset({"paid", "partially_paid", "in_progress"})
_PAYABLE = frozenset({"unpaid", "overdue", "partially_paid"})
_DUE_IN = timedelta(days=30)
_FIRST_NUMBER = 900_001


class Billing:
    """Writes invoices and payments. What has been put on an invoice is known here alone: TaxDome does not show it."""

    def __init__(self, shelves: Mapping[str, Shelf], money: Money, now_s: Callable[[], float]) -> None:
        self._invoices = shelves["invoices"]
        self._payments = shelves["payments"]
        self._money = money
        self._now_s = now_s
        self.reset()

    def reset(self) -> None:
        """Nothing has been paid beyond the seed."""
        self._paid: dict[int, int] = {}
        self._covers: dict[int, dict[int, int]] = {}
        self._numbered = 0

    def create_invoice(self, account: int, body: Json) -> Json:
        """A new invoice, sent at once: there are no drafts."""
        wish = understood(body, wishes.InvoiceWish, "lines")
        row: Json = {
            "id": self._invoices.next_id(),
            "number": str(_FIRST_NUMBER + self._numbered),
            "account_id": make_id("accounts", account),
            "status": "unpaid",
            "posted_at": wish.get("posted_at") or instant(self._now_s()),
            "due_date": wish.get("due_date"),
            "amount": 0.0,
            "currency": wish.get("currency", "USD"),
            "lines": wish["lines"],
            "qbo_status": "not_synced",
        }
        self._finish(row)
        self._numbered += 1
        self._invoices.add(account, row)
        return row

    def change_invoice(self, account: int, row_id: str, body: Json) -> Json:
        """A changed invoice; RefusalError once money has moved on it."""
        position = self._open_invoice(account, row_id)
        row: Json = {**self._invoices.row(position), **understood(body, wishes.InvoiceWish)}
        self._finish(row)
        self._invoices.put(position, row)
        return row

    def delete_invoice(self, account: int, row_id: str) -> None:
        """Drops an invoice no money has moved on."""
        self._invoices.put(self._open_invoice(account, row_id), None)

    def record_payment(self, account: int, body: Json) -> Json:
        """Money received outside of TaxDome, put on the invoices in the order they are named; the rest is credit."""
        wish = understood(body, wishes.PaymentWish, "amount", "source")
        ids: list[str] = wish.get("invoice_ids", [])
        covers = self._spread(account, minor(wish["amount"]), ids)
        row: Json = {
            "id": self._payments.next_id(),
            "account_id": make_id("accounts", account),
            "provider": "offline",
            "source": wish["source"],
            "transaction_id": None,
            "amount": float(wish["amount"]),
            "paid_at": wish.get("paid_at") or instant(self._now_s()),
            "invoice_ids": ids,
            "refunds": [],
            "status": "succeeded",
        }
        self._covers[self._payments.add(account, row)] = covers
        for position, amount in covers.items():
            self._settle(position, amount)
        return row

    def delete_payment(self, account: int, row_id: str) -> None:
        """Drops an offline or declined payment; its invoices are owed again."""
        position = self._payments.find(account, row_id)
        row = self._payments.row(position)
        if row["provider"] != "offline" and row["status"] != "declined":
            raise RefusalError("payment_locked", "Only offline and declined payments can be deleted.")
        for invoice, amount in self._covered_by(position).items():
            self._settle(invoice, -amount)
        self._payments.put(position, None)

    def refund(self, account: int, row_id: str, body: Json) -> Json:
        """A payment with one more refund."""
        position = self._payments.find(account, row_id)
        row = self._payments.row(position)
        amount = minor(understood(body, wishes.RefundWish, "amount")["amount"])
        given = sum(minor(refund["amount"]) for refund in row["refunds"])
        if row["status"] != "succeeded" or given + amount > minor(row["amount"]):
            raise invalid("amount", "is more than can be given back")
        refund = {
            "id": f"{row['id'].replace('pay_', 'rfd_')}_{len(row['refunds']) + 1}",
            "amount": major(amount),
            "refunded_at": instant(self._now_s()),
        }
        row = {**row, "refunds": [*row["refunds"], refund]}
        self._payments.put(position, row)
        return row

    def _finish(self, row: Json) -> None:
        posted = datetime.fromisoformat(row["posted_at"])
        row["posted_at"] = instant(posted.timestamp())
        row["due_date"] = row["due_date"] or (posted + _DUE_IN).date().isoformat()
        row["lines"] = [_finished(line) for line in row["lines"]]
        row["amount"] = major(sum(minor(line["amount"]) for line in row["lines"]))
        row["status"] = "scheduled" if posted.timestamp() > self._now_s() else self._owed(row)

    def _owed(self, row: Json) -> str:
        return (
            "overdue" if row["due_date"] < datetime.fromtimestamp(self._now_s(), UTC).date().isoformat() else "unpaid"
        )

    def _open_invoice(self, account: int, row_id: str) -> int:
        position = self._invoices.find(account, row_id)
        status = self._invoices.row(position)["status"]
        if status in _LOCKED:
            raise RefusalError("invoice_locked", f"An invoice that is {status} can only be refunded.")
        return position

    def _spread(self, account: int, amount: int, ids: list[str]) -> dict[int, int]:
        covers: dict[int, int] = {}
        for row_id in ids:
            position = self._invoices.find(account, row_id)
            row = self._invoices.row(position)
            if row["status"] not in _PAYABLE:
                raise invalid("invoice_ids", f"{row_id} is {row['status']}")
            owed = minor(row["amount"]) - self._paid_on(position) - covers.get(position, 0)
            covers[position] = covers.get(position, 0) + min(owed, amount)
            amount -= min(owed, amount)
        return {position: part for position, part in covers.items() if part}

    def _settle(self, position: int, amount: int) -> None:
        paid = self._paid[position] = self._paid_on(position) + amount
        row = self._invoices.row(position)
        status = "paid" if paid >= minor(row["amount"]) else "partially_paid" if paid else self._owed(row)
        self._invoices.put(position, {**row, "status": status})

    def _paid_on(self, position: int) -> int:
        if position not in self._paid and position < self._invoices.seeded:
            return self._money.paid_minor(position)
        return self._paid.get(position, 0)

    def _covered_by(self, position: int) -> dict[int, int]:
        if position < self._payments.seeded:
            return self._money.covers(position)
        return self._covers[position]


def _finished(line: Json) -> Json:
    quantity, rate = line.get("quantity", 1), line.get("rate", 0)
    usual = (Decimal(str(quantity)) * Decimal(str(rate))).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    said = line.get("amount")
    amount = float(usual) if said is None else said
    return {
        "description": line["description"],
        "quantity": quantity,
        "rate": rate or (amount / quantity if said else 0),
        "amount": amount,
    }
