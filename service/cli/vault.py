"""`tickmark vault`: the sealed secrets of connections, and the keys above them."""

from cyclopts import App

from service.audit.personal import rewrap_audit_keys
from service.cli.database import operator, settings, vault_of
from service.cli.errors import CommandError
from service.cli.options import Json
from service.cli.output import say, show_json
from service.connections.rotation import Verified
from service.connections.rotation import rotate as move
from service.connections.rotation import verify as look

vault = App(name="vault", help="Sealed secrets and the keys above them.")


@vault.command
async def rotate() -> None:
    """Move every data key under the first key of TICKMARK_KEY_ENCRYPTION_KEY.

    Put the new key first and keep the old one behind it, restart, run this, then take the old one away. Nothing has to
    stop, and no sealed secret is touched.
    """
    keys = vault_of(settings())
    async with operator() as connection:
        moved = await move(connection, keys)
        while batch := await rewrap_audit_keys(connection, keys, keys.newest):
            moved += batch
    say(f"{moved} data key(s) moved under {keys.newest}." if moved else f"All data keys are under {keys.newest}.")


@vault.command
async def verify(*, as_json: Json = False) -> int:
    """Open every sealed secret and every data key once and say what does not open; exit code 1 if anything does not."""
    keys = vault_of(settings())
    async with operator() as connection:
        found: Verified = await look(connection, keys)
    if as_json:
        show_json(found)
    else:
        say(f"{found.secrets} secret(s) under {found.data_keys} data key(s), {len(found.unreadable)} unreadable.")
        if found.under_older_keys:
            say(f"{found.under_older_keys} data key(s) are under an older key: run `tickmark vault rotate`.")
    closed = (*found.unreadable, *found.unreadable_keys)
    if closed and not as_json:
        raise CommandError(f"Unreadable: {', '.join(closed[:20])}.")
    return 1 if closed else 0
