"""A key's figures are those of its calls, whether they have been summed up yet or not, and nobody else's."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from billing import (
    Invocation,
    KeyFigures,
    PriceBook,
    Span,
    UsageLedger,
    get_key_month,
    list_key_figures,
    list_spans,
    month_to_date,
    sum_up,
)
from billing.store import Connection
from service.db.pool import Pool, as_organization
from tests.billing.calls import KEY, billable, free

pytestmark = pytest.mark.anyio


def took(org: UUID, at: datetime, ms: float, status: int = 200, key: UUID = KEY) -> Invocation:
    call = billable(org, at) if status == 200 else free(org, at, status=status)
    return msgspec.structs.replace(call, key_id=key, vendor_us=int(ms * 1000), platform_us=0)


async def keep(ledger: UsageLedger, calls: list[Invocation]) -> None:
    for call in calls:
        await ledger.record(call)


async def told(connection: Connection, org: UUID, span: Span, at: datetime) -> dict[datetime | None, KeyFigures]:
    return {one.at: one for one in await list_key_figures(connection, org, KEY, span, at)}


@pytest.mark.parametrize("summed", ["never", "halfway", "wholly"])
async def test_figures_are_the_same_however_much_is_summed(
    ledger: UsageLedger, operator: Connection, org: UUID, summed: str
) -> None:
    at = datetime.now(UTC)
    earlier = at - timedelta(hours=2)
    await keep(ledger, [took(org, earlier, ms) for ms in (10, 20, 30)] + [took(org, earlier, 40, 404)])
    if summed != "never":
        await sum_up(operator)
    await keep(ledger, [took(org, at, 900), took(org, at, 50, 502), took(org, at, 60, key=uuid4())])
    if summed == "wholly":
        await sum_up(operator)

    hours, days = await told(operator, org, Span.HOUR, at), await told(operator, org, Span.DAY, at)

    for found in (hours[None], days[None]):
        assert (found.calls, found.refused, found.failed) == (6, 1, 1)
        assert found.p50_ms == pytest.approx(30, rel=0.06)
        assert found.p99_ms == pytest.approx(900, rel=0.06)
    assert [one.calls for begins, one in hours.items() if begins is not None] == [4, 2]
    assert sum(one.calls for begins, one in days.items() if begins is not None) == 6


async def test_every_figure_belongs_to_a_span_that_is_shown(
    ledger: UsageLedger, operator: Connection, org: UUID
) -> None:
    at = datetime.now(UTC)
    for span, step in ((Span.HOUR, timedelta(hours=1)), (Span.DAY, timedelta(days=1))):
        await keep(ledger, [took(org, at - step * back, 10) for back in range(23)])

        found = await told(operator, org, span, at)
        spans = await list_spans(operator, org, span, at)

        assert {begins for begins in found if begins is not None} <= set(spans)
        assert spans[-1] <= at < spans[-1] + timedelta(hours=25)


async def test_figures_of_others_are_not_told(
    ledger: UsageLedger, operator: Connection, app_pool: Pool, org: UUID
) -> None:
    at = datetime.now(UTC)
    await keep(ledger, [took(org, at, 10)])
    await sum_up(operator)
    await keep(ledger, [took(org, at, 10)])

    async with as_organization(app_pool, uuid4()) as connection:
        theirs = await list_key_figures(connection, org, KEY, Span.DAY, at)
    async with as_organization(app_pool, org) as connection:
        own = await list_key_figures(connection, org, KEY, Span.DAY, at)

    assert theirs == ()
    assert own[0].calls == 2


async def test_shares_of_all_keys_are_the_month(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    at = datetime.now(UTC)
    other = uuid4()
    await keep(ledger, [msgspec.structs.replace(billable(org, at, units=3000), key_id=KEY)])
    await keep(ledger, [msgspec.structs.replace(billable(org, at, units=1000), key_id=other)])

    month = await month_to_date(operator, book, org, at)
    shares = [(await get_key_month(operator, book, org, key, at)).share_minor for key in (KEY, other)]

    assert shares[0] == pytest.approx(shares[1] * 3, abs=2)
    assert sum(shares) == pytest.approx(month.total_minor, abs=1)
    assert (await get_key_month(operator, book, org, uuid4(), at)).share_minor == 0


async def test_old_hours_are_forgotten_and_their_days_stay(
    ledger: UsageLedger, operator: Connection, org: UUID
) -> None:
    at = datetime.now(UTC)
    await keep(ledger, [took(org, at - timedelta(days=3), 10)])
    await sum_up(operator)

    kept = await operator.fetch("SELECT span, calls FROM billing.key_sums WHERE org_id = $1", org)

    assert [tuple(row) for row in kept] == [("day", 1)]
