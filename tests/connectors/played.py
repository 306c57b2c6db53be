"""A connector's flows, played against a real server: each request is sent once, without the engine's retries."""

from abc import ABC, abstractmethod
from typing import Any, TypeVar

from service.connectors.sdk.binding import Query
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import walk
from service.ids import Book

T = TypeVar("T")


class Played(ABC):
    """One account at a sandbox; how a request is sent there is the vendor's own."""

    def __init__(self, connector: Connector, book: Book) -> None:
        self.connector, self.book = connector, book

    @abstractmethod
    def send(self, request: Request) -> Response: ...

    def run(self, flow: Flow[T]) -> T:
        try:
            request = next(flow)
            while True:
                answer = self.send(request)
                fault = self.connector.classify(request, answer)
                request = flow.send(answer) if fault is None else flow.throw(fault)
        except StopIteration as stop:
            value: T = stop.value
            return value

    def every(self, resource: str, limit: int = 50, **filters: str) -> list[Any]:
        """All records, walked page by page."""
        page = self.connector.bindings()[resource].page
        assert page is not None
        found: list[Any] = []
        asked = {name: tuple(value.split(",")) for name, value in filters.items()}
        self.run(walk(page, Query(limit=limit, filters=asked), self.book, found.extend))
        return found

    def get(self, resource: str, remote_id: str) -> Any:
        get = self.connector.bindings()[resource].get
        assert get is not None
        return self.run(get(remote_id, self.book))

    def create(self, resource: str, new: Any) -> Any:
        create = self.connector.bindings()[resource].create
        assert create is not None
        return self.run(create(new, "key", self.book))

    def update(self, resource: str, remote_id: str, new: Any) -> Any:
        update = self.connector.bindings()[resource].update
        assert update is not None
        return self.run(update(remote_id, new, None, "key", self.book))

    def delete(self, resource: str, remote_id: str) -> None:
        delete = self.connector.bindings()[resource].delete
        assert delete is not None
        self.run(delete(remote_id, None, "key", self.book))
