"""A migrated database as the ledger, the operator and the owner see it."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import PUBLIC_PLAN, PriceBook, UsageLedger, load_price_book, open_account
from billing.store import Connection
from service.db.pool import Pool, open_pool
from tests.billing.days import OPENED
from tests.conftest import Database


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return load_price_book()


@pytest.fixture
async def meter_pool(database: Database) -> AsyncIterator[Pool]:
    """What the ledger writes through."""
    pool = await open_pool(database.owner_url, "tickmark_meter")
    yield pool
    await pool.close()


@pytest.fixture
async def ledger(meter_pool: Pool) -> AsyncIterator[UsageLedger]:
    ledger = UsageLedger(meter_pool)
    await ledger.start()
    yield ledger
    await ledger.close()


@pytest.fixture
async def operator(operator_pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the worker's role."""
    async with operator_pool.acquire() as connection:
        yield connection


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """A connection that may do what no role of ours may; plants faults."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def org(operator: Connection, book: PriceBook) -> UUID:
    """An organization in New York on the public plan, opened in October 2026."""
    org_id = uuid4()
    await open_account(operator, org_id, book.find(*PUBLIC_PLAN), "America/New_York", "USD", opened_at=OPENED)
    return org_id
