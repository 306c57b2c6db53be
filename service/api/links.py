"""What leads on from an answer, as the contract tells of it: an id in the body is a parameter of other operations."""

from collections.abc import Iterable
from typing import Any, Final

from service.api.operation import Operation

_ID: Final = {"id": "$response.body#/id"}
_WORDS: Final = {"GET": "Read", "PATCH": "Change", "DELETE": "Take away"}


class Links:
    """The links between operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._at: dict[str, list[Operation]] = {}
        for operation in operations:
            self._at.setdefault(operation.path, []).append(operation)

    def of(self, operation: Operation, status: int) -> dict[str, Any]:
        """Those of one answer: from what was created to itself, from what goes on to its end."""
        if status == 202:
            return self._to("/v1/operations/{id}")
        is_named = status == 201 and "id" in getattr(operation.answer, "__struct_fields__", ())
        return self._to(f"{operation.path}/{{id}}") if is_named else {}

    def _to(self, path: str) -> dict[str, Any]:
        found = [one for one in self._at.get(path, []) if one.method in _WORDS]
        return {
            one.id: {"operationId": one.id, "parameters": _ID, "description": f"{_WORDS[one.method]} it by its id."}
            for one in found
        }
