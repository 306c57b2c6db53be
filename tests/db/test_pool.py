"""What the run-time roles can reach through the pool."""

import pytest

from service.db.pool import Pool, UnsafeRoleError, open_pool
from tests.conftest import Database

pytestmark = pytest.mark.anyio


async def test_pool_connections_are_the_runtime_role(app_pool: Pool) -> None:
    assert await app_pool.fetchval("SELECT current_user") == "tickmark_app"


async def test_superuser_is_refused(database: Database) -> None:
    with pytest.raises(UnsafeRoleError, match="superuser"):
        await open_pool(database.owner_url, "postgres")
