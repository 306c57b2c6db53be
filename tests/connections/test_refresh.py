"""However many calls need a new token, the vendor is asked once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from service.connections import errors
from service.connections.credentials import Credentials
from service.connections.link import replace_credentials, rewrap_data_keys
from service.connections.open import OpenConnection
from service.connections.refresh import CredentialKeeper
from service.connections.store import State
from service.connections.vault import LocalKey, Vault
from service.db.pool import Pool, open_pool
from tests.conftest import Database

from .conftest import NOON, TOKENS, Linked

pytestmark = pytest.mark.anyio


class Reply(msgspec.Struct, frozen=True):
    access_token: str
    expires_in_s: int | None = 3600
    refresh_token: str | None = None
    refresh_expires_in_s: int | None = None
    hard_expires_in_s: int | None = None


class Vendor:
    """A token endpoint whose refresh tokens work once."""

    def __init__(self, *, rotates: bool = True, refuses: bool = False) -> None:
        self.asked: list[str] = []
        self._rotates = rotates
        self._refuses = refuses

    async def exchange(self, stored: Credentials) -> Reply:
        self.asked.append(stored.refresh_token or "")
        await asyncio.sleep(0)
        if self._refuses or stored.refresh_token is None:
            raise errors.GrantRefusedError
        number = len(self.asked)
        return Reply(f"access-{number}", refresh_token=f"refresh-{number}" if self._rotates else None)


@pytest.fixture
async def second_pool(database: Database) -> AsyncIterator[Pool]:
    pool = await open_pool(database.owner_url, "tickmark_app")
    yield pool
    await pool.close()


def opened(linked: Linked) -> OpenConnection:
    return OpenConnection(
        org_id=linked.record.org_id,
        firm_id=linked.record.firm_id,
        id=linked.record.id,
        vendor=linked.record.vendor,
        sandbox=True,
        base_url=None,
        accounts=(),
    )


def keeper(pool: Pool, linked: Linked, at: datetime = NOON) -> CredentialKeeper:
    return CredentialKeeper(pool, linked.vault, lambda: at)


async def test_good_token_asks_nobody(app_pool: Pool, linked: Linked) -> None:
    vendor = Vendor()

    found = await keeper(app_pool, linked).fresh_credentials(opened(linked), vendor.exchange)

    assert found == TOKENS
    assert vendor.asked == []


async def test_200_refused_calls_over_two_processes_ask_once(app_pool: Pool, second_pool: Pool, linked: Linked) -> None:
    vendor = Vendor()
    keepers = [keeper(app_pool, linked), keeper(second_pool, linked)]

    found = await asyncio.gather(
        *(
            keepers[number % 2].fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")
            for number in range(200)
        )
    )

    assert vendor.asked == ["refresh-0"]
    assert {credentials.access_token for credentials in found} == {"access-1"}


async def test_200_calls_on_an_expired_token_ask_once(app_pool: Pool, second_pool: Pool, linked: Linked) -> None:
    vendor = Vendor()
    later = NOON + timedelta(hours=2)
    keepers = [keeper(app_pool, linked, later), keeper(second_pool, linked, later)]

    found = await asyncio.gather(
        *(keepers[number % 2].fresh_credentials(opened(linked), vendor.exchange) for number in range(200))
    )

    assert vendor.asked == ["refresh-0"]
    assert {credentials.expires_at for credentials in found} == {later + timedelta(hours=1)}


async def test_late_refusal_of_an_old_token_asks_nobody(app_pool: Pool, linked: Linked) -> None:
    vendor = Vendor()
    kept = keeper(app_pool, linked)
    await kept.fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")

    again = await kept.fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")

    assert again.access_token == "access-1"
    assert len(vendor.asked) == 1


async def test_rotated_token_is_stored_before_it_is_used(app_pool: Pool, second_pool: Pool, linked: Linked) -> None:
    vendor = Vendor()
    await keeper(app_pool, linked).fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")

    found = await keeper(second_pool, linked).fresh_credentials(opened(linked), vendor.exchange)
    await keeper(second_pool, linked).fresh_credentials(opened(linked), vendor.exchange, force_after="access-1")

    assert (found.access_token, found.refresh_token) == ("access-1", "refresh-1")
    assert vendor.asked == ["refresh-0", "refresh-1"]


async def test_reply_without_refresh_token_keeps_the_old_one(app_pool: Pool, linked: Linked) -> None:
    vendor = Vendor(rotates=False)

    found = await keeper(app_pool, linked).fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")

    assert (found.access_token, found.refresh_token) == ("access-1", "refresh-0")


async def test_refused_grant_asks_a_human_and_never_the_vendor_again(
    app_pool: Pool, second_pool: Pool, operator_pool: Pool, linked: Linked
) -> None:
    vendor = Vendor(refuses=True)
    keepers = [keeper(app_pool, linked), keeper(second_pool, linked)]

    for number in range(6):
        with pytest.raises(errors.ConnectionNeedsAttentionError):
            await keepers[number % 2].fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")

    assert vendor.asked == ["refresh-0"]
    assert await operator_pool.fetchval("SELECT state FROM connections") == State.NEEDS_ATTENTION


async def test_connecting_again_makes_it_healthy(app_pool: Pool, operator_pool: Pool, linked: Linked) -> None:
    kept = keeper(app_pool, linked)
    with pytest.raises(errors.ConnectionNeedsAttentionError):
        await kept.fresh_credentials(opened(linked), Vendor(refuses=True).exchange, force_after="access-0")
    new = Credentials(access_token="again", refresh_token="r")
    async with operator_pool.acquire() as connection:
        await replace_credentials(connection, linked.vault, linked.record.org_id, linked.record.id, new)

    assert await kept.fresh_credentials(opened(linked), Vendor().exchange) == new


async def test_credentials_that_cannot_be_renewed_ask_a_human(
    app_pool: Pool, operator_pool: Pool, linked: Linked
) -> None:
    static = Credentials(access_token="static")
    async with operator_pool.acquire() as connection:
        await replace_credentials(connection, linked.vault, linked.record.org_id, linked.record.id, static)

    with pytest.raises(errors.ConnectionNeedsAttentionError):
        await keeper(app_pool, linked).fresh_credentials(opened(linked), Vendor().exchange, force_after="static")


async def test_passing_failure_of_the_vendor_changes_nothing(app_pool: Pool, linked: Linked) -> None:
    async def down(_: Credentials) -> Reply:
        raise OSError("no route")

    vendor = Vendor()
    kept = keeper(app_pool, linked)
    with pytest.raises(OSError, match="no route"):
        await kept.fresh_credentials(opened(linked), down, force_after="access-0")

    found = await kept.fresh_credentials(opened(linked), vendor.exchange, force_after="access-0")

    assert vendor.asked == ["refresh-0"]
    assert found.access_token == "access-1"


async def test_rotated_token_survives_the_loss_of_the_lock(
    app_pool: Pool, second_pool: Pool, database: Database, linked: Linked
) -> None:
    """The server ends our session while the vendor answers: the old refresh token is dead, the new one must be kept."""
    ended: list[int] = []

    async def cut_off(_: Credentials) -> Reply:
        owner = await asyncpg.connect(database.owner_url)
        ended.append(
            await owner.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'tickmark_app' AND state LIKE 'idle in%'"
            )
        )
        await owner.close()
        return Reply("access-1", refresh_token="refresh-1")

    found = await keeper(app_pool, linked).fresh_credentials(opened(linked), cut_off, force_after="access-0")
    stored = await keeper(second_pool, linked).fresh_credentials(opened(linked), Vendor().exchange)

    assert ended == [1]
    assert found.refresh_token == stored.refresh_token == "refresh-1"


async def test_database_shows_no_credential(database: Database, linked: Linked) -> None:
    owner = await asyncpg.connect(database.owner_url)
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    dump = [str(await owner.fetch(f'SELECT * FROM "{table["relname"]}"')) for table in tables]
    await owner.close()

    assert "9130" in "".join(dump)
    assert not [table for table in dump if "access-0" in table or "refresh-0" in table]


async def test_rewrapping_touches_no_secret(app_pool: Pool, operator_pool: Pool, linked: Linked) -> None:
    newer = LocalKey(b"n" * 32)
    before = await operator_pool.fetch("SELECT * FROM connection_secrets")

    async with operator_pool.acquire() as connection:
        moved = await rewrap_data_keys(connection, Vault(newer, LocalKey(b"k" * 32)), newer.name)

    assert moved == 1
    assert await operator_pool.fetch("SELECT * FROM connection_secrets") == before
    kept = CredentialKeeper(app_pool, Vault(newer), lambda: NOON)
    assert await kept.fresh_credentials(opened(linked), Vendor().exchange) == TOKENS
