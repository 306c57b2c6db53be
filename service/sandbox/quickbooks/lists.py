"""The company's short lists: items, classes, locations, terms, accounts, and what the company says of itself."""

from service.sandbox.books import AS_OF, CLASSES, LOCATIONS, SERVICES
from service.sandbox.http import Json
from service.sandbox.quickbooks.wire import ref, stamp, whole
from service.sandbox.table import Table

FIRST_IDS = {"Item": 1, "Class": 5_000_001, "Department": 1, "Term": 1, "Account": 31, "PaymentMethod": 1}
"""Undeposited Funds is not account 4 here, nor called so: it has to be found by its subtype."""

SALES_ACCOUNT, DISCOUNT_ACCOUNT, UNDEPOSITED_ACCOUNT = "31", "32", "33"
_UPDATED_S = int(AS_OF.timestamp()) - 900 * 86_400


def class_ref(number: int) -> Json:
    """The class a client's work is booked under."""
    place = number % len(CLASSES)
    return ref(str(FIRST_IDS["Class"] + place), CLASSES[place])


def department_ref(number: int) -> Json:
    """The location a client belongs to."""
    place = number % len(LOCATIONS)
    return ref(str(FIRST_IDS["Department"] + place), LOCATIONS[place])


def item_ref(service: int) -> Json:
    """The item a service is sold as."""
    return ref(str(FIRST_IDS["Item"] + service), SERVICES[service].name)


def list_tables() -> dict[str, Table]:
    """The tables of the short lists."""
    return {entity: _table(entity, rows) for entity, rows in _ROWS.items()}


def company_info(realm_id: str) -> Json:
    """CompanyInfo; its Id is 1 in every company."""
    return _with_head(
        "1",
        {
            "CompanyName": "Larkspur & Finch CPAs",
            "LegalName": "Larkspur & Finch CPAs LLP",
            "CompanyAddr": {"Id": "1", "Line1": "12 Quay Street", "City": "Boise", "CountrySubDivisionCode": "ID"},
            "PrimaryPhone": {"FreeFormNumber": "(208) 555-0100"},
            "Email": {"Address": "office@larkspurfinch.example"},
            "Country": "US",
            "FiscalYearStartMonth": "January",
            "SupportedLanguages": "en",
            "NameValue": [
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                {"Name": "ItemCategoriesFeature", "Value": "true"},
                {"Name": "CompanyType", "Value": realm_id[:5]},
            ],
        },
    )


def preferences() -> Json:
    """Preferences. AutoApplyCredit is off, as a firm that syncs payments must have it."""
    return _with_head(
        "1",
        {
            "SalesFormsPrefs": {
                "AutoApplyCredit": False,
                "AutoApplyPayments": False,
                "CustomTxnNumbers": False,
                "AllowDeposit": True,
                "DefaultTerms": ref("3"),
            },
            "AccountingInfoPrefs": {
                "ClassTrackingPerTxn": False,
                "ClassTrackingPerTxnLine": True,
                "TrackDepartments": True,
                "DepartmentTerminology": "Location",
                "CustomerTerminology": "Clients",
            },
            "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": ref("USD")},
        },
    )


def _updated_s(position: int) -> int:
    """The lists grew a row a day."""
    return _UPDATED_S + position * 86_400


def _with_head(row_id: str, row: Json, at_s: int = _UPDATED_S) -> Json:
    meta = {"CreateTime": stamp(at_s), "LastUpdatedTime": stamp(at_s)}
    return {**row, "domain": "QBO", "sparse": False, "Id": row_id, "SyncToken": "0", "MetaData": meta}


def _named(name: str, **more: object) -> Json:
    return {"Name": name, "FullyQualifiedName": name, "Active": True, **more}


def _service_items() -> list[Json]:
    category = str(FIRST_IDS["Item"] + len(SERVICES) + 1)
    items = [
        _named(
            service.name,
            Sku=service.sku,
            Description=service.name,
            Type="Service",
            Taxable=False,
            UnitPrice=service.rate_minor / 100,
            IncomeAccountRef=ref(SALES_ACCOUNT, "Sales"),
        )
        | (
            {"SubItem": True, "ParentRef": ref(category, "Tax work"), "FullyQualifiedName": f"Tax work:{service.name}"}
            if service.sku.startswith("TAX-")
            else {}
        )
        for service in SERVICES
    ]
    retired = _named(
        "Fax service", Type="Service", Taxable=False, UnitPrice=3.5, IncomeAccountRef=ref(SALES_ACCOUNT, "Sales")
    )
    return [*items, {**retired, "Active": False}, _named("Tax work", Type="Category")]


def _account(name: str, kind: str, subtype: str, classification: str) -> Json:
    return _named(
        name,
        AccountType=kind,
        AccountSubType=subtype,
        Classification=classification,
        CurrentBalance=0,
        SubAccount=False,
    )


_ROWS: dict[str, list[Json]] = {
    "Item": _service_items(),
    "Class": [_named(name, SubClass=False) for name in CLASSES],
    "Department": [_named(name, SubDepartment=False) for name in LOCATIONS],
    "Term": [
        {"Name": name, "Active": True, "Type": "STANDARD", "DueDays": days}
        for name, days in (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
    ],
    "PaymentMethod": [
        _named(name, Type="CREDIT_CARD" if name == "Credit Card" else "NON_CREDIT_CARD")
        for name in ("Cash", "Check", "Credit Card", "Bank transfer", "Barter")
    ],
    "Account": [
        _account("Sales", "Income", "SalesOfProductIncome", "Revenue"),
        _account("Discounts given", "Income", "DiscountsRefundsGiven", "Revenue"),
        _account("Payments to deposit", "Other Current Asset", "UndepositedFunds", "Asset"),
        _account("Checking", "Bank", "Checking", "Asset"),
        _account("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset"),
    ],
}


def _table(entity: str, rows: list[Json]) -> Table:
    first = FIRST_IDS[entity]
    return Table(
        seeded=len(rows),
        row=lambda position: _with_head(str(first + position), rows[position], _updated_s(position)),
        updated_s=_updated_s,
        id_of=lambda position: str(first + position),
        position_of=lambda row_id: whole(row_id) - first,
    )
