"""Approvals and policies as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from service import ids
from service.connections.approvals.store import Action, Approval

Person = Annotated[str, Meta(min_length=3, max_length=320, pattern="^[^@\\s]+@[^@\\s]+$")]
Wanted = Literal["connect", "consent", "export"]


class ApprovalView(Struct, frozen=True, kw_only=True, tag_field="object", tag="approval"):
    """Something that one person asked for and another decides."""

    id: str
    """`apr_…`"""
    firm: str
    """Whose policy wants it, `firm_…`."""
    connection: str | None
    """What it is about, `con_…`."""
    action: Action
    """`connect`, `consent`, `export`, or `policy`: to loosen the policy itself."""
    detail: str
    """In words."""
    status: Literal["waiting", "approved", "refused", "used", "expired"]
    """How it stands; an approval serves once."""
    requested_by: str
    """The first person."""
    requested_at: datetime
    """When."""
    expires_at: datetime
    """Until when it can be decided and used."""
    decided_by: str | None
    """The second person."""
    decided_at: datetime | None
    """When."""


class DecisionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second person's word."""

    decision: Literal["approved", "refused"]
    """Yes or no."""
    decided_by: Person
    """Who decides, by e-mail address: another person than the first, with another key."""


class FirmPolicy(Struct, frozen=True, kw_only=True, tag_field="object", tag="firm_policy"):
    """What a firm wants two persons for."""

    firm: str
    """`firm_…`"""
    dual_control: tuple[Action, ...]
    """Adding a connection, widening a consent, exporting."""


class FirmPolicyUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it wants from now on."""

    dual_control: Annotated[tuple[Wanted, ...], Meta(max_length=3)]
    """The whole list. To take something off it needs a second person itself."""
    requested_by: Person
    """Who asks."""
    approval: str | None = None
    """`apr_…`, where something is taken off."""


def to_approval(found: Approval, at: datetime) -> ApprovalView:
    """An approval as it is shown."""
    status: Literal["waiting", "approved", "refused", "used", "expired"]
    if found.used_at is not None:
        status = "used"
    elif found.decision == "refused":
        status = "refused"
    elif found.expires_at <= at:
        status = "expired"
    else:
        status = found.decision or "waiting"
    return ApprovalView(
        id=ids.encode("apr", found.id),
        firm=ids.encode("firm", found.firm_id),
        connection=None if found.connection_id is None else ids.encode("con", found.connection_id),
        action=found.action,
        detail=found.detail,
        status=status,
        requested_by=found.requested_by,
        requested_at=found.requested_at,
        expires_at=found.expires_at,
        decided_by=found.decided_by,
        decided_at=found.decided_at,
    )


POLICY_EXAMPLE: Final[dict[str, Any]] = {
    "object": "firm_policy",
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "dual_control": ["connect", "export"],
}
APPROVAL_EXAMPLE: Final[dict[str, Any]] = {
    "object": "approval",
    "id": "apr_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "connection": "con_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "action": "connect",
    "detail": "Morgan Vale connected quickbooks for Ledgerline Apps: Matching invoices with payments",
    "status": "waiting",
    "requested_by": "morgan@birchvale.example",
    "requested_at": "2026-11-20T12:00:00Z",
    "expires_at": "2026-11-27T12:00:00Z",
    "decided_by": None,
    "decided_at": None,
}
