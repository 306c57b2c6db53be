"""Metering and billing. A leaf: knows nothing of the service; `__all__` is what the service may use.

`UsageLedger` needs a pool of `tickmark_meter`; closing, issuing and reconciling a connection of `tickmark_operator`;
what is asked within a request one of `tickmark_app` with the organization set.
"""

from billing.accounts import Account, get_account, get_plan, open_account, pin_plan
from billing.calendar import Month, month_of, month_starting
from billing.errors import (
    AccountExists,
    AccountUnknown,
    BillingError,
    InvocationRefused,
    InvoiceUnknown,
    MeteringDown,
    PeriodNotClosable,
    PriceBookError,
    SealedPeriodChanged,
)
from billing.invocation import Invocation, Meter, Reason
from billing.invoices import Invoice, InvoiceLine, InvoiceState, LineKind, get_invoice, issue_invoice, list_invoices
from billing.partitions import make_partitions
from billing.periods import GRACE, Period, close_period, get_period
from billing.prices import PUBLIC_PLAN, Plan, PriceBook, load_price_book
from billing.rating import RatedLine, marginal_price, rate
from billing.reconcile import LineDifference, MoneyDifference, Reconciliation, reconcile
from billing.render import format_money, render_invoice
from billing.request_log import (
    Call,
    CallFilter,
    GroupBy,
    MonthToDate,
    Receipt,
    UsageSummary,
    get_call,
    list_calls,
    month_to_date,
    summarize_usage,
)
from billing.usage import ANSWER_WITHIN_S, Beside, UsageLedger

__all__ = [
    "ANSWER_WITHIN_S",
    "GRACE",
    "PUBLIC_PLAN",
    "Account",
    "AccountExists",
    "AccountUnknown",
    "Beside",
    "BillingError",
    "Call",
    "CallFilter",
    "GroupBy",
    "Invocation",
    "InvocationRefused",
    "Invoice",
    "InvoiceLine",
    "InvoiceState",
    "InvoiceUnknown",
    "LineDifference",
    "LineKind",
    "Meter",
    "MeteringDown",
    "MoneyDifference",
    "Month",
    "MonthToDate",
    "Period",
    "PeriodNotClosable",
    "Plan",
    "PriceBook",
    "PriceBookError",
    "RatedLine",
    "Reason",
    "Receipt",
    "Reconciliation",
    "SealedPeriodChanged",
    "UsageLedger",
    "UsageSummary",
    "close_period",
    "format_money",
    "get_account",
    "get_call",
    "get_invoice",
    "get_period",
    "get_plan",
    "issue_invoice",
    "list_calls",
    "list_invoices",
    "load_price_book",
    "make_partitions",
    "marginal_price",
    "month_of",
    "month_starting",
    "month_to_date",
    "open_account",
    "pin_plan",
    "rate",
    "reconcile",
    "render_invoice",
    "summarize_usage",
]
