"""A write of which an earlier try may have been carried out: what may be sent again, and what is looked for instead."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from service.api.call import Call
from service.connectors.sdk.engine import NOT_SENT_AGAIN, Sends
from service.connectors.sdk.faults import NotWritten, OutcomeUnknown, Refused
from service.connectors.sdk.flow import Flow
from service.errors import NOT_CARRIED_OUT, OUTCOME_UNKNOWN, OUTCOME_UNSETTLED, ApiProblem
from service.idempotency.claim import Claim

Look: TypeAlias = Callable[[], Flow[Any]]
"""Begins a flow that only reads: the record as the write has left it, NotWritten where it has not been carried out,
OutcomeUnknown where it cannot be seen."""


def sends_of(call: Call, claim: Claim, keeps_keys_for: timedelta) -> Sends:
    """Which writes of its flow a try may send."""
    if call.settling is not None and not call.settling.may_send:
        return "none"
    if not claim.in_doubt:
        return "all"
    return "keyed" if claim.age < keeps_keys_for else "none"


def tells_nothing(call: Call, claim: Claim, problem: ApiProblem) -> bool:
    """Whether a try of a write in doubt sent nothing, and so says nothing of the earlier one: the write was held back,
    or refused by what the earlier one may have left behind, such as a newer version or no record."""
    cause = problem.__cause__
    if isinstance(cause, OutcomeUnknown) and cause.code == NOT_SENT_AGAIN:
        return True
    asked_only = call.leg.calls > 0 and call.leg.writes == 0
    return claim.in_doubt and asked_only and isinstance(cause, Refused)


def nothing_to_look_at() -> ApiProblem:
    """The end of a write that the vendor neither knows by a key nor shows in a record that could be found."""
    return ApiProblem(
        OUTCOME_UNSETTLED,
        "A try of this write was cut off or never answered, and the vendor has no way to tell what became of it.",
    )


def seen(call: Call, problem: ApiProblem) -> ApiProblem:
    """What is answered when a look found no written record.

    A caller who is quick may look before the vendor is done. The worker comes later than that: it says how it ended.
    """
    cause = problem.__cause__
    if not isinstance(cause, NotWritten | OutcomeUnknown):
        return problem
    if call.settling is None or call.settling.by is None:
        return ApiProblem(
            OUTCOME_UNKNOWN, "An earlier try was cut off or never answered, and it cannot be seen yet what it did."
        )
    if isinstance(cause, NotWritten):
        return ApiProblem(NOT_CARRIED_OUT, f"We looked for it at the vendor: {cause.message}.", vendor=problem.vendor)
    return ApiProblem(OUTCOME_UNSETTLED, f"We looked for it at the vendor: {cause.message}.", vendor=problem.vendor)
