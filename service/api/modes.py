"""Test keys change nothing that live calls obey: `infra/decisions/0013`."""

from typing import Final

from msgspec.structs import replace

from service.accounts.tokens import Mode
from service.api.call import Answer, Call
from service.api.operation import ByTestKey, Operation, changes_ours
from service.errors import KEY_MODE_MISMATCH, ApiProblem

_OBEYED: Final = "Live calls obey what this changes: use a live key, or the portal."


def require_own_mode(call: Call, *, is_sandbox: bool) -> None:
    """Raises a 403 problem where a test key is about to change what is no sandbox's."""
    if call.known_caller.mode is Mode.TEST and not is_sandbox:
        raise ApiProblem(KEY_MODE_MISMATCH, _OBEYED)


def minding_modes(operation: Operation) -> Operation:
    """The operation, which then refuses test keys if it has to, and says so."""
    may = operation.by_test_key or (ByTestKey.NEVER if changes_ours(operation) else ByTestKey.FREELY)
    if may is ByTestKey.FREELY:
        return operation
    known = KEY_MODE_MISMATCH in operation.problems
    told = operation if known else replace(operation, problems=(*operation.problems, KEY_MODE_MISMATCH))
    if may is ByTestKey.WITHIN_SANDBOXES:
        return told
    run = operation.run

    async def refusing(call: Call) -> Answer:
        require_own_mode(call, is_sandbox=False)
        return await run(call)

    return replace(told, run=refusing)
