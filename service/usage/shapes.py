"""Calls, receipts, sums and invoices as the API shows them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

import billing
from billing import InvoiceState, LineKind, Meter, Reason, VoidReason
from service import ids
from service.resources.common import Money

_ID_PREFIXES: Final = {billing.GroupBy.KEY: "key", billing.GroupBy.CONNECTION: "con"}
_WHY: Final = {
    Reason.SUCCESS: "The call succeeded.",
    Reason.NOT_MODIFIED: "The record has not changed since the `ETag` that was sent, so nothing is charged.",
    Reason.REPLAY: "The same write was counted before.",
    Reason.DRY_RUN: "Nothing was sent to the vendor.",
    Reason.TEST_KEY: "Calls with test keys cost nothing.",
    Reason.CLIENT_ERROR: "The request was refused.",
    Reason.PLATFORM_ERROR: "We failed.",
    Reason.VENDOR_ERROR: "The vendor or the connection failed.",
    Reason.MANAGEMENT: "Calls about keys, connections, usage and vendors are free.",
    Reason.BROKEN_OFF: "The bytes broke off before the last of them, so nothing is charged.",
}
_VOID: Final[Mapping[VoidReason | None, Reason]] = {
    VoidReason.ANSWERED_503: Reason.PLATFORM_ERROR,
    VoidReason.BROKEN_OFF: Reason.BROKEN_OFF,
}


class UsageCall(Struct, frozen=True, kw_only=True, tag_field="object", tag="call"):
    """One call as it was recorded before it was answered."""

    id: str
    """`req_…`, the `Request-Id` of its answer."""
    at: datetime
    """When it arrived."""
    key: str
    """The key it was made with, `key_…`."""
    connection: str | None
    """The connection it went through, `con_…`; null when it came to none."""
    vendor: str | None
    """The vendor it went to; null when it came to none."""
    operation: str
    """The `operationId` in this contract; `unknown` for a path that is not in it."""
    status: int
    """What was answered."""
    meter: Meter | None
    """What it counts on; null when it is not billed."""
    units: int
    """What it counts as; 0 when it is not billed."""
    billable: bool
    """True when it is billed."""
    reason: Reason
    """Why it is, or is not."""
    rows: int
    """Records that were read or written."""
    vendor_ms: float
    """Time spent waiting for the vendor."""
    platform_ms: float
    """Time spent by us."""


class UsageReceipt(Struct, frozen=True, kw_only=True, tag_field="object", tag="receipt"):
    """What one call was, and what it costs."""

    call: UsageCall
    """The call."""
    price: str
    """A decimal in major units, before the bill is rounded: the price at its place among the month's units."""
    currency: str
    """ISO 4217."""
    why: str
    """Why it is billed, or is not, in a sentence."""


class UsageSum(Struct, frozen=True):
    """The billed calls of one group and meter."""

    group: str | None
    """An id, a name or a day (`2026-11-20`); null for calls that came to no connection."""
    meter: Meter
    """What they count on."""
    calls: int
    """How many."""
    units: int
    """What they count as together."""


class UsageSummary(Struct, frozen=True, kw_only=True, tag_field="object", tag="usage_summary"):
    """Billed calls between two instants, summed."""

    by: Literal["key", "connection", "operation", "day", "meter"]
    """What `group` means."""
    since: datetime
    """From this instant on."""
    until: datetime
    """Up to, not including, this one."""
    data: tuple[UsageSum, ...]
    """Ordered by group and meter."""


class BillingInvoiceLine(Struct, frozen=True, kw_only=True):
    """Units of one meter in one price tier, or what the plan or the tax makes of a month as a whole."""

    description: str
    """In words."""
    kind: LineKind
    """`correction` bills, or takes back, units of an earlier month."""
    usage_month: str
    """The month the units were used in, `2026-11`."""
    meter: Meter | None
    """What was counted; null for a discount, credit, minimum or tax."""
    tier: int
    """The price tier; 0 is the free allowance."""
    quantity: int
    """Units; negative when they are taken back."""
    unit_price: str
    """A decimal in major units of the currency, for `per` units; of a tax its percentage."""
    per: int
    """Units that one `unit_price` pays for: more than 1 where they are sold in packages."""
    amount: Money
    """What the line comes to."""


class BillingInvoice(Struct, frozen=True, kw_only=True, tag_field="object", tag="billing_invoice"):
    """Our invoice to your organization for one month."""

    id: str
    """`bill_…`"""
    month: str
    """The month it bills, `2026-11`, in the organization's time zone."""
    state: InvoiceState
    """A draft is not yet owed; of one that was issued nothing but the state changes any more."""
    number: int | None
    """Counts up without a gap; null for a draft."""
    units: int
    """Units on all its lines."""
    tax: Money
    """The tax in the total."""
    total: Money
    """What it comes to."""
    prepaid: Money
    """What prepaid money paid of it when it was issued."""
    due_on: date | None
    """When it is to be paid; null for a draft."""
    drafted_at: datetime
    """When the month was closed."""
    issued_at: datetime | None
    """When it became owed; null for a draft."""
    lines: tuple[BillingInvoiceLine, ...]
    """What the total is made of."""


class MonthToDate(Struct, frozen=True, kw_only=True, tag_field="object", tag="month_to_date"):
    """The running month as it would be billed if it ended now."""

    month: str
    """`2026-11`, in the organization's time zone."""
    starts_at: datetime
    """Its first instant."""
    ends_at: datetime
    """The first instant after it."""
    plan: str
    """The price list, by name and version: `public-1`."""
    total: Money
    """What it comes to so far, without corrections of earlier months and taxes."""
    forecast: Money | None
    """What it will come to if the days left are like the last seven; null for an account younger than a day."""
    lines: tuple[BillingInvoiceLine, ...]
    """What the total is made of."""


def to_call(call: billing.Call) -> UsageCall:
    """A call as it stands now: one that was answered 503 after it was written is shown as that, and one whose bytes
    broke off as broken off."""
    billed = call.billable and not call.void
    was_refused = call.void_reason is VoidReason.ANSWERED_503
    return UsageCall(
        id=ids.encode("req", call.request_id),
        at=call.occurred_at,
        key=ids.encode("key", call.key_id),
        connection=None if call.connection_id is None else ids.encode("con", call.connection_id),
        vendor=call.vendor,
        operation=call.operation,
        status=503 if was_refused else call.status,
        meter=call.meter if billed else None,
        units=call.units if billed else 0,
        billable=billed,
        reason=_VOID.get(call.void_reason, call.reason),
        rows=call.rows,
        vendor_ms=call.vendor_us / 1000,
        platform_ms=call.platform_us / 1000,
    )


def to_receipt(receipt: billing.Receipt) -> UsageReceipt:
    """A call with its price."""
    call = to_call(receipt.call)
    return UsageReceipt(call=call, price=_decimal(receipt.price), currency=receipt.currency, why=_WHY[call.reason])


def to_sum(by: billing.GroupBy, found: billing.UsageSummary) -> UsageSum:
    """One line of a summary; the ids of keys and connections get their prefix."""
    group = found.group
    if group is not None and by in _ID_PREFIXES:
        group = ids.encode(_ID_PREFIXES[by], UUID(group))
    return UsageSum(group, found.meter, found.calls, found.units)


def to_invoice(invoice: billing.Invoice) -> BillingInvoice:
    """An invoice with its lines."""
    currency = invoice.currency
    return BillingInvoice(
        id=ids.encode("bill", invoice.invoice_id),
        month=_month(invoice.period),
        state=invoice.state,
        number=invoice.number,
        units=invoice.units,
        tax=Money(invoice.tax_minor, currency),
        total=Money(invoice.total_minor, currency),
        prepaid=Money(invoice.prepaid_minor, currency),
        due_on=invoice.due_on,
        drafted_at=invoice.drafted_at,
        issued_at=invoice.issued_at,
        lines=tuple(
            BillingInvoiceLine(
                description=line.description,
                kind=line.kind,
                usage_month=_month(line.usage_period),
                meter=line.meter,
                tier=line.tier,
                quantity=line.quantity,
                unit_price=_decimal(line.unit_price),
                per=line.per,
                amount=Money(line.amount_minor, currency),
            )
            for line in invoice.lines
        ),
    )


def to_month(found: billing.MonthToDate) -> MonthToDate:
    """The running month, its lines worded as an invoice would."""
    month, currency = found.month, found.plan.currency
    return MonthToDate(
        month=_month(month.starts_on),
        starts_at=month.starts_at,
        ends_at=month.ends_at,
        plan=f"{found.plan.plan}-{found.plan.version}",
        total=Money(found.total_minor, currency),
        forecast=None if found.forecast_minor is None else Money(found.forecast_minor, currency),
        lines=(
            *(
                BillingInvoiceLine(
                    description=billing.describe_tier(line.meter, line.tier, line.per),
                    kind=LineKind.USAGE,
                    usage_month=_month(month.starts_on),
                    meter=line.meter,
                    tier=line.tier,
                    quantity=line.quantity,
                    unit_price=_decimal(line.unit_price),
                    per=line.per,
                    amount=Money(line.amount_minor, currency),
                )
                for line in found.lines
            ),
            *(
                BillingInvoiceLine(
                    description=one.note,
                    kind=LineKind(one.kind),
                    usage_month=_month(month.starts_on),
                    meter=None,
                    tier=0,
                    quantity=0,
                    unit_price="0",
                    per=1,
                    amount=Money(one.amount_minor, currency),
                )
                for one in found.adjustments
            ),
        ),
    )


def _month(day: date) -> str:
    return day.strftime("%Y-%m")


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
