"""`/v1/billing/budgets`: how much may be spent, and how much has been."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

import billing
from billing import AccountUnknown, Budget, BudgetScope, BudgetSpan, BudgetUnknown, PriceBook
from service import errors, ids
from service.accounts.caller import Caller
from service.accounts.keys import has_key
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Operation
from service.api.operation import Meter as MeterClass
from service.clock import Clock, now
from service.connections.open import has_connection
from service.db.pool import Connection, Pool, as_organization
from service.errors import (
    INSUFFICIENT_SCOPE,
    NOT_FOUND,
    ApiProblem,
    FieldError,
    missing,
    wrong_field,
)
from service.resources.common import Money

_PREFIXES: Final = {BudgetScope.ORGANIZATION: "org", BudgetScope.KEY: "key", BudgetScope.CONNECTION: "con"}
_MOST_BODY_BYTES: Final = 4096


class BudgetChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget to make, change or (with null) take away."""

    scope: BudgetScope
    """Whose spending it holds."""
    id: str | None = None
    """The key's or connection's id; leave it out for the organization."""
    span: BudgetSpan
    """How long it lasts, in the organization's time zone."""
    limit_minor: Annotated[int, Meta(ge=0, le=10**15)] | None
    """At most so much, in the smallest unit of the organization's currency; null takes the budget away."""


class BudgetAlert(Struct, frozen=True, kw_only=True):
    """So much of a budget was used, for the first time in its day or month."""

    percent: int
    """50, 80 or 100; 100 is also raised by the first call that is refused."""
    at: datetime
    """When."""


class ShownBudget(Struct, frozen=True, kw_only=True, tag_field="object", tag="budget"):
    """A budget and how much of it is spent."""

    scope: BudgetScope
    """Whose spending it holds."""
    id: str
    """`org_…`, `key_…` or `con_…`."""
    span: BudgetSpan
    """How long it lasts, in the organization's time zone."""
    limit: Money
    """What may be spent."""
    spent: str
    """A decimal in major units. Of keys and connections each unit counts at the highest price of its meter."""
    starts_at: datetime
    """The first instant of the running day or month."""
    ends_at: datetime
    """When the budget starts anew."""
    alerts: tuple[BudgetAlert, ...]
    """What was raised in the running day or month."""


class BudgetList(Struct, frozen=True, kw_only=True, tag_field="object", tag="list"):
    """Every budget of the organization."""

    data: tuple[ShownBudget, ...]
    """The organization's own first."""


_EXAMPLE: Final[dict[str, Any]] = {
    "object": "list",
    "data": [
        {
            "object": "budget",
            "scope": "organization",
            "id": "org_01k3sd2p3bfxvs0q7kxb6hzj5t",
            "span": "month",
            "limit": {"amount_minor": 50000, "currency": "USD"},
            "spent": "261.504",
            "starts_at": "2026-11-01T00:00:00Z",
            "ends_at": "2026-12-01T00:00:00Z",
            "alerts": [{"percent": 50, "at": "2026-11-19T16:20:00Z"}],
        }
    ],
}


class BudgetRoutes:
    """Shows and sets budgets."""

    def __init__(self, pool: Pool, prices: PriceBook, clock: Clock = now) -> None:
        self._pool = pool
        self._prices = prices
        self._clock = clock

    async def show(self, call: Call) -> Answer:
        return answer_of(await self._all(call.known_caller))

    async def change(self, call: Call) -> Answer:
        change: BudgetChange = decode_body(await json_body(call, _MOST_BODY_BYTES), BudgetChange)
        if call.known_caller.is_bound:
            raise ApiProblem(INSUFFICIENT_SCOPE, "A key that is bound to firms or connections cannot set budgets.")
        org_id = call.known_caller.org_id
        scope_id = _scope_id(change, org_id)
        async with as_organization(self._pool, org_id) as connection:
            try:
                if change.limit_minor is None:
                    await billing.delete_budget(connection, org_id, change.scope, scope_id, change.span)
                else:
                    await _refuse_stranger(connection, org_id, change.scope, scope_id)
                    budget = Budget(change.scope, scope_id, change.span, change.limit_minor)
                    await billing.set_budget(connection, org_id, budget)
            except BudgetUnknown:
                pass  # it is gone, which is what was asked for
            except AccountUnknown:
                raise missing() from None
        return answer_of(await self._all(call.known_caller))

    async def _all(self, caller: Caller) -> BudgetList:
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await billing.get_budget_statuses(connection, self._prices, caller.org_id, self._clock())
        return BudgetList(data=tuple(to_budget(one) for one in found if _concerns(one.budget, caller)))


def to_budget(status: billing.BudgetStatus) -> ShownBudget:
    """A budget as the API shows it."""
    budget = status.budget
    return ShownBudget(
        scope=budget.scope,
        id=ids.encode(_PREFIXES[budget.scope], budget.scope_id),
        span=budget.span,
        limit=Money(budget.limit_minor, status.currency),
        spent=_decimal(status.spent),
        starts_at=status.window.starts_at,
        ends_at=status.window.ends_at,
        alerts=tuple(
            BudgetAlert(percent=one.percent, at=one.raised_at)
            for one in status.alerts
            if one.limit_minor == budget.limit_minor
        ),
    )


def budget_operations(pool: Pool, prices: PriceBook) -> tuple[Operation, ...]:
    """What a key can see and say of budgets."""
    routes = BudgetRoutes(pool, prices)
    return (
        Operation(
            id="listBudgets",
            method="GET",
            path="/v1/billing/budgets",
            tag="billing",
            summary="List budgets",
            description="How much the organization, its keys and its connections may spend, and have spent. "
            "A bound key sees the organization's, its own, and those of the connections that it is bound to.",
            scope="billing:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=BudgetList,
            example=_EXAMPLE,
            run=routes.show,
        ),
        Operation(
            id="setBudget",
            by_test_key=ByTestKey.NEVER,
            method="PUT",
            path="/v1/billing/budgets",
            tag="billing",
            summary="Set a budget",
            description="Makes, changes or takes away one budget; calls that arrive a second later are held by it. "
            "A call that could cost more than is left is answered 402 before the vendor is called. Answers with all. "
            "A bound key cannot set any.",
            scope="billing:write",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=BudgetList,
            body=BudgetChange,
            body_example={"scope": "organization", "span": "month", "limit_minor": 50_000},
            problems=(errors.NOT_FOUND,),
            example=_EXAMPLE,
            run=routes.change,
        ),
    )


def _concerns(budget: Budget, caller: Caller) -> bool:
    """Whether it may hold this caller's calls, and names nothing that the caller may not know of."""
    if budget.scope is BudgetScope.ORGANIZATION or not caller.is_bound:
        return True
    return budget.scope_id == caller.key_id or budget.scope_id in (caller.connection_ids or ())


def _scope_id(change: BudgetChange, org_id: UUID) -> UUID:
    if change.scope is BudgetScope.ORGANIZATION and change.id is None:
        return org_id
    prefix = _PREFIXES[change.scope]
    try:
        found = ids.decode(prefix, change.id or "")
    except ids.MalformedIdError:
        found = None
    if found is None or (change.scope is BudgetScope.ORGANIZATION and found != org_id):
        raise wrong_field("/id", f"The id of the {change.scope}, `{prefix}_…`.", "id")
    return found


async def _refuse_stranger(connection: Connection, org_id: UUID, scope: BudgetScope, scope_id: UUID) -> None:
    """A budget of a key or connection that the organization does not have would hold nothing, and nobody would know."""
    if not await is_own(connection, org_id, scope, scope_id):
        message = f"There is no such {scope}, or it is another organization's."
        raise ApiProblem(NOT_FOUND, f"`id`: {message}", errors=(FieldError("/id", "not_found", message),))


async def is_own(connection: Connection, org_id: UUID, scope: BudgetScope, scope_id: UUID) -> bool:
    """Whether the organization has what a budget is for."""
    match scope:
        case BudgetScope.ORGANIZATION:
            return scope_id == org_id
        case BudgetScope.KEY:
            return await has_key(connection, org_id, scope_id)
        case BudgetScope.CONNECTION:
            return await has_connection(connection, org_id, scope_id)


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
