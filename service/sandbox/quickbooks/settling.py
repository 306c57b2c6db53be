"""Payments on invoices and credit memos: balances fall when a payment is put on them and rise when it is taken back.

A credit is applied by a payment of nothing with two lines, one on the invoice and one on the credit memo.
"""

from collections.abc import Mapping
from decimal import Decimal

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError, missing
from service.sandbox.quickbooks.wire import decimal, number
from service.sandbox.table import Table


class Settling:
    """Documents whose balance is about to change; nothing is kept before everything was checked."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._changed: dict[tuple[str, int], Json] = {}

    def put_on(self, payment: Json) -> Decimal:
        """Puts a payment on what its lines link to; what is left of it covers nothing yet."""
        left = decimal(payment["TotalAmt"], "TotalAmt")
        for amount, kind, row_id in _links(payment):
            self._move(kind, row_id, -amount, payment["Id"])
            left += amount if kind == "CreditMemo" else -amount
        if left < 0:
            raise FaultError("6000", "The lines of the payment come to more than its amount", "TotalAmt")
        return left

    def take_back(self, payment: Json) -> None:
        """Takes a payment off again."""
        for amount, kind, row_id in _links(payment):
            if self._tables[kind].find(row_id) is not None:
                self._move(kind, row_id, amount, None)
                self._unlink(kind, row_id, payment["Id"])

    def release(self, entity: str, document: Json) -> None:
        """Frees the payments of a document that is about to go: what they had put on it covers nothing any more."""
        for link in document.get("LinkedTxn", []):
            position = self._tables["Payment"].find(link["TxnId"]) if link["TxnType"] == "Payment" else None
            if position is None:
                continue
            payment = self._row("Payment", position)
            going = [line for line in payment.get("Line", []) if _is_on(line, document["Id"])]
            freed = sum((decimal(line["Amount"], "Amount") for line in going), Decimal(0))
            rest = [line for line in payment.get("Line", []) if line not in going]
            left = decimal(payment["UnappliedAmt"], "UnappliedAmt") + (freed if entity == "Invoice" else -freed)
            self._changed["Payment", position] = {
                **payment,
                "Line": rest,
                "UnappliedAmt": number(max(left, Decimal(0))),
            }

    def keep(self) -> None:
        """Writes what has changed."""
        for (entity, position), row in self._changed.items():
            self._tables[entity].amend(position, row)

    def _move(self, kind: str, row_id: str, change: Decimal, payment_id: str | None) -> None:
        position = self._tables[kind].find(row_id)
        if position is None:
            raise FaultError("2500", f"Invalid Reference Id : Txn element id {row_id} not found")
        row = self._row(kind, position)
        balance = decimal(row["Balance"], "Balance") + change
        if balance < 0:
            raise FaultError("6000", f"{kind} {row_id} does not have that much open", "Line.Amount")
        moved = {**row, "Balance": number(balance)}
        if kind == "CreditMemo":
            moved["RemainingCredit"] = moved["Balance"]
        elif payment_id is not None:
            moved["LinkedTxn"] = [*row.get("LinkedTxn", []), {"TxnId": payment_id, "TxnType": "Payment"}]
        self._changed[kind, position] = moved

    def _unlink(self, kind: str, row_id: str, payment_id: str) -> None:
        position = self._tables[kind].find(row_id)
        if position is not None and kind == "Invoice":
            row = self._row(kind, position)
            links = [link for link in row.get("LinkedTxn", []) if link["TxnId"] != payment_id]
            self._changed[kind, position] = {**row, "LinkedTxn": links}

    def _row(self, entity: str, position: int) -> Json:
        return self._changed.get((entity, position)) or self._tables[entity][position]


def _links(payment: Json) -> list[tuple[Decimal, str, str]]:
    """Amount, kind and id of each document a payment's lines link to."""
    links: list[tuple[Decimal, str, str]] = []
    for line in payment.get("Line", []):
        if "Amount" not in line:
            raise missing("Line.Amount")
        for link in line.get("LinkedTxn", []):
            if link.get("TxnType") not in {"Invoice", "CreditMemo"}:
                raise FaultError("6000", f"A payment cannot be linked to {link.get('TxnType')} here", "Line.LinkedTxn")
            links.append((decimal(line["Amount"], "Line.Amount"), link["TxnType"], str(link.get("TxnId"))))
    return links


def _is_on(line: Json, row_id: str) -> bool:
    return any(link["TxnId"] == row_id for link in line.get("LinkedTxn", []))
