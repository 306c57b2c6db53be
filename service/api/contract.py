"""Serves the contract beside the API that it describes."""

from collections.abc import Callable, Iterable
from typing import Any

from service.api.call import Answer, Call
from service.api.openapi import render
from service.api.operation import Audit, Meter, Operation


def contract_operation(operations: Callable[[], Iterable[Operation]]) -> Operation:
    """`GET /openapi.json`: the document of all `operations`, made at the first call and kept."""
    kept: list[Answer] = []

    async def run(_call: Call) -> Answer:
        if not kept:
            kept.append(Answer(200, render(operations())))
        return kept[0]

    return Operation(
        id="getContract",
        method="GET",
        path="/openapi.json",
        tag="service",
        summary="Get this document",
        description="The API's contract, as OpenAPI 3.1.",
        scope=None,
        meter=Meter.NONE,
        audit=Audit.MANAGEMENT,
        answer=dict[str, Any],
        run=run,
    )
