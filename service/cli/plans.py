"""`tickmark billing plan` and `price`: what an organization is charged by, and what usage would cost."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from billing import (
    Plan,
    explain,
    format_money,
    list_plan_pins,
    load_plan,
    load_price_book,
    pin_plan,
    read_usage,
)
from service import ids
from service.audit.acts import record_act
from service.cli.database import operator
from service.cli.errors import ArgumentError
from service.cli.options import Json, Org
from service.cli.output import instant, show
from service.cli.reading import read_id, read_month, read_plan
from service.clock import now


def add_plans(app: App) -> None:
    """Puts these commands into `tickmark billing`."""
    for command in (plan, price):
        app.command(command)


async def plan(
    *,
    org: Org,
    to: Annotated[
        str | None, Parameter(help="Name and version, such as public-2; without it, shows the plans.")
    ] = None,
    since: Annotated[str | None, Parameter(name="--from", help="The month it begins with, such as 2027-01.")] = None,
    as_json: Json = False,
) -> None:
    """Show which plan an organization's months are charged by; move it to another from a month to come."""
    org_id = read_id("org", org)
    if (to is None) != (since is None):
        raise ArgumentError("--to and --from belong together: a plan, and the month that it begins with.")
    async with operator() as connection:
        if to is not None and since is not None:
            chosen = load_price_book().find(*read_plan(to))
            async with connection.transaction():
                await pin_plan(connection, org_id, chosen, read_month(since), as_of=now())
                about = (ids.encode("org", org_id), f"{chosen.plan}-{chosen.version}")
                await record_act(connection, org_id, "plans.change", about)
        pins = await list_plan_pins(connection, org_id)
    rows = [
        {"from": f"{pin.starts_on:%Y-%m}", "plan": f"{pin.plan}-{pin.version}", "decided": instant(pin.pinned_at)}
        for pin in pins
    ]
    show(rows, as_json=as_json)


def price(
    *,
    plan: Annotated[str, Parameter(help="Name and version, such as public-1; or a plan's file, …/made-1.toml.")],
    usage: Annotated[Path, Parameter(help="A TOML or JSON file: units by meter, such as read = 120000.")],
    as_json: Json = False,
) -> None:
    """Explain what a plan charges for a month's usage, line by line."""
    chosen = _plan(plan)
    lines = explain(chosen, read_usage(usage))
    rows = [
        {
            "line": line.description,
            "calculation": line.calculation,
            "amount": format_money(line.amount_minor, chosen.currency),
        }
        for line in lines
    ]
    total = format_money(sum(line.amount_minor for line in lines), chosen.currency)
    rows.append({"line": "total", "calculation": f"before tax, {chosen.currency}", "amount": total})
    show(rows, as_json=as_json)


def _plan(text: str) -> Plan:
    """One of the price book, or one that is still to come into it."""
    return load_plan(Path(text)) if text.endswith(".toml") else load_price_book().find(*read_plan(text))
