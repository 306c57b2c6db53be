"""Who plays in the demonstration and the tests: a customer with a firm, linked to sandbox vendors, and its key."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from billing import PUBLIC_PLAN, load_price_book, open_account
from service.accounts.keys import mint_key
from service.accounts.organizations import create_firm, create_organization, list_organizations
from service.accounts.tokens import Mode, Peppers
from service.clock import Clock, now
from service.connections.credentials import Credentials
from service.connections.link import create_connection, replace_credentials
from service.connections.store import Account, State, list_connections
from service.connections.vault import Vault
from service.db.pool import Connection
from service.sandbox.serve import SandboxGrant, SandboxServer

API_VERSION: Final = date(2026, 11, 20)


class Cast(Struct, frozen=True, kw_only=True):
    """A customer ready to call."""

    org_id: UUID
    firm_id: UUID
    key: str
    """A live key that may do everything. Sandboxes stand in for vendors, so its calls are billed."""
    connections: dict[str, UUID]
    """By vendor."""


async def prepare_cast(
    connection: Connection,
    peppers: Peppers,
    vault: Vault,
    sandboxes: tuple[SandboxServer, ...],
    *,
    organization: str = "Ledgerline Apps",
    firm: str = "Birch & Vale Accounting",
    mode: Mode = Mode.LIVE,
    scopes: tuple[str, ...] = ("*:*",),
    plan_version: tuple[str, int] = PUBLIC_PLAN,
    addressed: bool = True,
    clock: Clock = now,
) -> Cast:
    """Everything the cast needs, on a connection of the operator role.

    Connections carry their sandbox's address if `addressed`; else the API's settings have to say it.
    """
    org = await create_organization(connection, organization, clock=clock)
    plan = load_price_book().find(*plan_version)
    await open_account(connection, org.id, plan, org.time_zone, plan.currency, opened_at=clock())
    practice = await create_firm(connection, org.id, firm, clock=clock)
    links = {
        sandbox.vendor: await _link(connection, vault, org.id, practice.id, sandbox, addressed, clock)
        for sandbox in sandboxes
    }
    _, token = await mint_key(
        connection,
        peppers,
        org_id=org.id,
        name="everything",
        mode=mode,
        scopes=scopes,
        api_version=API_VERSION,
        clock=clock,
    )
    return Cast(org_id=org.id, firm_id=practice.id, key=token, connections=links)


async def reconnect(connection: Connection, vault: Vault, sandboxes: tuple[SandboxServer, ...]) -> int:
    """Consents again for every connection to these sandboxes, which forget tokens when they stop; how many."""
    by_vendor = {sandbox.vendor: sandbox for sandbox in sandboxes}
    count = 0
    for org in await list_organizations(connection):
        for link in await list_connections(connection, org.id):
            if link.state is not State.DISCONNECTED and link.vendor in by_vendor:
                fresh = _credentials(by_vendor[link.vendor].grant(), now)
                await replace_credentials(connection, vault, org.id, link.id, fresh)
                count += 1
    return count


async def _link(
    connection: Connection,
    vault: Vault,
    org_id: UUID,
    firm_id: UUID,
    sandbox: SandboxServer,
    addressed: bool,
    clock: Clock,
) -> UUID:
    """A consented connection, as the firm's walk through the vendor's consent page would have left it."""
    grant = sandbox.grant()
    made = await create_connection(
        connection,
        vault,
        org_id=org_id,
        firm_id=firm_id,
        vendor=sandbox.vendor,
        accounts=[Account(0, grant.account, "Birch & Vale", _currency(sandbox.vendor), "America/Los_Angeles")],
        credentials=_credentials(grant, clock),
        granted_by="Morgan Vale, partner",
        consent_scopes=grant.scopes,
        sandbox=True,
        base_url=sandbox.url if addressed else None,
        clock=clock,
    )
    return made.id


def _currency(vendor: str) -> str | None:
    """None where the vendor names no currency of the books and the invoices are in two."""
    return None if vendor == "canopy" else "USD"


def _credentials(grant: SandboxGrant, clock: Clock) -> Credentials:
    return Credentials(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_at=clock() + timedelta(seconds=grant.expires_in),
        refresh_expires_at=clock() + timedelta(seconds=grant.refresh_expires_in),
    )
