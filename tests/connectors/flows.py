"""Plays a flow against answers prepared in advance: no engine, no network."""

import json
from typing import Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from service.connectors.sdk.connector import Connector
from service.connectors.sdk.flow import Flow, Request, Response
from service.ids import Book

T = TypeVar("T")

BOOK = Book(UUID(int=7), 0, "9130000000000001", "USD")
NO_CURRENCY = Book(UUID(int=7), 0, "9130000000000001")


class Played(Struct, Generic[T], frozen=True):
    value: T
    requests: list[Request]

    def query(self, index: int = 0) -> str:
        """The QuickBooks statement of a request."""
        return dict(self.requests[index].query)["query"]

    def body(self, index: int = 0) -> object:
        sent: object = json.loads(self.requests[index].body or b"null")
        return sent


def ok(value: object) -> Response:
    return Response(200, {}, json.dumps(value).encode())


def play(connector: Connector, flow: Flow[T], *answers: Response) -> Played[T]:
    """The flow's value and what it asked for. Faults that `classify` finds are thrown into the flow, as in life."""
    requests: list[Request] = []
    left = list(answers)
    try:
        request = next(flow)
        while True:
            requests.append(request)
            answer = left.pop(0)
            if connector.as_json is not None:
                answer = connector.as_json(answer)
            fault = connector.classify(request, answer)
            request = flow.send(answer) if fault is None else flow.throw(fault)
    except StopIteration as stop:
        value: T = stop.value
        assert not left, "the flow asked for less than was prepared"
        return Played(value, requests)
