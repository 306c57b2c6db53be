"""Metering and billing. A leaf: knows nothing of the service; `__all__` is what the service may use.

`UsageLedger` needs a pool of `tickmark_meter`; closing, issuing and reconciling a connection of `tickmark_operator`;
what is asked within a request one of `tickmark_app` with the organization set.
"""

from billing import literals
from billing.accounts import Account, PlanPin, get_account, get_plan, list_plan_pins, open_account, pin_plan
from billing.budgets import (
    Alert,
    Budget,
    BudgetScope,
    BudgetSpan,
    BudgetStatus,
    Window,
    delete_budget,
    get_budget_statuses,
    list_budgets,
    set_budget,
)
from billing.calendar import Month, month_of, month_starting
from billing.caps import Caps
from billing.caps_block import Hold
from billing.caps_guard import Guard, SpendCapReached
from billing.details import Details, get_details, set_details
from billing.documents import Papers, Seller, invoice_name, render_html, render_pdf
from billing.errors import (
    AccountExists,
    AccountUnknown,
    BillingError,
    BudgetUnknown,
    CapsDown,
    CreditRefused,
    InvocationRefused,
    InvoiceStateError,
    InvoiceUnknown,
    MeteringDown,
    PaymentRefused,
    PeriodNotClosable,
    PriceBookError,
    SealedPeriodChanged,
    UnreadableAmountError,
    UsageFileError,
)
from billing.explain import PriceLine, explain, price_steps, read_usage
from billing.invocation import Invocation, Meter, Reason, VoidReason
from billing.invoices import (
    NEXT_STATES,
    Invoice,
    InvoiceLine,
    InvoiceMove,
    InvoiceState,
    LineKind,
    describe_tier,
    get_invoice,
    issue_invoice,
    list_invoices,
    list_moves,
    mark_past_due,
    move_invoice,
)
from billing.key_figures import KeyFigures, KeyMonth, Span, get_key_month, list_key_figures, list_spans
from billing.line_calls import LineCall, Place, list_line_calls
from billing.news import News, list_news
from billing.partitions import make_partitions
from billing.payments import (
    Balance,
    CreditNote,
    add_prepaid,
    credit_invoice,
    get_balance,
    get_prepaid,
    list_credit_notes,
    record_payment,
)
from billing.periods import GRACE, Period, close_period, get_period
from billing.prices import PUBLIC_PLAN, Plan, PriceBook, load_plan, load_price_book
from billing.rating import Adjustment, RatedLine, adjust, marginal_price, rate
from billing.reconcile import LineDifference, MoneyDifference, Reconciliation, reconcile
from billing.render import format_money, read_money, render_invoice
from billing.request_log import (
    Call,
    CallFilter,
    GroupBy,
    MonthToDate,
    Receipt,
    UsageSummary,
    get_call,
    last_days,
    list_calls,
    list_void_reasons,
    month_to_date,
    price_calls,
    summarize_usage,
)
from billing.retention import forget_free_calls, get_free_calls_days, set_free_calls_days
from billing.stripe_customers import SetupPage, StripeCustomer, get_customer, open_setup_page
from billing.stripe_events import (
    EventChanged,
    Kept,
    WebhookForged,
    WebhookTooOld,
    WebhookUnreadable,
)
from billing.stripe_events import handle_waiting as handle_stripe_events
from billing.stripe_events import keep_once as keep_stripe_event
from billing.stripe_events import verify as verify_stripe_webhook
from billing.stripe_invoicing import InvoiceNotOwed
from billing.stripe_invoicing import credit as credit_on_stripe
from billing.stripe_invoicing import issue as issue_on_stripe
from billing.stripe_invoicing import list_uncredited as list_uncredited_on_stripe
from billing.stripe_invoicing import list_unfinished as list_unfinished_on_stripe
from billing.stripe_rail import RailFault, StripeRail
from billing.stripe_reconcile import Report, StripeDifference, list_reports, run_reconciliation
from billing.stripe_state import Collection, StripeInvoice, get_stripe_invoice
from billing.stripe_steps import StepFailed
from billing.sums import sum_up
from billing.usage import ANSWER_WITHIN_S, Beside, BesideRow, UsageLedger
from billing.vendors import VendorFigures, list_vendor_figures, sum_up_vendors, vendors_summed_until

__all__ = [
    "ANSWER_WITHIN_S",
    "GRACE",
    "NEXT_STATES",
    "PUBLIC_PLAN",
    "Account",
    "AccountExists",
    "AccountUnknown",
    "Adjustment",
    "Alert",
    "Balance",
    "Beside",
    "BesideRow",
    "BillingError",
    "Budget",
    "BudgetScope",
    "BudgetSpan",
    "BudgetStatus",
    "BudgetUnknown",
    "Call",
    "CallFilter",
    "Caps",
    "CapsDown",
    "Collection",
    "CreditNote",
    "CreditRefused",
    "Details",
    "EventChanged",
    "GroupBy",
    "Guard",
    "Hold",
    "Invocation",
    "InvocationRefused",
    "Invoice",
    "InvoiceLine",
    "InvoiceMove",
    "InvoiceNotOwed",
    "InvoiceState",
    "InvoiceStateError",
    "InvoiceUnknown",
    "Kept",
    "KeyFigures",
    "KeyMonth",
    "LineCall",
    "LineDifference",
    "LineKind",
    "Meter",
    "MeteringDown",
    "MoneyDifference",
    "Month",
    "MonthToDate",
    "News",
    "Papers",
    "PaymentRefused",
    "Period",
    "PeriodNotClosable",
    "Place",
    "Plan",
    "PlanPin",
    "PriceBook",
    "PriceBookError",
    "PriceLine",
    "RailFault",
    "RatedLine",
    "Reason",
    "Receipt",
    "Reconciliation",
    "Report",
    "SealedPeriodChanged",
    "Seller",
    "SetupPage",
    "Span",
    "SpendCapReached",
    "StepFailed",
    "StripeCustomer",
    "StripeDifference",
    "StripeInvoice",
    "StripeRail",
    "UnreadableAmountError",
    "UsageFileError",
    "UsageLedger",
    "UsageSummary",
    "VendorFigures",
    "VoidReason",
    "WebhookForged",
    "WebhookTooOld",
    "WebhookUnreadable",
    "Window",
    "add_prepaid",
    "adjust",
    "close_period",
    "credit_invoice",
    "credit_on_stripe",
    "delete_budget",
    "describe_tier",
    "explain",
    "forget_free_calls",
    "format_money",
    "get_account",
    "get_balance",
    "get_budget_statuses",
    "get_call",
    "get_customer",
    "get_details",
    "get_free_calls_days",
    "get_invoice",
    "get_key_month",
    "get_period",
    "get_plan",
    "get_prepaid",
    "get_stripe_invoice",
    "handle_stripe_events",
    "invoice_name",
    "issue_invoice",
    "issue_on_stripe",
    "keep_stripe_event",
    "last_days",
    "list_budgets",
    "list_calls",
    "list_credit_notes",
    "list_invoices",
    "list_key_figures",
    "list_line_calls",
    "list_moves",
    "list_news",
    "list_plan_pins",
    "list_reports",
    "list_spans",
    "list_uncredited_on_stripe",
    "list_unfinished_on_stripe",
    "list_vendor_figures",
    "list_void_reasons",
    "literals",
    "load_plan",
    "load_price_book",
    "make_partitions",
    "marginal_price",
    "mark_past_due",
    "month_of",
    "month_starting",
    "month_to_date",
    "move_invoice",
    "open_account",
    "open_setup_page",
    "pin_plan",
    "price_calls",
    "price_steps",
    "rate",
    "read_money",
    "read_usage",
    "reconcile",
    "record_payment",
    "render_html",
    "render_invoice",
    "render_pdf",
    "run_reconciliation",
    "set_budget",
    "set_details",
    "set_free_calls_days",
    "sum_up",
    "sum_up_vendors",
    "summarize_usage",
    "vendors_summed_until",
    "verify_stripe_webhook",
]
