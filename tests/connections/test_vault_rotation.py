"""The key-encryption key is replaced while everything runs; a dump of the database tells nothing."""

import asyncpg
import pytest

from service.audit.personal import PersonalKeys, rewrap_audit_keys
from service.connections.credentials import Credentials
from service.connections.link import create_connection
from service.connections.rotation import rotate, verify
from service.connections.store import Account
from service.connections.vault import LocalKey, Vault
from service.db.pool import Pool
from tests.conftest import Database

from .conftest import Linked

pytestmark = pytest.mark.anyio
OLD, NEW = LocalKey(b"k" * 32), LocalKey(b"n" * 32)


async def test_rotation_touches_no_data_row_and_the_old_key_can_be_taken_away(
    operator_pool: Pool, linked: Linked
) -> None:
    before = await operator_pool.fetch("SELECT *, xmin::text FROM connection_secrets")
    async with operator_pool.acquire() as connection:
        moved = await rotate(connection, Vault(NEW, OLD))
        again = await rotate(connection, Vault(NEW, OLD))

        found = await verify(connection, Vault(NEW))

    assert (moved, again) == (1, 0)
    assert await operator_pool.fetch("SELECT *, xmin::text FROM connection_secrets") == before
    assert (found.secrets, found.data_keys, found.under_older_keys, found.unreadable) == (1, 1, 0, ())


async def test_secrets_are_made_and_opened_while_keys_move(operator_pool: Pool, linked: Linked) -> None:
    """A process that does not know yet which key is the newest goes on sealing under the old one."""
    async with operator_pool.acquire() as connection:
        await rotate(connection, Vault(NEW, OLD))
        await create_connection(
            connection,
            Vault(OLD, NEW),
            org_id=linked.record.org_id,
            firm_id=linked.record.firm_id,
            vendor="canopy",
            accounts=[Account(0, "frm_1", "Alder & Birch")],
            credentials=Credentials(access_token="late"),
            granted_by="partner@alderbirch.example",
            consent_scopes=["clients"],
        )
        found = await verify(connection, Vault(NEW, OLD))

    assert (found.secrets, found.unreadable) == (2, ())


async def test_secret_moved_to_another_row_or_altered_is_found(operator_pool: Pool, linked: Linked) -> None:
    await operator_pool.execute("UPDATE connection_secrets SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")

    async with operator_pool.acquire() as connection:
        found = await verify(connection, linked.vault)

    assert found.unreadable == (str(linked.record.id),)


async def test_missing_key_is_found(operator_pool: Pool, linked: Linked) -> None:
    async with operator_pool.acquire() as connection:
        found = await verify(connection, Vault(NEW))

    assert len(found.unreadable) == found.under_older_keys == 1


async def test_dump_reveals_neither_tokens_nor_data_keys(database: Database, linked: Linked) -> None:
    owner = await asyncpg.connect(database.owner_url)
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    dump = "".join([str(await owner.fetch(f'SELECT * FROM "{table["relname"]}"')) for table in tables])
    await owner.close()

    assert "Alder & Birch" in dump
    for secret in ("access-0", "refresh-0", "k" * 32, (b"k" * 32).hex()):
        assert secret not in dump


async def test_keys_of_the_audit_log_are_looked_at_before_the_old_key_is_taken_away(
    app_pool: Pool, operator_pool: Pool, linked: Linked
) -> None:
    keys = PersonalKeys(app_pool, Vault(OLD))
    await keys.key_of(linked.record.org_id, linked.record.firm_id)
    async with operator_pool.acquire() as connection:
        await rotate(connection, Vault(NEW, OLD))
        halfway = await verify(connection, Vault(NEW, OLD))
        too_early = await verify(connection, Vault(NEW))
        await rewrap_audit_keys(connection, Vault(NEW, OLD), NEW.name)
        done = await verify(connection, Vault(NEW))

    assert (halfway.data_keys, halfway.under_older_keys, halfway.unreadable_keys) == (2, 1, ())
    assert too_early.unreadable_keys == (f"{linked.record.org_id}/{linked.record.firm_id}/1",)
    assert (done.data_keys, done.under_older_keys, done.unreadable, done.unreadable_keys) == (2, 0, (), ())
