"""What stands around the nouns, put together: batches, passthrough, sessions, operations, overrides."""

from typing import Any

from msgspec import Struct

from service.api.edge import Edge
from service.api.operation import Operation
from service.connectors.sdk.connector import Connector
from service.operations.routes import Operations, operation_operations
from service.operations.slow import SlowWrites
from service.unified.batch import Batches
from service.unified.overrides.routes import Overrides, override_operations
from service.unified.passthrough import Passthroughs
from service.unified.routes.around import around_operations
from service.unified.routes.nouns import NOUNS
from service.unified.sessions import Sessions


class Around(Struct, frozen=True, kw_only=True):
    """The parts. Those that make calls to the API themselves are given it by `attach`."""

    batches: Batches
    passthroughs: Passthroughs
    sessions: Sessions
    operations: Operations
    overrides: Overrides
    slow: SlowWrites
    connectors: tuple[Connector, ...]

    def attach(self, edge: Edge) -> None:
        """The rim of the API, which exists only once all routes do."""
        self.batches.serve = edge
        self.operations.rim = edge
        self.slow.rim = edge

    def all(self) -> tuple[Operation, ...]:
        """Their operations."""
        nouns = {noun.name: noun for noun in NOUNS}
        vendors = tuple(connector.slug for connector in self.connectors)
        return (
            *around_operations(self.batches, self.passthroughs, self.sessions),
            *operation_operations(self.operations),
            *override_operations(self.overrides, nouns, vendors),
        )


def unopened(nothing: Any, connectors: tuple[Connector, ...]) -> Around:
    """For the contract, which only names the parts."""
    return Around(
        batches=nothing,
        passthroughs=nothing,
        sessions=nothing,
        operations=nothing,
        overrides=nothing,
        slow=nothing,
        connectors=connectors,
    )
