"""Creating, updating, voiding and deleting: SyncTokens, references, unique names, balances that follow payments."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from service.sandbox.http import Json
from service.sandbox.quickbooks.attachments import finish_attachable
from service.sandbox.quickbooks.errors import FaultError, invalid_reference, missing, not_found, unknown_property
from service.sandbox.quickbooks.listed import LISTED, finish_listed
from service.sandbox.quickbooks.names import Names
from service.sandbox.quickbooks.sales import check_lines, total_of
from service.sandbox.quickbooks.schema import KNOWN, MAX_LENGTHS, NAME_LISTS, READ_ONLY, TRANSACTIONS
from service.sandbox.quickbooks.settling import Settling
from service.sandbox.quickbooks.staff import finish_time
from service.sandbox.quickbooks.wire import RATES, currency_ref, decimal, number, ref, ref_value, stamp
from service.sandbox.table import Table

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_DUE_DAYS = 30
_BOOKED = (
    ("SalesTermRef", "Term", "Terms"),
    ("ClassRef", "Class", "Klasses"),
    ("DepartmentRef", "Department", "Depts"),
)


class Writer:
    """Writes customers, invoices, credit memos, payments, time and attachables over the tables."""

    def __init__(self, tables: Mapping[str, Table], names: Names, now_s: Callable[[], float]) -> None:
        self._tables = tables
        self._names = names
        self._now_s = now_s
        self._finish: dict[str, Callable[[Json, Json | None], None]] = {
            "Customer": self._finish_customer,
            "Invoice": self._finish_sale,
            "CreditMemo": self._finish_sale,
            "Payment": self._finish_payment,
            "TimeActivity": lambda row, _: finish_time(row, tables, now_s()),
            **{entity: partial(finish_listed, tables, entity) for entity in LISTED},
            "Employee": self._finish_employee,
            "Attachable": lambda row, _: finish_attachable(row, tables),
        }

    def save(self, entity: str, body: Json, *, allow_duplicate_number: bool = False) -> Json:
        """Creates a row, or updates the one that `Id` names."""
        _check_properties(entity, body)
        old = self._current(entity, body) if "Id" in body else None
        row = self._merged(entity, body, old)
        if "DocNumber" in KNOWN[entity]:
            self._number(entity, row, old, allow_duplicate_number)
        self._finish[entity](row, old)
        table = self._tables[entity]
        if old is None:
            table.add(row, int(self._now_s()))
        else:
            table.put(self._at(entity, row["Id"]), row, int(self._now_s()))
        self._names.keep(entity, row, old)
        self._move_balance(entity, old, row)
        return row

    def delete(self, entity: str, body: Json) -> Json:
        """Deletes a transaction; its stub is all that is left."""
        if entity in NAME_LISTS:
            raise FaultError("500", f"Operation delete on {entity} is not supported; make it inactive instead")
        old = self._current(entity, body)
        self._unsettle(entity, old)
        self._tables[entity].put(self._at(entity, old["Id"]), None, int(self._now_s()))
        self._move_balance(entity, old, None)
        return {"domain": "QBO", "status": "Deleted", "Id": old["Id"]}

    def void(self, entity: str, body: Json) -> Json:
        """Voids a transaction: the row stays, its amounts are zero."""
        if entity not in TRANSACTIONS:
            raise FaultError("500", f"Operation void on {entity} is not supported")
        old = self._current(entity, body)
        self._unsettle(entity, old)
        zeroed = {"TotalAmt": 0, "Balance": 0, "RemainingCredit": 0, "UnappliedAmt": 0}
        row = {**old, **{name: 0 for name in zeroed if name in old}, "PrivateNote": "Voided", **self._bumped(old)}
        row |= {"LinkedTxn": []} if "LinkedTxn" in row else {}
        row["Line"] = [] if entity == "Payment" else [_zeroed(line) for line in old["Line"]]
        self._tables[entity].put(self._at(entity, old["Id"]), row, int(self._now_s()))
        self._move_balance(entity, old, row)
        return row

    def _current(self, entity: str, body: Json) -> Json:
        row_id = body.get("Id")
        if not isinstance(row_id, str) or not row_id:
            raise FaultError("2030", f"Invalid ID : {row_id}", "Id")
        row = self._tables[entity].get(row_id)
        if row is None:
            raise not_found()
        if "SyncToken" not in body:
            raise missing("SyncToken")
        if body["SyncToken"] != row["SyncToken"]:
            detail = "You and another user were working on this at the same time. The other user's changes were saved."
            raise FaultError("5010", f"Stale Object Error : {detail}")
        return row

    def _merged(self, entity: str, body: Json, old: Json | None) -> Json:
        """What the row would be. A sparse update keeps what the body does not name; a full one empties it."""
        said = {name: value for name, value in body.items() if name not in READ_ONLY[entity]}
        if old is None:
            now = stamp(self._now_s())
            head = {"Id": self._tables[entity].next_id(), "SyncToken": "0", "domain": "QBO", "sparse": False}
            return {**_created(entity), **said, **head, "MetaData": {"CreateTime": now, "LastUpdatedTime": now}}
        kept = old if body.get("sparse") is True else {name: old[name] for name in READ_ONLY[entity] if name in old}
        merged = {**kept, **said, **self._bumped(old)}
        return {name: value for name, value in merged.items() if value is not None}

    def _bumped(self, old: Json) -> Json:
        meta = {**old["MetaData"], "LastUpdatedTime": stamp(self._now_s())}
        return {"SyncToken": str(int(old["SyncToken"]) + 1), "MetaData": meta, "sparse": False}

    def _finish_customer(self, row: Json, old: Json | None) -> None:
        parts = [str(row[name]) for name in _NAME_PARTS if row.get(name)]
        name = row.setdefault("DisplayName", " ".join(parts))
        if not isinstance(name, str) or not name:
            raise missing("DisplayName")
        if any(character in name for character in ":\t\n"):
            raise FaultError("6000", "A name must not contain a colon, tab or newline", "DisplayName")
        if (old is None or old["DisplayName"] != name) and self._names.is_taken(name):
            raise FaultError("6240", "The name supplied already exists. : null", "DisplayName")
        row.setdefault("Active", True)
        row.setdefault("PrintOnCheckName", name)
        row.setdefault("CurrencyRef", currency_ref("USD"))
        parent_id = ref_value(row.get("ParentRef"))
        row |= {"FullyQualifiedName": name, "Job": parent_id is not None}
        row.pop("Level", None)
        if parent_id is not None:
            parent = self._customer(parent_id)
            row |= {"FullyQualifiedName": f"{parent['FullyQualifiedName']}:{name}", "Level": parent.get("Level", 0) + 1}

    def _finish_employee(self, row: Json, old: Json | None) -> None:
        if not row.get("GivenName") and not row.get("FamilyName"):
            raise missing("GivenName")
        name = row.setdefault("DisplayName", " ".join(str(row[part]) for part in _NAME_PARTS if row.get(part)))
        if (old is None or old["DisplayName"] != name) and self._names.is_taken(name):
            raise FaultError("6240", "The name supplied already exists. : null", "DisplayName")
        row.setdefault("Active", True)
        row.setdefault("PrintOnCheckName", name)

    def _finish_sale(self, row: Json, old: Json | None) -> None:
        """An invoice or credit memo: totals come from the lines, the balance from what was paid before."""
        currency = self._owner(row, old)
        row["Line"] = check_lines(row.get("Line"), self._tables)
        today = datetime.fromtimestamp(self._now_s(), UTC).date()
        row.setdefault("TxnDate", today.isoformat())
        total = total_of(row["Line"])
        is_invoice = "RemainingCredit" not in row
        before = old or {"TotalAmt": 0, "Balance": 0}
        paid = decimal(before["TotalAmt"], "TotalAmt") - decimal(before["Balance"], "Balance")
        if total < paid:
            raise FaultError("6000", "The total is less than what was already paid or applied")
        row |= {"TotalAmt": number(total), "Balance": number(total - paid)}
        for name, entity, kind in _BOOKED:
            wanted = ref_value(row.get(name))
            if wanted is not None:
                found = self._tables[entity].get(wanted)
                if found is None:
                    raise invalid_reference(kind, wanted)
                row[name] = ref(wanted, found["Name"])
        row.setdefault("TxnTaxDetail", {"TotalTax": 0})
        row.setdefault("CurrencyRef", currency_ref(currency))
        if is_invoice:
            row.setdefault("DueDate", (today + timedelta(days=_DUE_DAYS)).isoformat())
        else:
            row["RemainingCredit"] = row["Balance"]

    def _finish_payment(self, row: Json, old: Json | None) -> None:
        currency = self._owner(row, old)
        if "TotalAmt" not in row:
            raise missing("TotalAmt")
        row.setdefault("CurrencyRef", currency_ref(currency))
        row.setdefault("TxnDate", datetime.fromtimestamp(self._now_s(), UTC).date().isoformat())
        row.setdefault("ProcessPayment", False)
        for name, entity, kind in (
            ("PaymentMethodRef", "PaymentMethod", "PaymentMethods"),
            ("DepositToAccountRef", "Account", "Accounts"),
        ):
            wanted = ref_value(row.get(name))
            if wanted is not None and self._tables[entity].get(wanted) is None:
                raise invalid_reference(kind, wanted)
        settling = Settling(self._tables)
        if old is not None:
            settling.take_back(old)
        row["UnappliedAmt"] = number(settling.put_on(row))
        settling.keep()

    def _owner(self, row: Json, old: Json | None) -> str:
        """The currency of the customer a transaction belongs to; checks the customer on the way."""
        customer_id = ref_value(row.get("CustomerRef"))
        if customer_id is None:
            raise missing("CustomerRef")
        if old is not None and ref_value(old["CustomerRef"]) != customer_id:
            raise FaultError("6000", "The customer of a transaction cannot change")
        customer = self._customer(customer_id)
        currency = str(ref_value(customer["CurrencyRef"]))
        wished = ref_value(row.get("CurrencyRef"))
        if wished is not None and wished != currency:
            raise FaultError("6000", f"The customer's currency is {currency}", "CurrencyRef")
        row["CustomerRef"] = ref(customer_id, customer["DisplayName"])
        if currency in RATES:
            row.setdefault("ExchangeRate", RATES[currency])
        return currency

    def _customer(self, customer_id: str) -> Json:
        customer = self._tables["Customer"].get(customer_id)
        if customer is None:
            raise invalid_reference("Names", customer_id)
        if not customer["Active"]:
            raise not_found()
        return customer

    def _number(self, entity: str, row: Json, old: Json | None, allow_duplicate: bool) -> None:
        """Numbers a document; a number already used is refused unless the caller allows it."""
        wished = row.get("DocNumber")
        if wished in {None, "", "AUTO_GENERATE"}:
            row["DocNumber"] = old["DocNumber"] if old else self._names.next_number(entity)
            return
        is_new = old is None or old.get("DocNumber") != wished
        if is_new and not allow_duplicate and self._names.is_number_taken(entity, str(wished)):
            detail = f"You must specify a different number. This number has already been used. DocNumber={wished}"
            raise FaultError("6140", f"Duplicate Document Number Error : {detail}", "DocNumber")

    def _unsettle(self, entity: str, old: Json) -> None:
        if entity not in TRANSACTIONS:
            return
        settling = Settling(self._tables)
        if entity == "Payment":
            settling.take_back(old)
        else:
            settling.release(entity, old)
        settling.keep()

    def _move_balance(self, entity: str, old: Json | None, row: Json | None) -> None:
        """Lets the customer's balance follow a transaction: what invoices are worth, less payments and credits."""
        if entity not in TRANSACTIONS:
            return
        change = _weight(entity, row) - _weight(entity, old)
        customer_id = ref_value((row or old or {}).get("CustomerRef"))
        position = self._tables["Customer"].find(customer_id or "")
        if change and position is not None:
            table = self._tables["Customer"]
            customer = table[position]
            moved = {
                name: number(decimal(customer.get(name, 0), name) + change) for name in ("Balance", "BalanceWithJobs")
            }
            table.amend(position, {**customer, **moved})

    def _at(self, entity: str, row_id: str) -> int:
        position = self._tables[entity].find(row_id)
        assert position is not None
        return position


def _weight(entity: str, row: Json | None) -> Decimal:
    """What a transaction adds to its customer's balance; what it settles moves inside the balance and adds nothing."""
    if row is None:
        return Decimal(0)
    total = decimal(row["TotalAmt"], "TotalAmt")
    return total if entity == "Invoice" else -total


def _created(entity: str) -> Json:
    match entity:
        case "Customer":
            return {"Balance": 0, "BalanceWithJobs": 0, "IsProject": False, "BillWithParent": False, "Taxable": False}
        case "Invoice":
            return {"LinkedTxn": [], "Deposit": 0, "PrintStatus": "NotSet", "EmailStatus": "NotSet"}
        case "CreditMemo":
            return {"RemainingCredit": 0, "PrintStatus": "NotSet", "EmailStatus": "NotSet"}
        case _:
            return {}


def _check_properties(entity: str, body: Json) -> None:
    for name, value in body.items():
        if name not in KNOWN[entity]:
            raise unknown_property(name, KNOWN[entity])
        longest = MAX_LENGTHS.get(name)
        if longest is not None and isinstance(value, str) and len(value) > longest:
            raise FaultError(
                "2050", f"String length specified does not match the supported length. Max:{longest}", name
            )


def _zeroed(line: Json) -> Json:
    zeroed = {**line, **({"Amount": 0} if "Amount" in line else {})}
    if "SalesItemLineDetail" in line:
        zeroed["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "UnitPrice": 0, "Qty": 0}
    return zeroed
