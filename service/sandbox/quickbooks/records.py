"""The firm's books in QuickBooks' words: JSON numbers for amounts, text for ids, and the rows it adds to lines."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from service.sandbox.books import Books, Receipt, day_of
from service.sandbox.dice import Layout
from service.sandbox.http import Json
from service.sandbox.quickbooks.lines import invoice_lines, memo_lines, payment_line
from service.sandbox.quickbooks.lists import UNDEPOSITED_ACCOUNT, department_ref
from service.sandbox.quickbooks.wire import RATES, currency_ref, money, ref, stamp, whole
from service.sandbox.shapes import SHAPES, Kind, Shape
from service.sandbox.table import Table

Cheap: TypeAlias = Mapping[tuple[str, str], Callable[[int], object]]

_FIRST_IDS = {"Invoice": 101, "Payment": 102, "CreditMemo": 103}
_ID_STEP = 4
_METHODS = {"cash": "1", "check": "2", "card": "3", "ach": "4", "other": "5"}


def _invoices(shape: Shape) -> tuple[int, ...]:
    """The places of the invoices that QuickBooks has."""
    return tuple(place for place, kind in enumerate(shape.invoices) if shape.in_quickbooks(kind))


def _payments(shape: Shape) -> tuple[tuple[str, int], ...]:
    """Payments received, then the payments of nothing that apply a credit."""
    received = tuple(("payment", place) for place, tender in enumerate(shape.payments) if shape.shares(tender))
    applied = tuple(("credit", place) for place, tender in enumerate(shape.credits) if tender.covers)
    return received + applied


_INVOICES = tuple(_invoices(shape) for shape in SHAPES)
_PAYMENTS = tuple(_payments(shape) for shape in SHAPES)


class Records:
    """Builds QuickBooks' rows from the books. Transactions share one space of ids, as they do in a real company."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._invoices = Layout([len(places) for places in _INVOICES], books.clients)
        self._payments = Layout([len(sources) for sources in _PAYMENTS], books.clients)
        self._credits = Layout([len(shape.credits) for shape in SHAPES], books.clients)
        self.cheap: Cheap = {
            ("Customer", "Active"): lambda row: books.shape(row).status != "Archived",
            ("Customer", "DisplayName"): books.name,
            ("Invoice", "DocNumber"): lambda row: books.document_number(*self._invoice_at(row)),
            ("Invoice", "TxnDate"): lambda row: day_of(books.invoice_times(*self._invoice_at(row))[0]).isoformat(),
            ("Invoice", "Balance"): self._invoice_balance,
            ("Invoice", "CustomerRef"): lambda row: str(self._invoices.locate(row)[0] + 1),
            ("Payment", "CustomerRef"): lambda row: str(self._payments.locate(row)[0] + 1),
        }
        """Properties of seeded rows that cost less than the row."""

    def tables(self) -> dict[str, Table]:
        """The tables of customers and transactions, over the books as seeded."""
        books = self._books
        return {
            "Customer": Table(
                seeded=books.clients,
                row=self.customer,
                updated_s=lambda row: books.client_times(row)[1],
                id_of=lambda position: str(position + 1),
                position_of=lambda row_id: whole(row_id) - 1,
            ),
            "Invoice": _transactions(
                "Invoice", self._invoices.size, self.invoice, lambda row: books.invoice_times(*self._invoice_at(row))[1]
            ),
            "Payment": _transactions("Payment", self._payments.size, self.payment, self._payment_updated_s),
            "CreditMemo": _transactions(
                "CreditMemo",
                self._credits.size,
                self.credit_memo,
                lambda row: books.credit_time(*self._credits.locate(row)),
            ),
        }

    def position_of_document(self, number: str) -> int | None:
        """The seeded invoice that carries a DocNumber."""
        found = self._books.place_of_document(number)
        if found is None:
            return None
        client, place = found
        places = _INVOICES[client % len(SHAPES)]
        return self._invoices.rows_of(client)[places.index(place)] if place in places else None

    def customer(self, row: int) -> Json:
        """A customer."""
        client = self._books.client(row)
        street, city, state, postal_code = client.address
        address = {
            "Id": str(row + 2),
            "Line1": street,
            "City": city,
            "CountrySubDivisionCode": state,
            "PostalCode": postal_code,
            "Lat": "INVALID",
            "Long": "INVALID",
        }
        balance = self._balance(row)
        children = [
            child for child in range(row + 1, min(row + 5, self._books.clients)) if self._books.parent(child) == row
        ]
        customer: Json = {
            "Taxable": False,
            "BillAddr": address,
            "ShipAddr": address,
            "Job": client.parent is not None,
            "BillWithParent": False,
            "Balance": money(balance, client.shape.currency),
            "BalanceWithJobs": money(balance + sum(map(self._balance, children)), client.shape.currency),
            "CurrencyRef": currency_ref(client.shape.currency),
            "PreferredDeliveryMethod": "Email" if client.email else "Print",
            "IsProject": False,
            **_head(str(row + 1), row, client.created_s, client.updated_s),
            "FullyQualifiedName": self._full_name(row),
            "DisplayName": client.name,
            "PrintOnCheckName": client.name,
            "Active": client.shape.status != "Archived",
            "PrimaryPhone": {"FreeFormNumber": client.phone},
        }
        if client.given and client.family:
            customer |= {"GivenName": client.given, "FamilyName": client.family}
        else:
            customer["CompanyName"] = client.name
        if client.email:
            customer["PrimaryEmailAddr"] = {"Address": client.email}
        if client.parent is not None:
            customer |= {"ParentRef": ref(str(client.parent + 1)), "Level": 1}
        return customer

    def invoice(self, row: int) -> Json:
        """An invoice with its lines, the subtotal row and any discount row."""
        number, place = self._invoice_at(row)
        client = self._books.client(number)
        currency = client.shape.currency
        invoice = self._books.ledger(number).invoices[place]
        is_void = invoice.kind is Kind.VOID
        document: Json = {
            "AllowIPNPayment": False,
            "AllowOnlinePayment": False,
            "AllowOnlineCreditCardPayment": False,
            "AllowOnlineACHPayment": False,
            **_head(_id("Invoice", row), row, *self._books.invoice_times(number, place)),
            "CustomField": [
                {"DefinitionId": "1", "Name": "Engagement", "Type": "StringType", "StringValue": f"E-{number}"}
            ],
            "DocNumber": self._books.document_number(number, place),
            "TxnDate": invoice.issued.isoformat(),
            "DueDate": invoice.due.isoformat(),
            "DepartmentRef": department_ref(number),
            **_currency(currency),
            "LinkedTxn": [{"TxnId": payment, "TxnType": "Payment"} for payment in self._payments_of(number, place)],
            "Line": invoice_lines(number, invoice, currency),
            "TxnTaxDetail": {"TotalTax": 0},
            "CustomerRef": ref(str(number + 1), client.name),
            "SalesTermRef": ref("3", "Net 30"),
            "TotalAmt": money(0 if is_void else invoice.total_minor, currency),
            "Balance": money(invoice.balance_minor, currency),
            "Deposit": 0,
            "ApplyTaxAfterDiscount": False,
            "PrintStatus": "NeedToPrint",
            "EmailStatus": "EmailSent" if client.email else "NotSet",
            "GlobalTaxCalculation": "NotApplicable",
        }
        if client.email:
            document["BillEmail"] = {"Address": client.email}
        if is_void:
            document["PrivateNote"] = "Voided"
        return document

    def payment(self, row: int) -> Json:
        """A payment; one of nothing when it applies a credit memo to an invoice."""
        number, at = self._payments.locate(row)
        source, place = _PAYMENTS[number % len(SHAPES)][at]
        ledger = self._books.ledger(number)
        if source == "credit":
            return self._application(row, number, ledger.credits[place])
        payment = ledger.payments[place]
        lines = [self._payment_line(number, covered, amount) for covered, amount in payment.covers]
        document = self._payment_head(row, number, payment)
        currency = self._books.shape(number).currency
        document |= {
            "TotalAmt": money(payment.amount_minor, currency),
            "UnappliedAmt": money(payment.left_minor, currency),
            "PaymentMethodRef": ref(_METHODS[payment.method]),
            "PaymentRefNum": f"REF-{row + 5001}",
        }
        if row % 2:
            document["DepositToAccountRef"] = ref(UNDEPOSITED_ACCOUNT)
        if lines:
            document["Line"] = lines
        return document

    def credit_memo(self, row: int) -> Json:
        """A credit memo over one advisory line."""
        number, place = self._credits.locate(row)
        client = self._books.client(number)
        currency = client.shape.currency
        credit = self._books.ledger(number).credits[place]
        total = money(credit.amount_minor, currency)
        return {
            "RemainingCredit": money(credit.left_minor, currency),
            "Balance": money(credit.left_minor, currency),
            **_head(_id("CreditMemo", row), row, credit.updated_s, credit.updated_s),
            "DocNumber": f"CM-{row + 1001}",
            "TxnDate": credit.on.isoformat(),
            **_currency(currency),
            "Line": memo_lines(total),
            "TxnTaxDetail": {"TotalTax": 0},
            "CustomerRef": ref(str(number + 1), client.name),
            "TotalAmt": total,
            "ApplyTaxAfterDiscount": False,
            "PrintStatus": "NeedToPrint",
            "EmailStatus": "NotSet",
        }

    def _application(self, row: int, number: int, credit: Receipt) -> Json:
        memo_id = _id("CreditMemo", self._credits.rows_of(number)[credit.number])
        currency = self._books.shape(number).currency
        lines = [self._payment_line(number, covered, amount) for covered, amount in credit.covers]
        applied = sum(amount for _, amount in credit.covers)
        memo = {"Amount": money(applied, currency), "LinkedTxn": [{"TxnId": memo_id, "TxnType": "CreditMemo"}]}
        document = self._payment_head(row, number, credit)
        return document | {"TotalAmt": 0, "UnappliedAmt": 0, "Line": [*lines, memo]}

    def _payment_head(self, row: int, number: int, receipt: Receipt) -> Json:
        client = self._books.client(number)
        return {
            "CustomerRef": ref(str(number + 1), client.name),
            "ProcessPayment": False,
            **_head(_id("Payment", row), row, receipt.updated_s, receipt.updated_s),
            "TxnDate": receipt.on.isoformat(),
            **_currency(client.shape.currency),
        }

    def _payment_line(self, number: int, covered: int, amount: int) -> Json:
        """A line of a payment, with the noise QuickBooks puts beside it."""
        invoice_id = _id("Invoice", self._invoice_row(number, covered))
        currency = self._books.shape(number).currency
        balance = money(self._books.ledger(number).invoices[covered].balance_minor, currency)
        document = self._books.document_number(number, covered)
        return payment_line(invoice_id, money(amount, currency), balance, document)

    def _payments_of(self, number: int, covered: int) -> list[str]:
        """The ids of the payments that cover an invoice."""
        shape = self._books.shape(number)
        rows = self._payments.rows_of(number)
        ids: list[str] = []
        for at, (source, place) in enumerate(_PAYMENTS[number % len(SHAPES)]):
            tender = (shape.payments if source == "payment" else shape.credits)[place]
            if any(invoice == covered for invoice, _ in tender.covers):
                ids.append(_id("Payment", rows[at]))
        return ids

    def _balance(self, number: int) -> int:
        """What a customer owes in QuickBooks, less what it has paid or been credited in advance."""
        shape = self._books.shape(number)
        ledger = self._books.ledger(number)
        owed = sum(ledger.invoices[place].balance_minor for place in _INVOICES[number % len(SHAPES)])
        ahead = sum(
            receipt.left_minor
            for receipt, tender in zip(ledger.payments + ledger.credits, shape.payments + shape.credits, strict=True)
            if shape.shares(tender)
        )
        return owed - ahead

    def _full_name(self, row: int) -> str:
        client = self._books.client(row)
        return client.name if client.parent is None else f"{self._books.client(client.parent).name}:{client.name}"

    def _invoice_at(self, row: int) -> tuple[int, int]:
        number, at = self._invoices.locate(row)
        return number, _INVOICES[number % len(SHAPES)][at]

    def _invoice_balance(self, row: int) -> float:
        number, place = self._invoice_at(row)
        return money(self._books.ledger(number).invoices[place].balance_minor, self._books.shape(number).currency)

    def _invoice_row(self, number: int, place: int) -> int:
        return self._invoices.rows_of(number)[_INVOICES[number % len(SHAPES)].index(place)]

    def _payment_updated_s(self, row: int) -> int:
        number, at = self._payments.locate(row)
        source, place = _PAYMENTS[number % len(SHAPES)][at]
        return (
            self._books.payment_time(number, place) if source == "payment" else self._books.credit_time(number, place)
        )


def _id(entity: str, row: int) -> str:
    return str(_FIRST_IDS[entity] + _ID_STEP * row)


def _position(entity: str, row_id: str) -> int:
    number = whole(row_id) - _FIRST_IDS[entity]
    return number // _ID_STEP if number >= 0 and number % _ID_STEP == 0 else -1


def _transactions(entity: str, size: int, row: Callable[[int], Json], updated_s: Callable[[int], int]) -> Table:
    return Table(
        seeded=size,
        row=row,
        updated_s=updated_s,
        id_of=lambda position: _id(entity, position),
        position_of=lambda row_id: _position(entity, row_id),
    )


def _head(row_id: str, row: int, created_s: int, updated_s: int) -> Json:
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": row_id,
        "SyncToken": str(row % 4),
        "MetaData": {"CreateTime": stamp(created_s), "LastUpdatedTime": stamp(updated_s)},
    }


def _currency(currency: str) -> Json:
    rate = RATES.get(currency)
    return {"CurrencyRef": currency_ref(currency)} | ({} if rate is None else {"ExchangeRate": rate})
