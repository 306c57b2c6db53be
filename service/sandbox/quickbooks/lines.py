"""The lines of seeded documents, as QuickBooks shows them on reading: with rows and noise that nobody sent."""

from service.sandbox.books import SERVICES, Invoice
from service.sandbox.http import Json
from service.sandbox.quickbooks.lists import DISCOUNT_ACCOUNT, class_ref, item_ref
from service.sandbox.quickbooks.wire import money, ref
from service.sandbox.shapes import Kind

_MEMO_SERVICE = 5


def invoice_lines(client: int, invoice: Invoice, currency: str) -> list[Json]:
    """What was sold, sometimes a line of text, the subtotal row without an Id, and any discount."""
    is_void = invoice.kind is Kind.VOID
    lines: list[Json] = []
    for line in invoice.lines:
        detail: Json = {
            "ItemRef": item_ref(line.service),
            "ClassRef": class_ref(client),
            "UnitPrice": 0 if is_void else money(line.rate_minor, currency),
            "Qty": 0 if is_void else line.quantity,
            "TaxCodeRef": ref("NON"),
        }
        amount = money(0 if is_void else line.amount_minor, currency)
        lines.append(_sold(len(lines) + 1, SERVICES[line.service].name, amount, detail))
    if client % 3 == 0:
        text: Json = {
            "Description": "Thank you for your trust",
            "DetailType": "DescriptionOnly",
            "DescriptionLineDetail": {},
        }
        lines.append(_place(len(lines) + 1) | text)
    lines.append(_subtotal(money(0 if is_void else sum(line.amount_minor for line in invoice.lines), currency)))
    discount = sum(line.write_down_minor for line in invoice.lines)
    if discount:
        lines.append(_discount(len(lines), money(discount, currency)))
    return lines


def memo_lines(total: float) -> list[Json]:
    """The lines of a credit memo: one advisory line and its subtotal."""
    detail: Json = {"ItemRef": item_ref(_MEMO_SERVICE), "UnitPrice": total, "Qty": 1, "TaxCodeRef": ref("NON")}
    return [_sold(1, SERVICES[_MEMO_SERVICE].name, total, detail), _subtotal(total)]


def payment_line(invoice_id: str, amount: float, balance: float, document: str) -> Json:
    """A line of a payment on an invoice, with the noise QuickBooks puts beside it."""
    noise = {"txnId": invoice_id, "txnOpenBalance": str(balance), "txnReferenceNumber": document}
    return {
        "Amount": amount,
        "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}],
        "LineEx": {"any": [_name_value(name, value) for name, value in noise.items()]},
    }


def _place(at: int) -> Json:
    return {"Id": str(at), "LineNum": at}


def _sold(at: int, description: str, amount: float, detail: Json) -> Json:
    text = {"Description": description, "Amount": amount, "DetailType": "SalesItemLineDetail"}
    return {**_place(at), **text, "SalesItemLineDetail": detail}


def _subtotal(amount: float) -> Json:
    return {"Amount": amount, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


def _discount(at: int, amount: float) -> Json:
    detail = {"PercentBased": False, "DiscountAccountRef": ref(DISCOUNT_ACCOUNT, "Discounts given")}
    return {**_place(at), "Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def _name_value(name: str, value: str) -> Json:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
