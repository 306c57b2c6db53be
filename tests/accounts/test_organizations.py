"""Organizations and firms."""

from uuid import UUID

import pytest

from service.accounts.errors import ImpossibleValueError, KeyNotFoundError, UnknownOrganizationError
from service.accounts.keys import revoke_key
from service.accounts.organizations import create_firm, create_organization, list_firms, list_organizations
from service.db.pool import Pool, as_organization
from service.ids import new_uuid

pytestmark = pytest.mark.anyio


async def test_organization_and_its_firms_are_listed_in_the_order_they_were_made(operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        made = [await create_organization(connection, name, time_zone="America/Chicago") for name in "ab"]
        firms = [await create_firm(connection, made[0].id, name, region="us") for name in "cd"]

        assert await list_organizations(connection) == made
        assert await list_firms(connection, made[0].id) == firms
        assert await list_firms(connection, made[1].id) == []


async def test_request_lists_its_own_organization_alone(app_pool: Pool, operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        made = [await create_organization(connection, name) for name in "ab"]

    async with as_organization(app_pool, made[1].id) as connection:
        assert await list_organizations(connection) == [made[1]]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "America"])
async def test_unknown_time_zone_is_refused(operator_pool: Pool, zone: str) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(ImpossibleValueError):
            await create_organization(connection, "a", time_zone=zone)


async def test_firm_of_a_missing_organization_is_refused(operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(UnknownOrganizationError):
            await create_firm(connection, new_uuid(), "c")


async def test_key_that_does_not_exist_cannot_be_revoked(operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(KeyNotFoundError):
            await revoke_key(connection, UUID(int=1), UUID(int=2))


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b", "a\nb"])
async def test_impossible_name_is_refused(operator_pool: Pool, name: str) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(ImpossibleValueError, match="printable"):
            await create_organization(connection, name)


@pytest.mark.parametrize("region", ["", "USA", "US", "u1"])
async def test_impossible_region_is_refused(operator_pool: Pool, region: str) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(ImpossibleValueError, match="region"):
            await create_firm(connection, new_uuid(), "c", region=region)
