"""What a firm wants two persons for. One person can ask for more; asking for less takes two."""

from uuid import UUID

from service import ids
from service.accounts.errors import UnknownFirmError
from service.audit.acts import record_act
from service.connections.approvals import require, store
from service.connections.approvals.require import ApprovalNeededError, fingerprint
from service.connections.approvals.store import Action
from service.connections.hosted.store import has_firm
from service.connections.linking import Linking
from service.db.pool import as_organization


async def change_policy(
    linking: Linking,
    org_id: UUID,
    firm_id: UUID,
    wanted: frozenset[Action],
    *,
    by: str,
    key_id: UUID | None,
    approval_id: UUID | None,
    actor: str | None = None,
) -> None:
    """The whole list from now on. Raises UnknownFirmError or ApprovalError, ApprovalNeededError among them.

    `by` is the person who asks, by e-mail address; `key_id` the key, None on our pages, where `actor` says who.
    """
    at = linking.clock()
    needed: UUID | None = None
    async with as_organization(linking.pool, org_id) as connection:
        if not await has_firm(connection, org_id, firm_id):
            raise UnknownFirmError("the organization has no such firm")
        loosened = await store.get_policy(connection, org_id, firm_id) - wanted
        what = fingerprint(Action.POLICY, str(firm_id), *sorted(wanted))
        if loosened and approval_id is None:
            made = await require.ask(
                connection,
                org_id,
                firm_id=firm_id,
                connection_id=None,
                action=Action.POLICY,
                detail=f"{by} wants one person to be enough for {', '.join(sorted(loosened))}",
                what=what,
                by=by,
                key_id=key_id,
                at=at,
            )
            needed = None if made is None else made.id
        elif loosened and approval_id is not None:
            await require.spend(connection, org_id, approval_id, Action.POLICY, what, at)
        if needed is None:
            await store.upsert_policy(connection, org_id, firm_id, wanted, at)
        if actor is not None:
            about = (ids.encode("firm", firm_id), *sorted(wanted)) if needed is None else (ids.encode("apr", needed),)
            act = "firms.policy" if needed is None else "firms.policy_asked"
            await record_act(connection, org_id, act, about, firm_id=firm_id, actor=actor)
    if needed is not None:
        raise ApprovalNeededError(needed)
