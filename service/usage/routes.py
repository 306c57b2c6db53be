"""`/v1/usage` and `/v1/billing`: what was called, what it costs and why, as soon as the call is answered."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import json, structs

import billing
from billing import CallFilter, GroupBy, InvoiceUnknown, Meter, PriceBook, Seller
from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.download import Download
from service.api.operation import Audit, Exports, Operation
from service.api.operation import Meter as MeterClass
from service.api.pagination import Cursors, example_page
from service.api.query import (
    DEFAULT_LIMIT,
    PAGING,
    PAGING_PROBLEMS,
    boolean,
    id_of,
    instant,
    invalid,
    one_of,
    read_query,
    text,
)
from service.api.query import whole_number as number
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import missing
from service.resources.common import Page
from service.usage.balance import balance_operations
from service.usage.budgets import budget_operations
from service.usage.details import detail_operations
from service.usage.examples import CALL, INVOICE, MONTH, RECEIPT, SUMMARY
from service.usage.export import MEDIA_TYPES, export_calls, named
from service.usage.papers import paper_operations
from service.usage.shapes import (
    BillingInvoice,
    MonthToDate,
    UsageCall,
    UsageReceipt,
    UsageSummary,
    to_call,
    to_invoice,
    to_month,
    to_receipt,
    to_sum,
)

_FIRST_ERROR: Final = 400
LONGEST_SUMMARY: Final = timedelta(days=366)

_PERIOD: Final = {"since": instant, "until": instant}
_FILTERS: Final = {
    "filter[key]": id_of("key"),
    "filter[connection]": id_of("con"),
    "filter[operation]": text,
    "filter[meter]": one_of(Meter),
    "filter[status]": number(100, 599),
    "filter[billable]": boolean,
    "filter[succeeded]": boolean,
}
_FIELDS: Final = {"filter[key]": "key_id", "filter[connection]": "connection_id"}


def _id_schema(prefix: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$"}


_FILTER_PARAMETERS: Final = (
    parameters.filter_by("key", _id_schema("key"), "Only calls made with this key."),
    parameters.filter_by("connection", _id_schema("con"), "Only calls through this connection."),
    parameters.filter_by(
        "operation", {"type": "string", "minLength": 1, "maxLength": 200}, "Only calls of this `operationId`."
    ),
    parameters.filter_by("meter", {"type": "string", "enum": list(Meter)}, "Only billed calls on this meter."),
    parameters.filter_by(
        "status", {"type": "integer", "minimum": 100, "maximum": 599}, "Only calls answered with this status."
    ),
    parameters.filter_by(
        "succeeded",
        {"type": "boolean"},
        "`true`: only calls answered below 400. `false`: only those that were refused (4xx) or failed (5xx).",
    ),
    parameters.filter_by("billable", {"type": "boolean"}, "`true`: only billed calls. `false`: only free ones."),
)


class UsageRoutes:
    """The answers about calls and bills. A key bound to firms or connections sees its own calls alone."""

    def __init__(self, pool: Pool, prices: PriceBook, cursors: Cursors, clock: Clock = now) -> None:
        self._pool = pool
        self._prices = prices
        self._cursors = cursors
        self._clock = clock

    async def calls(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], {**PAGING, **_PERIOD, **_FILTERS})
        limit, cursor = asked.pop("limit", DEFAULT_LIMIT), asked.pop("cursor", None)
        only = _to_filter(asked)
        belongs_to = b"usage|" + call.known_caller.key_id.bytes + json.encode(only)
        after = None if cursor is None else UUID(hex=self._cursors.read(cursor, belongs_to))
        own = _own_key(call)
        if own is not None and only.key_id not in (None, own):
            return answer_of(Page[UsageCall]([], False, None))
        only = structs.replace(only, key_id=only.key_id or own)
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            found = await billing.list_calls(connection, org_id, after=after, limit=limit + 1, only=only)
        shown = found[:limit]
        call.rows = len(shown)
        onward = self._cursors.write(shown[-1].request_id.hex, belongs_to) if len(found) > limit else None
        return answer_of(Page([to_call(one) for one in shown], onward is not None, onward))

    async def export(self, call: Call) -> Any:
        asked = read_query(call.scope["query_string"], {"format": one_of(MEDIA_TYPES), **_PERIOD, **_FILTERS})
        format_ = asked.pop("format", "csv")
        only = _to_filter(asked)
        own = _own_key(call)
        if own is not None and only.key_id not in (None, own):
            raise missing()
        only = structs.replace(only, key_id=only.key_id or own)
        head = Answer(200, b"", MEDIA_TYPES[format_], named(format_))
        return Download(head, export_calls(self._pool, call.known_caller.org_id, only, format_))

    async def receipt(self, call: Call) -> Answer:
        org_id, own = call.known_caller.org_id, _own_key(call)
        request_id = _path_id(call, "req")
        async with as_organization(self._pool, org_id) as connection:
            found = await billing.get_call(connection, self._prices, org_id, request_id)
        if found is None or own not in (None, found.call.key_id):
            raise missing()
        call.rows = 1
        return answer_of(to_receipt(found))

    async def summary(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], {"by": one_of(GroupBy), **_PERIOD})
        by = GroupBy(asked.get("by", GroupBy.METER))
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            until: datetime = asked.get("until", self._clock())
            since: datetime | None = asked.get("since")
            if since is None:
                account = await billing.get_account(connection, org_id)
                since = min(billing.month_of(self._clock(), account.time_zone).starts_at, until)
            if until - since > LONGEST_SUMMARY:
                raise invalid("since", "range", f"At most {LONGEST_SUMMARY.days} days before `until`.")
            found = await billing.summarize_usage(connection, org_id, since, until, by, key_id=_own_key(call))
        call.rows = len(found)
        data = tuple(to_sum(by, one) for one in found)
        return answer_of(UsageSummary(by=by.value, since=since, until=until, data=data))

    async def invoices(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], PAGING)
        limit, cursor = asked.get("limit", DEFAULT_LIMIT), asked.get("cursor")
        org_id = call.known_caller.org_id
        belongs_to = b"billing|" + call.known_caller.key_id.bytes
        before = None if cursor is None else date.fromisoformat(self._cursors.read(cursor, belongs_to))
        async with as_organization(self._pool, org_id) as connection:
            found = await billing.list_invoices(connection, org_id, before=before, limit=limit + 1)
        shown = found[:limit]
        call.rows = len(shown)
        onward = self._cursors.write(shown[-1].period.isoformat(), belongs_to) if len(found) > limit else None
        return answer_of(Page([to_invoice(one) for one in shown], onward is not None, onward))

    async def invoice(self, call: Call) -> Answer:
        org_id = call.known_caller.org_id
        invoice_id = _path_id(call, "bill")
        async with as_organization(self._pool, org_id) as connection:
            try:
                found = await billing.get_invoice(connection, org_id, invoice_id)
            except InvoiceUnknown:
                raise missing() from None
        call.rows = 1
        return answer_of(to_invoice(found))

    async def month_to_date(self, call: Call) -> Answer:
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            found = await billing.month_to_date(connection, self._prices, org_id, self._clock())
        return answer_of(to_month(found))


def usage_operations(pool: Pool, prices: PriceBook, cursors: Cursors, seller: Seller) -> tuple[Operation, ...]:
    """What a key can ask about calls and bills."""
    routes = UsageRoutes(pool, prices, cursors)
    return (
        Operation(
            id="listUsage",
            method="GET",
            path="/v1/usage",
            tag="usage",
            summary="List calls",
            description="Every call that was answered, newest first, there as soon as its answer is. A key that is "
            "bound to firms or connections sees its own calls alone.",
            scope="usage:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[UsageCall],
            parameters=(parameters.LIMIT, parameters.CURSOR, parameters.SINCE, parameters.UNTIL, *_FILTER_PARAMETERS),
            problems=PAGING_PROBLEMS,
            example=example_page(CALL),
            run=routes.calls,
        ),
        Operation(
            id="summarizeUsage",
            method="GET",
            path="/v1/usage/summary",
            tag="usage",
            summary="Sum billed calls",
            description="Billed calls and units between two instants, at most a year apart. Without `since`, from the "
            "start of this month in the organization's time zone; without `until`, up to now.",
            scope="usage:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=UsageSummary,
            parameters=(
                parameters.one_of("by", tuple(GroupBy), "What to sum by; `meter` when left out."),
                parameters.SINCE,
                parameters.UNTIL,
            ),
            problems=(errors.INVALID_PARAMETER,),
            example=SUMMARY,
            run=routes.summary,
        ),
        Operation(
            id="exportUsage",
            method="GET",
            path="/v1/usage/export",
            tag="usage",
            summary="Download calls",
            description="Every call that fits the filters, newest first, with the fields of the list, as CSV or "
            "NDJSON. A key that is bound to firms or connections gets its own calls alone. Downloads have a scope of "
            "their own and need a ticket.",
            scope="usage:export",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=bytes,
            exports=Exports.FIRMS,
            answer_media_type="text/csv",
            other_media_types=("application/x-ndjson",),
            parameters=(
                parameters.one_of("format", tuple(MEDIA_TYPES), "`csv` when left out."),
                parameters.SINCE,
                parameters.UNTIL,
                *_FILTER_PARAMETERS,
            ),
            problems=(errors.INVALID_PARAMETER, errors.NOT_FOUND),
            run=routes.export,
        ),
        Operation(
            id="getReceipt",
            method="GET",
            path="/v1/usage/{request_id}",
            tag="usage",
            summary="Get the receipt of a call",
            description="What one call was, what it costs, and why it is or is not billed.",
            scope="usage:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=UsageReceipt,
            parameters=(parameters.path_id("request_id", "The `Request-Id` of the call's answer, `req_…`."),),
            problems=(errors.NOT_FOUND,),
            example=RECEIPT,
            run=routes.receipt,
        ),
        Operation(
            id="listBillingInvoices",
            method="GET",
            path="/v1/billing/invoices",
            tag="billing",
            summary="List our invoices to you",
            description="One for each closed month, the newest first, with all lines.",
            scope="billing:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[BillingInvoice],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(INVOICE),
            run=routes.invoices,
        ),
        Operation(
            id="getBillingInvoice",
            method="GET",
            path="/v1/billing/invoices/{id}",
            tag="billing",
            summary="Get one of our invoices to you",
            description="One month's invoice: its state, its lines and its total.",
            scope="billing:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=BillingInvoice,
            parameters=(parameters.path_id("id", "The invoice's id, `bill_…`."),),
            problems=(errors.NOT_FOUND,),
            example=INVOICE,
            run=routes.invoice,
        ),
        Operation(
            id="getMonthToDate",
            method="GET",
            path="/v1/billing/month-to-date",
            tag="billing",
            summary="Get the bill of the running month",
            description="What this month would come to if it ended now.",
            scope="billing:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=MonthToDate,
            example=MONTH,
            run=routes.month_to_date,
        ),
        *budget_operations(pool, prices),
        *detail_operations(pool),
        *balance_operations(pool),
        *paper_operations(pool, seller),
    )


def _to_filter(asked: Mapping[str, Any]) -> CallFilter:
    """What was asked for, by the fields of the log."""
    found = {_FIELDS.get(name, _bare(name)): value for name, value in asked.items()}
    succeeded = found.pop("succeeded", None)
    if succeeded is not None:
        found["status_below" if succeeded else "status_from"] = _FIRST_ERROR
    return CallFilter(**found)


def _own_key(call: Call) -> UUID | None:
    """The only key whose calls the caller may see; None for a key that is bound to nothing."""
    caller = call.known_caller
    return caller.key_id if caller.is_bound else None


def _path_id(call: Call, prefix: str) -> UUID:
    (text_,) = call.params.values()
    try:
        return ids.decode(prefix, text_)
    except ids.MalformedIdError:
        raise missing() from None


def _bare(name: str) -> str:
    """`filter[status]` → `status`."""
    return name.removeprefix("filter[").removesuffix("]")
