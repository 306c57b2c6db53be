"""Everything that a key can ask about connecting, keeping and ending connections."""

from service.api.operation import Operation
from service.connections.approvals.routes import approval_operations
from service.connections.end_routes import end_operations
from service.connections.export_routes import export_operations
from service.connections.health_routes import health_operations
from service.connections.hold_routes import hold_operations
from service.connections.hosted.operations import hosted_operations
from service.connections.issues.routes import issue_operations
from service.connections.linking import Linking


def linking_operations(linking: Linking) -> tuple[Operation, ...]:
    """All of them, by path."""
    return (
        *hosted_operations(linking),
        *health_operations(linking),
        *end_operations(linking),
        *export_operations(linking),
        *hold_operations(linking),
        *issue_operations(linking),
        *approval_operations(linking),
    )
