"""How each vendor answered lately, as an operation."""

from typing import Any, Final

from service import errors
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.errors import missing
from service.usage.standing import Standings, VendorStatus

_EXAMPLE: Final[dict[str, Any]] = {
    "object": "vendor_status",
    "vendor": "quickbooks",
    "name": "QuickBooks Online",
    "hour": {
        "calls_at_least": 1000,
        "answered_share": 0.9981,
        "faulted_share": 0.0019,
        "p50_ms": 170.0,
        "p95_ms": 620.0,
    },
    "day": {
        "calls_at_least": 10000,
        "answered_share": 0.9993,
        "faulted_share": 0.0007,
        "p50_ms": 160.0,
        "p95_ms": 590.0,
    },
    "days": [{"day": "2026-11-19", "answered_share": 0.9712}, {"day": "2026-11-20", "answered_share": 0.9993}],
    "incidents": [
        {
            "began_at": "2026-11-19T14:00:00Z",
            "ended_at": "2026-11-19T16:00:00Z",
            "calls_at_least": 1000,
            "faulted_share": 0.4127,
        }
    ],
    "open_issues": 0,
    "measured_until": "2026-11-20T09:12:00Z",
}


def standing_operations(standings: Standings) -> tuple[Operation, ...]:
    """Asking how a vendor does."""

    async def get_status(call: Call) -> Answer:
        found = await standings.of(call.params["vendor"])
        if found is None:
            raise missing()
        return answer_of(found)

    return (
        Operation(
            id="getVendorStatus",
            method="GET",
            path="/v1/vendors/{vendor}/status",
            tag="vendors",
            summary="Get how a vendor answers",
            description="Measured from everybody's live calls of the last hour and day: how many the vendor answered "
            "and how long it took; how it answered on each of the last 30 days; and incidents of the last 90: hours in "
            "which it left a tenth of the calls or more unanswered. Nothing is said from fewer than 20 calls, and "
            "nothing shows whose they were.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=VendorStatus,
            example=_EXAMPLE,
            parameters=(parameters.path_id("vendor", "The vendor's short name, such as `quickbooks`.", "quickbooks"),),
            problems=(errors.NOT_FOUND,),
            run=get_status,
        ),
    )
