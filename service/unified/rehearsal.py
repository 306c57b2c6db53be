"""Dry runs: what a write would have been, and would have cost."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from billing import Meter, PriceBook, marginal_price, month_to_date
from service.accounts.tokens import Mode
from service.api.bodies import encode
from service.api.call import Answer, Call
from service.api.problems import to_problem
from service.clock import now
from service.connectors.sdk.faults import VendorFault
from service.connectors.sdk.flow import Flow
from service.db.pool import Pool, as_organization
from service.unified.ways import Way


class DryRun(Struct, frozen=True, tag_field="object", tag="dry_run"):
    """What a write would have been: it is valid and would count as this."""

    valid: bool
    meter: str
    units: int
    price: str
    """What that costs at this place in the month, in major units of the currency, before rounding."""
    currency: str


async def rehearsed(call: Call, way: Way, begin: Callable[[], Flow[Any]], pool: Pool, prices: PriceBook) -> Answer:
    """The answer to a dry run: the write is begun, up to where it would be sent, and priced."""
    call.dry_run = True
    _go_to_first_request(way, begin)
    assert call.operation is not None
    meter, caller = Meter(call.operation.meter.value), call.known_caller
    async with as_organization(pool, caller.org_id) as connection:
        month = await month_to_date(connection, prices, caller.org_id, now())
    used = month.quantities.get(meter, 0)
    units = range(0 if caller.mode is Mode.TEST else call.units)
    price = sum((marginal_price(month.plan, meter, used + unit) for unit in units), Decimal(0))
    told = DryRun(True, meter.value, call.units, format(price.normalize(), "f"), month.plan.currency)
    return Answer(200, encode(told))


def _go_to_first_request(way: Way, begin: Callable[[], Flow[Any]]) -> None:
    """Raises the problem of what the vendor is known to refuse, found before anything is sent."""
    try:
        flow = begin()
        next(flow, None)
        flow.close()
    except VendorFault as fault:
        raise to_problem(fault, way.connector.slug) from fault
