"""`tickmark orgs` and `tickmark firms`: who pays, and whose data they read."""

import secrets
from typing import Annotated, Any

from cyclopts import App, Parameter

from billing import load_price_book, open_account
from service import ids
from service.accounts.members import add_owner
from service.accounts.organizations import (
    create_firm,
    create_organization,
    list_firms,
    list_organizations,
    point_to_firm,
)
from service.accounts.passwords import Passwords
from service.accounts.store import Firm, Organization
from service.audit.acts import record_act
from service.cli.database import operator
from service.cli.options import Json, Org
from service.cli.output import instant, ref, say, show, show_json
from service.cli.reading import PUBLIC, read_id, read_plan

orgs = App(name="orgs", help="Our customers.")
firms = App(name="firms", help="The firms whose data a customer reads.")


@orgs.command(name="list")
async def list_orgs(*, as_json: Json = False) -> None:
    """List every organization, oldest first."""
    async with operator() as connection:
        found = await list_organizations(connection)
    show([_org_row(one) for one in found], as_json=as_json, none="No organization yet.")


@orgs.command(name="create")
async def create_org(
    name: str,
    *,
    time_zone: Annotated[str, Parameter(help="Where its billing months begin, such as America/Chicago.")] = "UTC",
    plan: Annotated[str, Parameter(help="The price list and its version.")] = PUBLIC,
    as_json: Json = False,
) -> None:
    """Create an organization and its billing account."""
    priced = load_price_book().find(*read_plan(plan))
    async with operator() as connection, connection.transaction():
        made = await create_organization(connection, name, time_zone=time_zone)
        await open_account(connection, made.id, priced, made.time_zone, priced.currency)
        await record_act(connection, made.id, "orgs.create", (ids.encode("org", made.id),))
    show([_org_row(made)], as_json=as_json)


@orgs.command(name="add-owner")
async def add_org_owner(
    email: str,
    *,
    org: Org,
    name: Annotated[str, Parameter(help="Of the person, as the others of the team see it.")],
    as_json: Json = False,
) -> None:
    """Let a person sign in as an owner of an organization that was made here, and show the password, this once."""
    org_id, password = read_id("org", org), secrets.token_urlsafe(12)
    async with operator() as connection, connection.transaction():
        made = await add_owner(connection, Passwords(), org_id, email=email, name=name, password=password)
    row = {"id": ref("mem", made.id), "email": made.email, "name": made.name}
    if as_json:
        show_json({**row, "password": password})
        return
    show([row], as_json=False)
    say("\nPassword, shown this once (the person sets another one by Security, or by a mail from the sign-in page):")
    say(password)


@firms.command(name="list")
async def list_org_firms(*, org: Org, as_json: Json = False) -> None:
    """List the firms of an organization, oldest first."""
    org_id = read_id("org", org)
    async with operator() as connection:
        found = await list_firms(connection, org_id)
    show([_firm_row(one) for one in found], as_json=as_json, none="No firm yet.")


@firms.command(name="create")
async def create_org_firm(
    name: str,
    *,
    org: Org,
    region: Annotated[str | None, Parameter(help="Where its data live, for good: the region served here.")] = None,
    as_json: Json = False,
) -> None:
    """Create a firm; its data stay in this region."""
    org_id = read_id("org", org)
    async with operator() as connection, connection.transaction():
        made = await create_firm(connection, org_id, name, region=region)
    show([_firm_row(made)], as_json=as_json)


@firms.command(name="point")
async def point_to_org_firm(
    firm: Annotated[str, Parameter(help="Its id in the other region, firm_….")],
    *,
    org: Org,
    region: Annotated[str, Parameter(help="Where its data live.")],
    as_json: Json = False,
) -> None:
    """Note that a firm is served in another region: calls about it here are answered 421 and told where to go."""
    org_id, firm_id = read_id("org", org), read_id("firm", firm)
    async with operator() as connection, connection.transaction():
        made = await point_to_firm(connection, org_id, firm_id, region)
    show([_firm_row(made)], as_json=as_json)


def _org_row(one: Organization) -> dict[str, Any]:
    return {
        "id": ref("org", one.id),
        "name": one.name,
        "time_zone": one.time_zone,
        "created_at": instant(one.created_at),
    }


def _firm_row(one: Firm) -> dict[str, Any]:
    return {"id": ref("firm", one.id), "name": one.name, "region": one.region, "created_at": instant(one.created_at)}
