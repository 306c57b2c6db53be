"""`tickmark keys`: API keys. A token is shown once, when it is made; nobody can read it again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from service.accounts.keys import list_keys, mint_key, revoke_key, roll_key
from service.accounts.store import KeyRecord
from service.accounts.tokens import Mode
from service.api.versions import VERSION
from service.cli.database import operator, peppers_of, settings
from service.cli.options import Json, Org
from service.cli.output import instant, ref, say, show, show_json
from service.cli.reading import read_day, read_id

keys = App(name="keys", help="API keys.")


@keys.command(name="list")
async def list_org_keys(*, org: Org, as_json: Json = False) -> None:
    """List the keys of an organization, oldest first, revoked ones among them."""
    org_id = read_id("org", org)
    async with operator() as connection:
        found = await list_keys(connection, org_id)
    show([_row(one) for one in found], as_json=as_json, none="No key yet.")


@keys.command
async def create(
    name: str,
    *,
    org: Org,
    scope: Annotated[tuple[str, ...], Parameter(help="What it may do, such as clients:read or *:*; repeatable.")],
    mode: Annotated[Literal["live", "test"], Parameter(help="Test keys reach only sandboxes and are free.")] = "test",
    firm: Annotated[tuple[str, ...], Parameter(help="Only these firms, firm_…; repeatable.")] = (),
    connection: Annotated[tuple[str, ...], Parameter(help="Only these connections, con_…; repeatable.")] = (),
    allow: Annotated[tuple[str, ...], Parameter(help="Only from these networks; repeatable.")] = (),
    expires_in_days: Annotated[int | None, Parameter(help="How long it works; for ever if not said.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show its token, this once."""
    org_id = read_id("org", org)
    peppers = peppers_of(settings())
    async with operator() as database, database.transaction():
        made, token = await mint_key(
            database,
            peppers,
            org_id=org_id,
            name=name,
            mode=Mode(mode),
            scopes=scope,
            api_version=read_day(VERSION),
            firm_ids=[read_id("firm", one) for one in firm] or None,
            connection_ids=[read_id("con", one) for one in connection] or None,
            ip_allow=allow,
            expires_in=None if expires_in_days is None else timedelta(days=expires_in_days),
        )
    _show_once(made, token, as_json=as_json)


@keys.command
async def roll(
    key: str,
    *,
    org: Org,
    overlap_hours: Annotated[int, Parameter(help="How long the old key still works.")] = 24,
    as_json: Json = False,
) -> None:
    """Replace a key by a new one that may do the same, and show the new token, this once."""
    org_id, key_id = read_id("org", org), read_id("key", key)
    peppers = peppers_of(settings())
    async with operator() as connection, connection.transaction():
        made, token = await roll_key(connection, peppers, org_id, key_id, overlap=timedelta(hours=overlap_hours))
    _show_once(made, token, as_json=as_json)


@keys.command
async def revoke(key: str, *, org: Org) -> None:
    """End a key; every process refuses it within a second."""
    org_id, key_id = read_id("org", org), read_id("key", key)
    async with operator() as connection, connection.transaction():
        await revoke_key(connection, org_id, key_id)
    say(f"{key} is revoked.")


def _show_once(made: KeyRecord, token: str, *, as_json: bool) -> None:
    if as_json:
        show_json({**_row(made), "token": token})
        return
    show([_row(made)], as_json=False)
    say(f"\n{token}\n\nKeep it now: it is not stored and cannot be shown again.")


def _row(one: KeyRecord) -> dict[str, Any]:
    return {
        "id": ref("key", one.id),
        "name": one.name,
        "mode": one.mode.value,
        "scopes": one.scopes,
        "firms": _refs("firm", one.firm_ids),
        "connections": _refs("con", one.connection_ids),
        "expires_at": instant(one.expires_at),
        "revoked_at": instant(one.revoked_at),
        "last_used_at": instant(one.last_used_at),
    }


def _refs(prefix: str, bound: Sequence[Any] | None) -> str | tuple[str | None, ...]:
    return "all" if bound is None else tuple(ref(prefix, one) for one in bound)
