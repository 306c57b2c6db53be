"""Months get their partitions ahead of time; those that did not lose nothing."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from billing import UsageLedger, list_calls, make_partitions
from billing.store import Connection
from tests.billing.calls import billable

pytestmark = pytest.mark.anyio

_FAR = datetime(2040, 1, 31, 23, 0, tzinfo=UTC)


async def test_each_missing_month_is_made_once(operator: Connection) -> None:
    assert await make_partitions(operator, _FAR, 2) == 6
    assert await make_partitions(operator, _FAR, 3) == 2


async def test_a_row_goes_to_the_partition_of_its_utc_month(
    ledger: UsageLedger, operator: Connection, owner: Connection
) -> None:
    await make_partitions(operator, _FAR, 0)
    org_id = uuid4()

    await ledger.record(billable(org_id, _FAR))

    assert await owner.fetchval("SELECT tableoid::regclass::text FROM billing.usage") == "billing.usage_2040_01"


async def test_a_month_that_began_without_its_partition_stays_readable(
    ledger: UsageLedger, operator: Connection
) -> None:
    org_id = uuid4()
    await ledger.record(billable(org_id, _FAR))

    assert await make_partitions(operator, _FAR, 1) == 2
    await ledger.record(billable(org_id, _FAR))

    assert len(await list_calls(operator, org_id)) == 2
