"""What can be done through one connection: the coverage of its vendor."""

from service import errors
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.connections.named import connection_named
from service.connections.open import Connections
from service.errors import missing
from service.unified.coverage import Coverage, VendorCoverage


def capability_operations(connections: Connections, coverage: Coverage) -> tuple[Operation, ...]:
    """The coverage of a connection's vendor, for those who hold a connection and not a vendor's name."""

    async def capabilities(call: Call) -> Answer:
        found = coverage.of((await connection_named(call, connections)).vendor)
        if found is None:
            raise missing()
        return answer_of(found)

    return (
        Operation(
            id="getConnectionCapabilities",
            method="GET",
            path="/v1/connections/{id}/capabilities",
            tag="connections",
            summary="Get what a connection can do",
            description="Operations, fields, filters, paging and limits of the connection's vendor.",
            scope="connections:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=VendorCoverage,
            parameters=(parameters.path_id("id", "The connection's id, `con_…`."),),
            problems=(errors.NOT_FOUND,),
            run=capabilities,
        ),
    )
