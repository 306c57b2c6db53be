"""`/v1/approvals` and what a firm wants two persons for."""

from typing import Final
from uuid import UUID

from service import errors, ids
from service.accounts.errors import UnknownFirmError
from service.api.bodies import answer_of, decode_body, id_in_body, json_body
from service.api.call import Answer, Call
from service.api.modes import require_own_mode
from service.api.operation import Audit, ByTestKey, Operation
from service.api.operation import Meter as Metered
from service.api.pagination import example_page
from service.api.parameters import filter_by, path_id
from service.api.query import boolean, read_query
from service.connections.approvals import require, store
from service.connections.approvals.policy import change_policy
from service.connections.approvals.problems import approval_problem
from service.connections.approvals.shapes import (
    APPROVAL_EXAMPLE,
    POLICY_EXAMPLE,
    ApprovalView,
    DecisionBody,
    FirmPolicy,
    FirmPolicyUpdate,
    to_approval,
)
from service.connections.approvals.store import Action
from service.connections.errors import ApprovalError
from service.connections.hosted.store import has_firm
from service.connections.linking import Linking
from service.connections.store import get_connection
from service.db.pool import as_organization
from service.errors import missing
from service.resources.common import Page

MAX_BODY_BYTES: Final = 16 * 1024


class ApprovalRoutes:
    """The answers about second persons."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def page(self, call: Call) -> Answer:
        waiting = read_query(call.scope["query_string"], {"filter[waiting]": boolean}).get("filter[waiting]", False)
        caller, at = call.known_caller, self._linking.clock()
        firms = None if caller.firm_ids is None else sorted(caller.firm_ids)
        async with as_organization(self._linking.pool, caller.org_id) as connection:
            found = await store.list_approvals(connection, caller.org_id, firms, at, waiting=waiting)
        shown = [to_approval(one, at) for one in found if caller.may_know(one.firm_id, one.connection_id)]
        call.rows = len(shown)
        return answer_of(Page(shown, has_more=False, next_cursor=None))

    async def decide(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), DecisionBody)
        caller, at = call.known_caller, self._linking.clock()
        approval_id = call.named("apr")
        try:
            async with as_organization(self._linking.pool, caller.org_id) as connection:
                known = await store.get_approval(connection, caller.org_id, approval_id)
                if known is None or not caller.may_know(known.firm_id, known.connection_id):
                    raise missing()
                about = known.connection_id and await get_connection(connection, caller.org_id, known.connection_id)
                require_own_mode(call, is_sandbox=bool(about and about.sandbox))
                after = await require.decide(
                    connection, caller.org_id, approval_id, asked.decision, asked.decided_by, caller.key_id, at
                )
        except ApprovalError as refusal:
            raise approval_problem(refusal) from None
        if after.connection_id is not None:
            self._linking.connections.forget(caller.org_id, after.connection_id)
        call.connection_id, call.firm_id, call.rows = after.connection_id, after.firm_id, 1
        return answer_of(to_approval(after, at))

    async def policy(self, call: Call) -> Answer:
        org_id, firm_id = call.known_caller.org_id, _firm(call)
        async with as_organization(self._linking.pool, org_id) as connection:
            if not await has_firm(connection, org_id, firm_id):
                raise missing()
            found = await store.get_policy(connection, org_id, firm_id)
        return answer_of(FirmPolicy(firm=ids.encode("firm", firm_id), dual_control=tuple(sorted(found))))

    async def change_policy(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), FirmPolicyUpdate)
        caller, firm_id = call.known_caller, _firm(call)
        wanted = frozenset(Action(one) for one in asked.dual_control)
        try:
            await change_policy(
                self._linking,
                caller.org_id,
                firm_id,
                wanted,
                by=asked.requested_by,
                key_id=caller.key_id,
                approval_id=None if asked.approval is None else id_in_body("apr", asked.approval, "/approval"),
            )
        except UnknownFirmError:
            raise missing() from None
        except ApprovalError as refusal:
            raise approval_problem(refusal) from None
        call.firm_id = firm_id
        return answer_of(FirmPolicy(firm=ids.encode("firm", firm_id), dual_control=tuple(sorted(wanted))))


def approval_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about second persons."""
    routes = ApprovalRoutes(linking)
    firm = path_id("id", "The firm's id, `firm_…`.")
    return (
        Operation(
            id="listApprovals",
            method="GET",
            path="/v1/approvals",
            tag="approvals",
            summary="List approvals",
            description="What waits for a second person and what was decided, newest first, at most 200.",
            scope="connections:read",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[ApprovalView],
            parameters=(filter_by("waiting", {"type": "boolean"}, "`true`: only what waits."),),
            problems=(errors.INVALID_PARAMETER,),
            example=example_page(APPROVAL_EXAMPLE),
            run=routes.page,
        ),
        Operation(
            id="decideApproval",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/approvals/{id}/decision",
            tag="approvals",
            summary="Decide an approval",
            description="The second person's word, once; with another key than the one that asked.",
            scope="connections:write",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=ApprovalView,
            body=DecisionBody,
            parameters=(path_id("id", "The approval's id, `apr_…`."),),
            problems=(errors.NOT_FOUND, errors.APPROVAL_REQUIRED),
            example=APPROVAL_EXAMPLE
            | {"status": "approved", "decided_by": "lee@birchvale.example", "decided_at": "2026-11-20T12:10:00Z"},
            body_example={"decision": "approved", "decided_by": "lee@birchvale.example"},
            run=routes.decide,
        ),
        Operation(
            id="getFirmPolicy",
            method="GET",
            path="/v1/firms/{id}/policy",
            tag="approvals",
            summary="Get what a firm wants two persons for",
            description="Empty until the firm asks for it.",
            scope="connections:read",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=FirmPolicy,
            parameters=(firm,),
            problems=(errors.NOT_FOUND,),
            example=POLICY_EXAMPLE,
            run=routes.policy,
        ),
        Operation(
            id="updateFirmPolicy",
            by_test_key=ByTestKey.NEVER,
            method="PATCH",
            path="/v1/firms/{id}/policy",
            tag="approvals",
            summary="Change what a firm wants two persons for",
            description="One person can add to the list; to take something off it needs two.",
            scope="connections:write",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=FirmPolicy,
            body=FirmPolicyUpdate,
            parameters=(firm,),
            problems=(errors.NOT_FOUND, errors.APPROVAL_REQUIRED),
            example=POLICY_EXAMPLE,
            body_example={"dual_control": ["connect", "export"], "requested_by": "ada@ledgerline.example"},
            run=routes.change_policy,
        ),
    )


def _firm(call: Call) -> UUID:
    firm_id, bound = call.named("firm"), call.known_caller.firm_ids
    if bound is not None and firm_id not in bound:
        raise missing()
    return firm_id
