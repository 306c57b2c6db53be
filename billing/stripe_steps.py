"""The outside steps of an invoice, each kept with how it stands, so that any of them can be taken up again.

done       the object is there, and its id is kept
waiting    not done; Stripe asked us to come back
unknown    no answer: the next try looks first, then sends the same key
broken     Stripe failed and keeps its failure under our key: the next try looks first, then takes a new key
refused    not done; nobody tries again before a person has looked
trying     under way, or the process died: like unknown
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from billing.store import QUERIES, Connection
from billing.stripe_rail import RailFault


class Step(msgspec.Struct, frozen=True):
    """One outside step as it stands."""

    step: str
    state: str
    generation: int
    attempts: int
    stripe_id: str | None
    error: str | None


class StepFailed(Exception):  # noqa: N818
    """The invoice stays where it is; `step` says where, `state` whether it is tried again by itself."""

    def __init__(self, step: str, fault: RailFault) -> None:
        super().__init__(f"{step}: {fault}")
        self.step = step
        self.state = fault.state


async def take_step(
    connection: Connection,
    org_id: UUID,
    invoice_id: UUID,
    step: str,
    *,
    find: Callable[[], Awaitable[str | None]],
    make: Callable[[str], Awaitable[str]],
) -> str:
    """The id of the step's object: the one there is, or the one that `make` gives for our idempotency key.

    `find` looks at Stripe for what an earlier try may have made; it is asked only when there was one.
    Must not run in a transaction: what was tried has to be known although it failed. Raises StepFailed.
    """
    key = (org_id, invoice_id, step)
    begun = await connection.fetchrow(QUERIES["begin_stripe_step"], *key)
    assert begun is not None
    if begun["state"] == "done":
        return str(begun["stripe_id"])
    try:
        found = await find() if begun["was"] is not None else None
        if found is None:
            generation: int = begun["generation"]
            if begun["was"] in ("broken", "refused"):
                generation = await connection.fetchval(QUERIES["mark_stripe_step_renewed"], *key)
            found = await make(idempotency_key(invoice_id, step, generation))
    except RailFault as fault:
        await connection.execute(QUERIES["mark_stripe_step"], *key, fault.state, None, str(fault))
        raise StepFailed(step, fault) from fault
    await connection.execute(QUERIES["mark_stripe_step"], *key, "done", found, None)
    return found


async def list_steps(connection: Connection, org_id: UUID, invoice_id: UUID) -> tuple[Step, ...]:
    """Every step that was tried, in the order of trying."""
    rows = await connection.fetch(QUERIES["list_stripe_steps"], org_id, invoice_id)
    return tuple(msgspec.convert(row, Step) for row in rows)


def idempotency_key(invoice_id: UUID, step: str, generation: int) -> str:
    """The same for ever, whoever tries: of our invoice, the step and nothing of the moment."""
    return f"tickmark-{invoice_id}-{step}-{generation}"
