"""Stripe's webhooks, the hosted page for setting up how to pay, and the reconciliations that were kept."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

import billing
from billing import StripeRail
from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Exports, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, read_query
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import ApiProblem, missing
from service.resources.common import Page
from service.usage.paying import NoPaymentPageError, open_payment_page

MAX_WEBHOOK_BYTES: Final = 512 * 1024
MAX_SETUP_BYTES: Final = 16 * 1024
MAX_EXPORTED: Final = 1_000


class WebhookKept(Struct, frozen=True, kw_only=True, tag_field="object", tag="webhook"):
    """The event is in our hands."""

    id: str
    """The event's id."""
    kept: Literal["new", "duplicate"]
    """`duplicate`: it was there already, and nothing changed."""


class PaymentSetup(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go on from the hosted page."""

    return_url: Annotated[str, Meta(pattern=r"^https://[^\s/]+(/\S*)?$", max_length=2000)]
    """The page of yours that is shown when the hosted page is done or left."""


class SetupPage(Struct, frozen=True, kw_only=True, tag_field="object", tag="payment_setup"):
    """A page hosted by Stripe; card and account numbers never reach us."""

    url: str
    """Open it in the payer's browser."""
    expires_at: datetime
    """Until then."""


class Reconciled(Struct, frozen=True, kw_only=True, tag_field="object", tag="reconciliation"):
    """One month's accounts side by side, as they were when they were compared. Units, unless said otherwise."""

    id: str
    """`rcn_…`"""
    month: str
    """`2026-11`, in the organization's time zone."""
    at: datetime
    """When they were compared."""
    balanced: bool
    """Whether nothing differs, in units or in money."""
    served: int
    """By the request log: what was answered as billed."""
    counted: int
    """By the usage ledger."""
    pending: int
    """Counted after the month was closed; on the next invoice."""
    rated: int | None
    """Priced again from the ledger; null while the month is open."""
    invoiced: int | None
    """On our invoices; null while the month is open."""
    on_stripe: int | None
    """On Stripe's invoices; null while none is there."""
    difference: int
    """Units that differ anywhere."""
    money_difference_minor: int
    """Minor units of the currency that differ anywhere."""
    requests: tuple[str, ...]
    """Calls that one account has and another does not, `req_…`; at most 300."""
    lines: tuple[str, ...]
    """Invoice lines that differ, in words."""


class StripeRoutes:
    """`rail` is None where no Stripe key is set: then the hosted page and the webhooks are not there."""

    def __init__(
        self,
        pool: Pool,
        rail: StripeRail | None,
        secrets: Sequence[bytes],
        cursors: Cursors,
        clock: Clock = now,
    ) -> None:
        self._pool = pool
        self._rail = rail
        self._secrets = tuple(secrets or ())
        self._cursors = cursors
        self._clock = clock

    async def receive(self, call: Call) -> Answer:
        if not self._secrets:
            raise missing()
        body = await call.body(MAX_WEBHOOK_BYTES)
        try:
            event = billing.verify_stripe_webhook(body, call.header(b"stripe-signature"), self._secrets, self._clock())
        except billing.WebhookForged:
            raise ApiProblem(errors.WEBHOOK_FORGED, "No signature in `Stripe-Signature` fits the body.") from None
        except billing.WebhookTooOld:
            raise ApiProblem(errors.WEBHOOK_TOO_OLD, "It was signed more than five minutes ago.") from None
        except billing.WebhookUnreadable:
            raise ApiProblem(errors.WEBHOOK_UNREADABLE, "The body is rightly signed, and no event.") from None
        try:
            async with as_organization(self._pool, event.org_id) as connection:
                kept = await billing.keep_stripe_event(connection, event)
        except billing.EventChanged:
            raise ApiProblem(errors.EVENT_CHANGED, "The event's id is known with another content.") from None
        return answer_of(WebhookKept(id=event.id, kept=kept.value))

    async def set_up(self, call: Call) -> Answer:
        if self._rail is None:
            raise missing()
        wish = decode_body(await json_body(call, MAX_SETUP_BYTES), PaymentSetup)
        try:
            page = await open_payment_page(
                self._pool, self._rail, call.known_caller.org_id, call.request_id, wish.return_url
            )
        except NoPaymentPageError as error:
            raise ApiProblem(errors.RAIL_UNAVAILABLE, "Stripe did not give us a page.", retry_after_s=5) from error
        return answer_of(SetupPage(url=page.url, expires_at=page.expires_at))

    async def reconciliations(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], PAGING)
        limit, cursor = asked.get("limit", DEFAULT_LIMIT), asked.get("cursor")
        org_id = call.known_caller.org_id
        belongs_to = b"reconciliations|" + call.known_caller.key_id.bytes
        after = None if cursor is None else UUID(hex=self._cursors.read(cursor, belongs_to))
        async with as_organization(self._pool, org_id) as connection:
            found = await billing.list_reports(connection, org_id, after=after, limit=limit + 1)
        shown = found[:limit]
        call.rows = len(shown)
        onward = self._cursors.write(shown[-1].reconciliation_id.hex, belongs_to) if len(found) > limit else None
        return answer_of(Page([to_reconciled(one) for one in shown], onward is not None, onward))

    async def export(self, call: Call) -> Answer:
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            found = await billing.list_reports(connection, org_id, limit=MAX_EXPORTED)
        call.rows = len(found)
        lines = [",".join(_COLUMNS), *(_csv(to_reconciled(one)) for one in found)]
        headers = ((b"content-disposition", b'attachment; filename="reconciliations.csv"'),)
        return Answer(200, ("\r\n".join(lines) + "\r\n").encode(), b"text/csv; charset=utf-8", headers)


_COLUMNS: Final = (
    "id", "month", "at", "balanced", "served", "counted", "pending", "rated", "invoiced", "on_stripe", "difference",
    "money_difference_minor", "requests", "lines",
)  # fmt: skip


def to_reconciled(report: billing.Report) -> Reconciled:
    """A kept report as the contract has it."""
    said = report.reconciliation
    named = (*said.uncounted, *said.unserved, *said.unequal)
    lines = [f"{line.meter} tier {line.tier}: {line.rated} rated, {line.invoiced} invoiced" for line in said.lines]
    lines += [
        f"{ids.encode('bill', one.invoice_id)} {f'line {one.position}' if one.position else 'total'}: "
        f"{one.expected_minor} expected, {one.found_minor} found (minor units)"
        for one in said.money
    ]
    lines += [
        f"{ids.encode('bill', one.invoice_id)} line {one.position}: {one.invoiced_units} units and "
        f"{one.invoiced_minor} here, {one.stripe_units} units and {one.stripe_minor} on Stripe (minor units)"
        for one in report.stripe
    ]
    return Reconciled(
        id=ids.encode("rcn", report.reconciliation_id),
        month=_month(said.period),
        at=report.ran_at,
        balanced=report.balanced,
        served=said.served_units,
        counted=said.usage_units,
        pending=said.pending_units,
        rated=said.rated_units,
        invoiced=said.invoiced_units,
        on_stripe=report.stripe_units,
        difference=report.difference,
        money_difference_minor=report.money_difference_minor,
        requests=tuple(ids.encode("req", one) for one in named),
        lines=tuple(lines),
    )


def stripe_operations(
    pool: Pool, rail: StripeRail | None, secrets: Sequence[bytes], cursors: Cursors
) -> tuple[Operation, ...]:
    """The rail as the API shows it."""
    routes = StripeRoutes(pool, rail, secrets, cursors)
    return (
        Operation(
            id="receiveStripeWebhook",
            method="POST",
            path="/webhooks/stripe",
            tag="service",
            summary="Receive an event from Stripe",
            description="For Stripe alone: signed with `Stripe-Signature`, at most five minutes old. An event is kept "
            "once, however often it comes; what it speaks of is read again at Stripe.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=WebhookKept,
            body=dict[str, Any],
            problems=(
                errors.WEBHOOK_FORGED,
                errors.WEBHOOK_TOO_OLD,
                errors.WEBHOOK_UNREADABLE,
                errors.EVENT_CHANGED,
                errors.BODY_TOO_LARGE,
                errors.NOT_FOUND,
            ),
            example={"object": "webhook", "id": "evt_1QInvented", "kept": "new"},
            body_example={"id": "evt_1QInvented", "object": "event", "type": "invoice.paid", "data": {"object": {}}},
            run=routes.receive,
        ),
        Operation(
            id="setUpPayment",
            by_test_key=ByTestKey.NEVER,
            method="POST",
            path="/v1/billing/payment-setup",
            tag="billing",
            summary="Open a page for setting up how to pay",
            description="A page hosted by Stripe on which a card or a bank account is entered. From then on our "
            "invoices are collected from it.",
            scope="billing:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=SetupPage,
            body=PaymentSetup,
            problems=(errors.NOT_FOUND, errors.RAIL_UNAVAILABLE),
            example={
                "object": "payment_setup",
                "url": "https://checkout.stripe.example/c/pay/cs_1QInvented",
                "expires_at": "2026-11-21T09:00:00Z",
            },
            body_example={"return_url": "https://app.example/billing"},
            run=routes.set_up,
        ),
        Operation(
            id="listReconciliations",
            method="GET",
            path="/v1/billing/reconciliations",
            tag="billing",
            summary="List reconciliations",
            description="Every night the request log, the usage ledger, a fresh rating, our invoices and Stripe's are "
            "compared, for this month and the last. The newest first; what differs is named.",
            scope="billing:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[Reconciled],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(_EXAMPLE),
            run=routes.reconciliations,
        ),
        Operation(
            id="exportReconciliations",
            method="GET",
            path="/v1/billing/reconciliations/export",
            tag="billing",
            summary="Download reconciliations",
            description=f"The newest {MAX_EXPORTED:,} as CSV, one line each, with the fields of the list.",
            scope="billing:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=str,
            exports=Exports.NOBODY,
            answer_media_type="text/csv",
            run=routes.export,
        ),
    )


_EXAMPLE: Final[dict[str, Any]] = {
    "object": "reconciliation",
    "id": "rcn_01k3sd4w6qe8trr8zp1zk0hv4n",
    "month": "2026-10",
    "at": "2026-11-20T03:00:04Z",
    "balanced": True,
    "served": 412_318,
    "counted": 412_318,
    "pending": 0,
    "rated": 412_318,
    "invoiced": 412_318,
    "on_stripe": 412_318,
    "difference": 0,
    "money_difference_minor": 0,
    "requests": [],
    "lines": [],
}


def _csv(one: Reconciled) -> str:
    values = (getattr(one, column) for column in _COLUMNS)
    return ",".join(_cell(value) for value in values)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        text = "; ".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return '"' + text.replace('"', '""') + '"' if text else ""
    return str(value)


def _month(starts_on: date) -> str:
    return f"{starts_on:%Y-%m}"
