"""What a page holds between two steps, sealed: a verifier while the person is away, then tokens and accounts found."""

import msgspec

from service.connections.credentials import Credentials, data_key_of
from service.connections.hosted import store
from service.connections.hosted.store import LinkSession
from service.connections.vault import Place, Vault
from service.connectors.sdk.connector import FoundAccount
from service.db.pool import Connection


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Exists unsealed only while a step is taken."""

    verifier: str = ""
    credentials: Credentials | None = None
    accounts: tuple[FoundAccount, ...] = ()

    def __repr__(self) -> str:
        return "Held(…)"


async def seal(connection: Connection, vault: Vault, session: LinkSession, held: Held) -> tuple[bytes, int]:
    """The sealed value and the version of the key that opens it."""
    key = await data_key_of(connection, vault, session.org_id, session.firm_id)
    return await vault.seal(key, _place(session), msgspec.json.encode(held)), key.version


async def unseal(connection: Connection, vault: Vault, session: LinkSession) -> Held:
    """Nothing is held where nothing is sealed. Raises SecretUnreadableError."""
    if session.sealed is None or session.key_version is None:
        return Held()
    key = await store.get_data_key(connection, session.org_id, session.firm_id, session.key_version)
    assert key is not None, "a foreign key of what is sealed"
    return msgspec.json.decode(await vault.open(key, _place(session), session.sealed), type=Held)


def _place(session: LinkSession) -> Place:
    return Place("link_sessions", "sealed", f"{session.org_id}/{session.id}")
