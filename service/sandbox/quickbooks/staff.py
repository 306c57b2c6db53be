"""Employees and the time they spent. QuickBooks knows no users: an employee is a person on the payroll, not a login."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from service.sandbox.books import AS_OF, SERVICES, Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF
from service.sandbox.quickbooks.errors import FaultError, invalid_reference, missing
from service.sandbox.quickbooks.lists import class_ref, department_ref, item_ref
from service.sandbox.quickbooks.wire import decimal, ref, ref_value, stamp, whole
from service.sandbox.shapes import counts
from service.sandbox.table import Table

FIRST_EMPLOYEE = 55
_FIRST_TIME, _TIME_STEP = 104, 4
_TIME = 21
_HIRED_S = int(AS_OF.timestamp()) - 1200 * 86_400
_BILLABLE = ("Billable", "Billable", "HasBeenBilled", "NotBillable")


def staff_tables(books: Books) -> dict[str, Table]:
    """The tables of employees and of their time."""
    times = Layout(counts(lambda shape: shape.tasks), books.clients)
    return {
        "Employee": Table(
            seeded=len(STAFF),
            row=_employee,
            updated_s=lambda _: _HIRED_S,
            id_of=lambda position: str(FIRST_EMPLOYEE + position),
            position_of=lambda row_id: whole(row_id) - FIRST_EMPLOYEE,
        ),
        "TimeActivity": Table(
            seeded=times.size,
            row=lambda row: _time_activity(books, row, *times.locate(row)),
            updated_s=lambda row: _time_s(books, *times.locate(row)),
            id_of=lambda position: str(_FIRST_TIME + _TIME_STEP * position),
            position_of=_time_position,
        ),
    }


def finish_time(row: Json, tables: Mapping[str, Table], now_s: float) -> None:
    """Checks a TimeActivity and completes it: who, for whom, how long."""
    if row.get("NameOf") not in {"Employee", "Vendor"}:
        raise missing("NameOf")
    employee_id = ref_value(row.get("EmployeeRef"))
    if row["NameOf"] == "Vendor" or employee_id is None:
        raise missing("EmployeeRef")
    employee = tables["Employee"].get(employee_id)
    if employee is None:
        raise invalid_reference("Names", employee_id)
    row["EmployeeRef"] = ref(employee_id, employee["DisplayName"])
    _check_customer(row, tables)
    item_id = ref_value(row.get("ItemRef"))
    if item_id is not None and tables["Item"].get(item_id) is None:
        raise invalid_reference("Items", item_id)
    if not {"Hours", "Minutes"} & set(row) and not {"StartTime", "EndTime"} <= set(row):
        raise missing("Hours")
    if not 0 <= decimal(row.get("Minutes", 0), "Minutes") < 60:
        raise FaultError("2080", "Invalid Number : Minutes", "Minutes")
    row.setdefault("TxnDate", datetime.fromtimestamp(now_s, UTC).date().isoformat())


def _check_customer(row: Json, tables: Mapping[str, Table]) -> None:
    """Time can be billed only to somebody, for a rate."""
    status = row.setdefault("BillableStatus", "NotBillable")
    if status not in {"Billable", "NotBillable", "HasBeenBilled"}:
        raise FaultError("2010", "Property Name:Can not instantiate BillableStatus", "BillableStatus")
    customer_id = ref_value(row.get("CustomerRef"))
    if customer_id is None:
        if status != "NotBillable":
            raise FaultError("6000", "Billable time needs a customer", "CustomerRef")
        return
    customer = tables["Customer"].get(customer_id)
    if customer is None:
        raise invalid_reference("Names", customer_id)
    row["CustomerRef"] = ref(customer_id, customer["DisplayName"])


def _employee(position: int) -> Json:
    person = STAFF[position]
    name = f"{person.given} {person.family}"
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": str(FIRST_EMPLOYEE + position),
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp(_HIRED_S), "LastUpdatedTime": stamp(_HIRED_S)},
        "SSN": "XXX-XX-XXXX",
        "BillableTime": True,
        "GivenName": person.given,
        "FamilyName": person.family,
        "DisplayName": name,
        "PrintOnCheckName": name,
        "Active": position != len(STAFF) - 1,
        "PrimaryEmailAddr": {"Address": person.email},
        "HiredDate": datetime.fromtimestamp(_HIRED_S, UTC).date().isoformat(),
    }


def _time_activity(books: Books, row: int, client: int, place: int) -> Json:
    at_s = _time_s(books, client, place)
    dice = Dice(books.seed, _TIME, client, place, 1)
    person = dice.roll(len(STAFF))
    service = dice.roll(len(SERVICES))
    quarters = dice.between(1, 20)
    day = datetime.fromtimestamp(at_s, UTC)
    activity: Json = {
        "domain": "QBO",
        "sparse": False,
        "Id": str(_FIRST_TIME + _TIME_STEP * row),
        "SyncToken": str(row % 3),
        "MetaData": {"CreateTime": stamp(at_s), "LastUpdatedTime": stamp(at_s)},
        "TxnDate": day.date().isoformat(),
        "NameOf": "Employee",
        "EmployeeRef": ref(str(FIRST_EMPLOYEE + person), f"{STAFF[person].given} {STAFF[person].family}"),
        "CustomerRef": ref(str(client + 1), books.name(client)),
        "ItemRef": item_ref(service),
        "ClassRef": class_ref(client),
        "DepartmentRef": department_ref(client),
        "BillableStatus": _BILLABLE[row % len(_BILLABLE)],
        "Taxable": False,
        "HourlyRate": 150 + 25 * person,
        "Description": f"{SERVICES[service].name}, {place + 1}",
    }
    if row % 5 == 4:  # clocked rather than counted
        begin = day.replace(hour=17, minute=0, second=0)
        end = begin + timedelta(minutes=15 * quarters)
        return activity | {"StartTime": stamp(begin.timestamp()), "EndTime": stamp(end.timestamp())}
    return activity | {"Hours": quarters // 4, "Minutes": quarters % 4 * 15}


def _time_s(books: Books, client: int, place: int) -> int:
    return int(AS_OF.timestamp()) - (1 + Dice(books.seed, _TIME, client, place).roll(300)) * 86_400


def _time_position(row_id: str) -> int:
    number = whole(row_id) - _FIRST_TIME
    return number // _TIME_STEP if number >= 0 and number % _TIME_STEP == 0 else -1
