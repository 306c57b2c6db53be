"""`tickmark billing budget`: what may be spent."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from billing import (
    Budget,
    BudgetScope,
    BudgetSpan,
    delete_budget,
    format_money,
    get_budget_statuses,
    load_price_book,
    set_budget,
)
from service import ids
from service.audit.acts import record_act
from service.cli.database import operator
from service.cli.errors import ArgumentError, CommandError
from service.cli.options import Json, Org
from service.cli.output import instant, ref, show
from service.cli.reading import read_id
from service.clock import now
from service.usage.budgets import is_own

_PREFIXES = {BudgetScope.ORGANIZATION: "org", BudgetScope.KEY: "key", BudgetScope.CONNECTION: "con"}


def add_budgets(app: App) -> None:
    """Puts this command into `tickmark billing`."""
    app.command(budget)


async def budget(
    *,
    org: Org,
    limit: Annotated[
        int | None,
        Parameter(name="--limit-minor", help="At most so much, in cents or the like; shows all if not said."),
    ] = None,
    remove: Annotated[bool, Parameter(negative=(), help="Take the budget away.")] = False,
    key: Annotated[str | None, Parameter(help="Of this key, key_…, instead of the organization.")] = None,
    connection: Annotated[str | None, Parameter(help="Of this connection, con_…, instead.")] = None,
    span: Annotated[BudgetSpan, Parameter(help="How long it lasts.")] = BudgetSpan.MONTH,
    as_json: Json = False,
) -> None:
    """Show what an organization may spend and has spent; set or take away one of its budgets."""
    org_id = read_id("org", org)
    scope, scope_id = BudgetScope.ORGANIZATION, org_id
    if key is not None and connection is not None:
        raise ArgumentError("A budget is of a key or of a connection, not of both.")
    if key is not None:
        scope, scope_id = BudgetScope.KEY, read_id("key", key)
    elif connection is not None:
        scope, scope_id = BudgetScope.CONNECTION, read_id("con", connection)
    if limit is not None and limit < 0:
        raise ArgumentError("--limit-minor cannot be negative.")
    async with operator() as database:
        if limit is not None and not remove and not await is_own(database, org_id, scope, scope_id):
            raise CommandError(f"The organization has no {scope} {ref(_PREFIXES[scope], scope_id)}.")
        if remove or limit is not None:
            async with database.transaction():
                if limit is None or remove:
                    await delete_budget(database, org_id, scope, scope_id, span)
                else:
                    await set_budget(database, org_id, Budget(scope, scope_id, span, limit))
                about = (ids.encode(_PREFIXES[scope], scope_id), span.value)
                await record_act(database, org_id, "budgets.remove" if remove else "budgets.set", about)
        found = await get_budget_statuses(database, load_price_book(), org_id, now())
    rows: list[dict[str, Any]] = [
        {
            "of": ref(_PREFIXES[one.budget.scope], one.budget.scope_id),
            "span": one.budget.span.value,
            "limit": format_money(one.budget.limit_minor, one.currency),
            "spent": f"{one.spent.normalize():f}",
            "currency": one.currency,
            "until": instant(one.window.ends_at),
            "alerts": [f"{alert.percent} %" for alert in one.alerts],
        }
        for one in found
    ]
    show(rows, as_json=as_json, none="No budget.")
