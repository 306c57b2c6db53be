"""What is answered when a second person is missing."""

from service import errors, ids
from service.connections.approvals.require import ApprovalNeededError
from service.connections.errors import ApprovalError
from service.errors import ApiProblem, FieldError


def approval_problem(refusal: ApprovalError) -> ApiProblem:
    """A second person is missing, is the first one again, or said no."""
    found: tuple[FieldError, ...] = ()
    if isinstance(refusal, ApprovalNeededError):
        found = (FieldError("/approval", "required", ids.encode("apr", refusal.approval_id)),)
    said = str(refusal)
    return ApiProblem(errors.APPROVAL_REQUIRED, f"{said[0].upper()}{said[1:]}.", errors=found)
