"""A call and the caller's budgets: reserved before a vendor is called, settled by the outcome, released on failure.

Calls of test keys, and of organizations without a budget, have no Spending at all.
"""

from billing import Caps, CapsDown, Guard, Hold, Meter, SpendCapReached, format_money
from service import errors, ids
from service.accounts.caller import Caller
from service.accounts.tokens import Mode
from service.api.call import Call
from service.errors import ApiProblem

_ID_PREFIXES = {"organization": "org", "key": "key", "connection": "con"}


class Spending:
    """What one call holds of the budgets."""

    __slots__ = ("_guard", "_hold", "_recording")

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._hold: Hold | None = None
        self._recording = False

    async def reserve(self, call: Call) -> None:
        """Makes sure that the call can be paid for, as it stands. Raises the 402 problem, or 503 where nobody knows."""
        held = self._hold.units if self._hold is not None else 0
        operation = call.operation
        if operation is None or operation.meter.value == "none" or call.replayed or held >= call.units:
            return
        asked = (
            call.known_caller.key_id,
            call.connection_id,
            Meter(operation.meter.value),
            call.units,
            call.request_id.int >> 80,
        )
        try:
            hold = self._guard.try_reserve(*asked) or await self._guard.reserve(*asked)
        except SpendCapReached as reached:
            raise to_problem(reached) from None
        except CapsDown:
            raise unknown_problem() from None
        if self._hold is not None:
            self._hold.release()
        self._hold = hold

    async def confirm(self, call: Call) -> bool:
        """Whether the call, about to be recorded, may be billed. Raises the 402 problem where it grew too large."""
        await self.reserve(call)
        self._recording = True
        return self._hold is not None and await self._hold.confirm()

    def settle(self, units: int) -> None:
        """The row is in the ledger, with so many units to pay; 0 where it is not."""
        if self._hold is not None:
            self._hold.settle(units)
            self._hold = None

    def end(self) -> None:
        """The call is over, whatever became of it. A row whose fate nobody saw counts as billed."""
        if self._hold is not None:
            self.settle(self._hold.units if self._recording else 0)


async def spending_of(caps: Caps, caller: Caller) -> Spending | None:
    """None for who has no budget. Raises the 503 problem where that cannot be known."""
    if caller.mode is not Mode.LIVE:
        return None
    guard = caps.try_guard(caller.org_id)
    if guard is None:
        try:
            guard = await caps.guard(caller.org_id)
        except CapsDown:
            raise unknown_problem() from None
    return Spending(guard) if guard.budgets else None


def to_problem(reached: SpendCapReached) -> ApiProblem:
    """What to answer when a budget is spent: which, how far, until when."""
    budget = reached.budget
    name = ids.encode(_ID_PREFIXES[budget.scope], budget.scope_id)
    spent, limit = (format_money(amount, reached.currency) for amount in (reached.spent_minor, budget.limit_minor))
    return ApiProblem(
        errors.SPEND_CAP_REACHED,
        f"The {'daily' if budget.span == 'day' else 'monthly'} budget of {name} has no room for this call: {spent} of "
        f"{limit} {reached.currency} are spent. It starts anew at {reached.ends_at:%Y-%m-%dT%H:%M:%SZ}.",
    )


def unknown_problem() -> ApiProblem:
    """Nobody can say what may be spent, so nothing is."""
    return ApiProblem(
        errors.METERING_UNAVAILABLE,
        "The budgets could not be checked, so nobody was called and nothing is billed.",
        retry_after_s=1,
    )
