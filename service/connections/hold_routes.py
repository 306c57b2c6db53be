"""`/v1/connections/{id}/pause` and `/resume`."""

from service import errors
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Meter, Operation
from service.api.parameters import path_id
from service.connections.errors import ConnectionNotUsableError
from service.connections.hold import pause_connection, resume_connection
from service.connections.linking import Linking
from service.connections.named import connection_to_change
from service.connections.routes import CONNECTION_EXAMPLE, Connection, to_connection
from service.connections.store import ConnectionRecord
from service.errors import ApiProblem


class HoldRoutes:
    """The answers about pausing."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def pause(self, call: Call) -> Answer:
        record = await connection_to_change(call, self._linking)
        try:
            return await self._shown(call, await pause_connection(self._linking, record))
        except ConnectionNotUsableError as refusal:
            raise ApiProblem(
                errors.CONNECTION_NEEDS_ATTENTION,
                f"Only a connection in use can be paused, but {refusal}.",
            ) from None

    async def resume(self, call: Call) -> Answer:
        record = await connection_to_change(call, self._linking)
        try:
            return await self._shown(call, await resume_connection(self._linking, record))
        except ConnectionNotUsableError as refusal:
            raise ApiProblem(
                errors.CONNECTION_NEEDS_ATTENTION,
                f"Only a paused connection can be resumed, but {refusal}.",
            ) from None

    async def _shown(self, call: Call, record: ConnectionRecord) -> Answer:
        call.connection_id, call.vendor, call.firm_id, call.rows = record.id, record.vendor, record.firm_id, 1
        accounts = await self._linking.connections.accounts_of(call.known_caller, [record])
        return answer_of(to_connection(record, accounts[record.id]))


def hold_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about pausing."""
    routes = HoldRoutes(linking)
    named = path_id("id", "The connection's id, `con_…`.")
    problems = (errors.NOT_FOUND, errors.CONNECTION_NEEDS_ATTENTION)
    return (
        Operation(
            id="pauseConnection",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/connections/{id}/pause",
            tag="connections",
            summary="Pause a connection",
            description="Calls through it answer 424 until it is resumed, and the vendor is not asked for anything. "
            "Pausing it again changes nothing; one that is not in use is a 424.",
            scope="connections:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Connection,
            parameters=(named,),
            problems=problems,
            example=CONNECTION_EXAMPLE
            | {
                "state": "paused",
                "reason": "paused by its organization",
                "advice": "Resume the connection; calls answer 424 until then.",
            },
            run=routes.pause,
        ),
        Operation(
            id="resumeConnection",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/connections/{id}/resume",
            tag="connections",
            summary="Resume a connection",
            description="Ends a pause. Resuming one that is in use changes nothing; any other is a 424.",
            scope="connections:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Connection,
            parameters=(named,),
            problems=problems,
            example=CONNECTION_EXAMPLE,
            run=routes.resume,
        ),
    )
