"""Everything that a key can ask about connecting, keeping and ending connections."""

from service.api.operation import Operation
from service.connections.approvals.routes import approval_operations
from service.connections.care_routes import care_operations
from service.connections.hold_routes import hold_operations
from service.connections.hosted.operations import hosted_operations
from service.connections.issues.routes import issue_operations
from service.connections.linking import Linking


def linking_operations(linking: Linking) -> tuple[Operation, ...]:
    """All of them, by path."""
    return (
        *hosted_operations(linking),
        *care_operations(linking),
        *hold_operations(linking),
        *issue_operations(linking),
        *approval_operations(linking),
    )
