"""`tickmark connections`: a firm's consented links to vendors."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from service import ids
from service.audit.acts import record_act
from service.cli.database import operator, settings, vault_of
from service.cli.errors import ArgumentError, CommandError
from service.cli.options import Json, Org
from service.cli.output import instant, ref, say, show
from service.cli.reading import read_id, read_secret
from service.connections.credentials import Credentials
from service.connections.link import create_connection, disconnect
from service.connections.store import Account, ConnectionRecord, list_connections
from service.connectors.registry import CONNECTORS

connections = App(name="connections", help="Firms' consented links to vendors.")


@connections.command(name="list")
async def list_links(*, org: Org, as_json: Json = False) -> None:
    """List the connections of an organization, oldest first."""
    org_id = read_id("org", org)
    async with operator() as connection:
        found = await list_connections(connection, org_id)
    show([_row(one) for one in found], as_json=as_json, none="No connection yet.")


@connections.command
async def create(
    *,
    org: Org,
    firm: Annotated[str, Parameter(help="The firm that consents, firm_….")],
    vendor: Annotated[str, Parameter(help="The vendor, as in `tickmark coverage`.")],
    account: Annotated[str, Parameter(help="The vendor's id of the books, such as a QuickBooks realm.")],
    granted_by: Annotated[str, Parameter(help="Who at the firm consented.")],
    scope: Annotated[tuple[str, ...], Parameter(help="What was consented to, in the vendor's words; repeatable.")],
    credentials: Annotated[Path | None, Parameter(help="A file with the tokens; else standard input.")] = None,
    account_name: Annotated[str | None, Parameter(help="What people call these books.")] = None,
    currency: Annotated[str | None, Parameter(help="The books' home currency, such as USD.")] = None,
    time_zone: Annotated[str | None, Parameter(help="The books' time zone.")] = None,
    sandbox: Annotated[bool, Parameter(help="A sandbox of the vendor: for test keys.")] = False,
    base_url: Annotated[str | None, Parameter(help="The vendor's address, where it is not the usual one.")] = None,
    as_json: Json = False,
) -> None:
    """Create a connection from tokens that the firm's consent ended in.

    The tokens are JSON: {"access_token": "…", "refresh_token": "…", "expires_at": "2026-11-20T12:00:00Z"}.
    Where a vendor wants more than a key, the access token is all of it, line by line: Karbon's bearer token and access
    key, Uku's key and company.
    """
    org_id, firm_id = read_id("org", org), read_id("firm", firm)
    known = [one.slug for one in CONNECTORS]
    if vendor not in known:
        raise ArgumentError(f"No vendor {vendor!r}; there are {', '.join(known)}.")
    vault = vault_of(settings())
    tokens = _read_credentials(credentials)
    books = Account(0, account, account_name or account, currency, time_zone)
    async with operator() as connection, connection.transaction():
        made = await create_connection(
            connection,
            vault,
            org_id=org_id,
            firm_id=firm_id,
            vendor=vendor,
            accounts=[books],
            credentials=tokens,
            granted_by=granted_by,
            consent_scopes=scope,
            sandbox=sandbox,
            base_url=base_url,
        )
        await record_act(connection, org_id, "connections.create", (ids.encode("con", made.id),), firm_id=firm_id)
    show([_row(made)], as_json=as_json)


@connections.command(name="disconnect")
async def end(connection: str, *, org: Org) -> None:
    """End a connection for good: consents end, tokens are deleted."""
    org_id, connection_id = read_id("org", org), read_id("con", connection)
    async with operator() as database, database.transaction():
        await disconnect(database, org_id, connection_id)
        await record_act(database, org_id, "connections.disconnect", (connection,))
    say(f"{connection} is disconnected.")


def _read_credentials(path: Path | None) -> Credentials:
    try:
        return msgspec.json.decode(read_secret(path), type=Credentials)
    except msgspec.DecodeError as error:
        # Words about the form only: the text itself is secret.
        detail = str(error) if isinstance(error, msgspec.ValidationError) else "it is not JSON"
        raise CommandError(f"The credentials cannot be read: {detail}.") from None


def _row(one: ConnectionRecord) -> dict[str, Any]:
    return {
        "id": ref("con", one.id),
        "firm": ref("firm", one.firm_id),
        "vendor": one.vendor,
        "state": one.state.value,
        "sandbox": one.sandbox,
        "created_at": instant(one.created_at),
    }
