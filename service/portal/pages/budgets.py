"""Budgets: what may be spent in a day or a month, how much of it is, and what happens at the end of it."""

from typing import Final
from uuid import UUID

from msgspec import Struct

import billing
from billing import Budget, BudgetScope, BudgetSpan, BudgetUnknown, UnreadableAmountError
from service import ids
from service.accounts.keys import list_keys
from service.accounts.roles import Permission
from service.audit.acts import member_actor, record_act
from service.connections.store import list_connections
from service.db.pool import Connection, as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing
from service.usage.budgets import ShownBudget, to_budget
from service.usage.shapes import to_month

PATH: Final = "/usage/budgets"
_PREFIXES: Final = {"org": BudgetScope.ORGANIZATION, "key": BudgetScope.KEY, "con": BudgetScope.CONNECTION}
SPANS: Final = {BudgetSpan.MONTH: "each month", BudgetSpan.DAY: "each day"}


class Row(Struct, frozen=True):
    """A budget on its page."""

    budget: ShownBudget
    name: str
    path: str | None
    percent: float
    """Used so far; more than 100 is possible where the limit was lowered."""


def routes() -> tuple[Route, ...]:
    """Whoever sees the money sees its bounds; to set them needs leave and a recent proof."""
    return (
        page(PATH, budgets, Permission.READ_MONEY),
        form(PATH, change, Permission.BUDGETS, recent=True),
        form(f"{PATH}/remove", remove, Permission.BUDGETS, recent=True),
    )


async def budgets(visit: Visit) -> Reply:
    return await _budgets(visit)


async def change(visit: Visit) -> Reply:
    span = visit.form.text("span")
    wrong: dict[str, str] = {}
    if span not in tuple(BudgetSpan):
        wrong["span"] = "Choose a day or a month."
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        scope, scope_id = await _whose(visit, connection)
        account = await billing.get_account(connection, visit.org_id)
        try:
            limit_minor = billing.read_money(visit.form.text("limit"), account.currency)
        except UnreadableAmountError as error:
            wrong["limit"] = str(error)
        else:
            if not wrong:
                budget = Budget(scope, scope_id, BudgetSpan(span), limit_minor)
                await billing.set_budget(connection, visit.org_id, budget)
                await _record(visit, connection, "budgets.set", visit.form.text("whose"))
                return visit.go(PATH)
    return await _budgets(visit, 422, wrong)


async def remove(visit: Visit) -> Reply:
    span = visit.form.text("span")
    if span not in tuple(BudgetSpan):
        raise missing()
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        scope, scope_id = await _whose(visit, connection)
        try:
            await billing.delete_budget(connection, visit.org_id, scope, scope_id, BudgetSpan(span))
        except BudgetUnknown:
            return visit.go(PATH)  # it is gone, which is what was asked for
        await _record(visit, connection, "budgets.remove", visit.form.text("whose"))
    return visit.go(PATH)


async def _whose(visit: Visit, connection: Connection) -> tuple[BudgetScope, UUID]:
    """What a budget is for, by its id: one of the organization's own things, or nothing at all."""
    text = visit.form.text("whose")
    scope = _PREFIXES.get(text.partition("_")[0])
    if scope is None:
        raise missing()
    found = visit.read_id(text.partition("_")[0], text)
    own = {
        BudgetScope.ORGANIZATION: lambda: _just(visit.org_id),
        BudgetScope.KEY: lambda: _ids_of_keys(connection, visit.org_id),
        BudgetScope.CONNECTION: lambda: _ids_of_links(connection, visit.org_id),
    }
    if found not in await own[scope]():
        raise missing()
    return scope, found


async def _just(org_id: UUID) -> set[UUID]:
    return {org_id}


async def _ids_of_keys(connection: Connection, org_id: UUID) -> set[UUID]:
    return {key.id for key in await list_keys(connection, org_id)}


async def _ids_of_links(connection: Connection, org_id: UUID) -> set[UUID]:
    return {link.id for link in await list_connections(connection, org_id)}


async def _record(visit: Visit, connection: Connection, what: str, about: str) -> None:
    await record_act(connection, visit.org_id, what, (about,), actor=member_actor(visit.me.session.member_id))


async def _budgets(visit: Visit, status: int = 200, error: dict[str, str] | None = None) -> Reply:
    org_id = visit.org_id
    at = visit.parts.clock()
    async with as_organization(visit.parts.pool, org_id) as connection:
        found = await billing.get_budget_statuses(connection, visit.parts.prices, org_id, at)
        month = to_month(await billing.month_to_date(connection, visit.parts.prices, org_id, at))
        keys = [key for key in await list_keys(connection, org_id) if key.revoked_at is None]
        links = await list_connections(connection, org_id)
    named: dict[str, tuple[str, str | None]] = {ids.encode("org", org_id): ("The whole organization", None)}
    for key in keys:
        named[ids.encode("key", key.id)] = (key.name, f"/keys/{ids.encode('key', key.id)}")
    for link in links:
        named[ids.encode("con", link.id)] = (visit.vendor(link.vendor), f"/connections/{ids.encode('con', link.id)}")
    return visit.page(
        "budgets.html",
        status,
        rows=[_row(one, named) for one in found],
        month=month,
        keys=keys,
        links=links,
        spans=SPANS,
        error=error or {},
        typed=visit.form,
    )


def _row(status: billing.BudgetStatus, named: dict[str, tuple[str, str | None]]) -> Row:
    shown = to_budget(status)
    limit = status.budget.limit_minor
    percent = float(status.spent_minor / limit * 100) if limit else (100.0 if status.spent_minor else 0.0)
    name, path = named.get(shown.id, ("A key that has ended", None))
    return Row(shown, name, path, round(percent, 1))
