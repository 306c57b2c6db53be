"""What a key can ask about people, as the contract says it."""

from typing import Any

from service import errors
from service.accounts.team_routes import Mails, TeamRoutes
from service.accounts.team_shapes import (
    INVITATION_EXAMPLE,
    MEMBER_EXAMPLE,
    Invitation,
    Member,
    MemberUpdate,
    NewInvitation,
)
from service.api import parameters
from service.api.operation import Audit, ByTestKey, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import PAGING_PROBLEMS
from service.db.pool import Pool
from service.resources.common import Page

_GIVES = (errors.KEY_MODE_MISMATCH, errors.NOT_TURNED_ON)
_LEAVE = (
    "For a live key that is bound to nothing, once an owner or admin has allowed it on the page of keys (else 403 "
    "`not_turned_on`). Owners and admins are invited, changed and removed on our pages alone."
)


def team_operations(pool: Pool, cursors: Cursors, mails: Mails) -> tuple[Operation, ...]:
    """Members and invitations."""
    routes = TeamRoutes(pool, cursors, mails)
    shared: dict[str, Any] = {"tag": "team", "meter": Meter.NONE, "audit": Audit.MANAGEMENT}
    member = (parameters.path_id("id", "The member's id, `mem_…`."),)
    return (
        Operation(
            id="listMembers",
            method="GET",
            path="/v1/members",
            summary="List members",
            description="The people of the organization, oldest first, each with role and second factor.",
            scope="members:read",
            answer=Page[Member],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(MEMBER_EXAMPLE),
            run=routes.page,
            **shared,
        ),
        Operation(
            id="getMember",
            method="GET",
            path="/v1/members/{id}",
            summary="Get one member",
            description="One of the people of the organization.",
            scope="members:read",
            answer=Member,
            parameters=member,
            problems=(errors.NOT_FOUND,),
            example=MEMBER_EXAMPLE,
            run=routes.one,
            **shared,
        ),
        Operation(
            id="updateMember",
            by_test_key=ByTestKey.NEVER,
            method="PATCH",
            path="/v1/members/{id}",
            summary="Change a member's role",
            description=f"What a member may do on our pages. {_LEAVE}",
            scope="members:write",
            answer=Member,
            body=MemberUpdate,
            body_example={"role": "auditor"},
            parameters=member,
            problems=(*_GIVES, errors.NOT_FOUND),
            example=MEMBER_EXAMPLE,
            run=routes.change,
            **shared,
        ),
        Operation(
            id="deleteMember",
            by_test_key=ByTestKey.NEVER,
            method="DELETE",
            path="/v1/members/{id}",
            summary="Remove a member",
            description=f"Ends a membership and signs the person out everywhere. {_LEAVE}",
            scope="members:write",
            status=204,
            answer=None,
            parameters=member,
            problems=(*_GIVES, errors.NOT_FOUND),
            run=routes.remove,
            **shared,
        ),
        Operation(
            id="listInvitations",
            method="GET",
            path="/v1/invitations",
            summary="List invitations",
            description="Who is asked to join and has not yet, oldest first.",
            scope="members:read",
            answer=Page[Invitation],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(INVITATION_EXAMPLE),
            run=routes.invitations,
            **shared,
        ),
        Operation(
            id="createInvitation",
            by_test_key=ByTestKey.NEVER,
            method="POST",
            path="/v1/invitations",
            summary="Invite somebody",
            description=f"Mails a link that works for a week. {_LEAVE} With an `Idempotency-Key` a repeated request "
            "sends one mail.",
            scope="members:write",
            status=201,
            answer=Invitation,
            body=NewInvitation,
            body_example={"email": "ash@ledgerline.example", "role": "developer"},
            problems=(*_GIVES, errors.CONFLICT),
            example=INVITATION_EXAMPLE,
            run=routes.invite,
            **shared,
        ),
        Operation(
            id="deleteInvitation",
            by_test_key=ByTestKey.NEVER,
            method="DELETE",
            path="/v1/invitations/{id}",
            summary="Take an invitation back",
            description="Its link works no more. For a live key that is bound to nothing; it needs nobody's leave.",
            scope="members:write",
            status=204,
            answer=None,
            parameters=(parameters.path_id("id", "The invitation's id, `ivt_…`."),),
            problems=(errors.KEY_MODE_MISMATCH, errors.NOT_FOUND),
            run=routes.take_back,
            **shared,
        ),
    )
