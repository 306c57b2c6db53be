"""Which properties each entity has, and which of them a caller's value is ignored for."""

_COMMON = "Id SyncToken MetaData domain sparse status"
_SALE = (
    "CustomField DocNumber TxnDate DepartmentRef ClassRef CurrencyRef ExchangeRate PrivateNote LinkedTxn Line "
    "TxnTaxDetail CustomerRef CustomerMemo BillAddr ShipAddr BillEmail SalesTermRef TotalAmt Balance "
    "ApplyTaxAfterDiscount PrintStatus EmailStatus GlobalTaxCalculation HomeTotalAmt HomeBalance"
)

KNOWN = {
    entity: frozenset(f"{_COMMON} {names}".split())
    for entity, names in {
        "Customer": (
            "DisplayName Title GivenName MiddleName FamilyName Suffix CompanyName PrintOnCheckName "
            "FullyQualifiedName Active PrimaryEmailAddr PrimaryPhone Mobile AlternatePhone Fax WebAddr BillAddr "
            "ShipAddr Notes Job IsProject ParentRef Level BillWithParent Balance BalanceWithJobs CurrencyRef "
            "SalesTermRef PaymentMethodRef PreferredDeliveryMethod Taxable DefaultTaxCodeRef CustomerTypeRef "
            "ResaleNum"
        ),
        "Invoice": (
            f"{_SALE} DueDate BillEmailCc BillEmailBcc Deposit AllowIPNPayment AllowOnlinePayment "
            "AllowOnlineCreditCardPayment AllowOnlineACHPayment InvoiceLink DeliveryInfo"
        ),
        "CreditMemo": (f"{_SALE} RemainingCredit InvoiceRef PaymentMethodRef"),
        "Payment": (
            "CustomerRef TotalAmt UnappliedAmt Line DepositToAccountRef PaymentMethodRef PaymentRefNum TxnDate "
            "PrivateNote ProcessPayment CurrencyRef ExchangeRate ARAccountRef CreditCardPayment LinkedTxn"
        ),
        "Item": (
            "Name Sku Description Type UnitPrice PurchaseCost IncomeAccountRef ExpenseAccountRef AssetAccountRef "
            "TrackQtyOnHand QtyOnHand InvStartDate SubItem ParentRef Level FullyQualifiedName Active Taxable "
            "SalesTaxCodeRef ClassRef TaxClassificationRef"
        ),
        "Class": "Name SubClass ParentRef FullyQualifiedName Active",
        "Department": "Name SubDepartment ParentRef FullyQualifiedName Active Address",
        "Term": "Name Active Type DueDays",
        "PaymentMethod": "Name Active Type FullyQualifiedName",
        "Employee": (
            "DisplayName Title GivenName MiddleName FamilyName Suffix PrintOnCheckName Active PrimaryEmailAddr "
            "PrimaryPhone Mobile PrimaryAddr SSN BirthDate HiredDate ReleasedDate BillableTime BillRate EmployeeNumber"
        ),
        "TimeActivity": (
            "NameOf EmployeeRef VendorRef CustomerRef ItemRef ClassRef DepartmentRef TxnDate Hours Minutes StartTime "
            "EndTime BreakHours BreakMinutes HourlyRate BillableStatus Taxable Description"
        ),
        "Attachable": (
            "AttachableRef FileName FileAccessUri TempDownloadUri Size ContentType Category Note Lat Long PlaceName Tag"
        ),
        "Account": (
            "Name AcctNum AccountType AccountSubType Classification CurrentBalance Active SubAccount ParentRef "
            "FullyQualifiedName"
        ),
        "CompanyInfo": "CompanyName LegalName",
        "Preferences": "SalesFormsPrefs",
    }.items()
}

_ALWAYS = frozenset({"Id", "SyncToken", "MetaData", "domain", "sparse", "status"})
READ_ONLY = {
    "Customer": _ALWAYS | {"FullyQualifiedName", "Level", "Balance", "BalanceWithJobs", "IsProject"},
    "Invoice": _ALWAYS | {"TotalAmt", "Balance", "LinkedTxn", "HomeTotalAmt", "HomeBalance", "InvoiceLink"},
    "CreditMemo": _ALWAYS | {"TotalAmt", "Balance", "RemainingCredit", "LinkedTxn", "HomeTotalAmt", "HomeBalance"},
    "Payment": _ALWAYS | {"UnappliedAmt", "LinkedTxn"},
    "TimeActivity": _ALWAYS,
    "Item": _ALWAYS | {"FullyQualifiedName", "Level", "QtyOnHand"},
    "Class": _ALWAYS | {"FullyQualifiedName"},
    "Department": _ALWAYS | {"FullyQualifiedName"},
    "Employee": _ALWAYS | {"SSN"},
    "Attachable": _ALWAYS | {"FileAccessUri", "TempDownloadUri", "Size"},
}
"""Also the list of what can be written here at all."""

NAME_LISTS = frozenset({"Customer", "Employee", "Item", "Class", "Department", "Term", "Account", "PaymentMethod"})
"""Entities that are never deleted, only made inactive; queries hide the inactive ones."""

TRANSACTIONS = frozenset({"Invoice", "Payment", "CreditMemo"})
"""What moves a customer's balance, and can be voided."""

NOT_IN_CDC = frozenset({"TimeActivity", "TaxAgency", "TaxCode", "TaxRate"})
"""Change data capture does not know them."""

LINE_KNOWN = frozenset(
    {
        "Id",
        "LineNum",
        "Description",
        "Amount",
        "DetailType",
        "LinkedTxn",
        "LineEx",
        "SalesItemLineDetail",
        "SubTotalLineDetail",
        "DiscountLineDetail",
        "DescriptionLineDetail",
        "GroupLineDetail",
        "TaxLineDetail",
        "CustomField",
    }
)

MAX_LENGTHS = {"Name": 100, "Sku": 100, "DocNumber": 21, "PrivateNote": 4000, "DisplayName": 500, "PaymentRefNum": 21}

BY_PATH = {entity.lower(): entity for entity in KNOWN}
"""Entities as they stand in a path: lower case."""
