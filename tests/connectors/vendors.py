"""A sandbox vendor with a grant: plays flows against it, each request sent once, without the engine."""

from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID

import httpx
from msgspec import Struct

from service.connectors.registry import get_connector
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.binding import Binding, Query
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import walk
from service.ids import Book
from service.sandbox.serve import SandboxServer

T = TypeVar("T")
LIMITS = {"canopy": ("per_minute",), "quickbooks": ("per_second", "per_minute")}


class Vendor(Struct, frozen=True):
    """A sandbox vendor with a grant."""

    connector: Connector
    server: SandboxServer
    http: httpx.Client
    book: Book

    def binding(self, resource: str) -> Binding[Any, Any, Any]:
        return self.connector.bindings()[resource]

    def run(self, flow: Flow[T]) -> T:
        """The flow's value, each request sent once; faults are thrown into the flow."""
        try:
            request = next(flow)
            while True:
                answer = self.send(request)
                fault = self.connector.classify(request, answer)
                request = flow.send(answer) if fault is None else flow.throw(fault)
        except StopIteration as stop:
            value: T = stop.value
            return value

    def send(self, request: Request) -> Response:
        headers = {"accept": request.accept, "content-type": request.content_type}
        headers.update(request.headers)
        sent = self.http.request(
            request.method, request.path, params=request.query, content=request.body, headers=headers
        )
        return Response(sent.status_code, dict(sent.headers), sent.content)

    def every(self, resource: str, **query: Any) -> list[Any]:
        """All records, walked page by page."""
        page = self.binding(resource).page
        assert page is not None
        found: list[Any] = []
        self.run(walk(page, Query(limit=query.pop("limit", 200), **query), self.book, found.extend))
        return found


def connected(server: SandboxServer, slug: str) -> Iterator[Vendor]:
    server.reset()
    server.limits(**dict.fromkeys(LIMITS[slug]))
    connector = get_connector(slug)
    assert isinstance(connector.auth, OAuth2)
    grant = server.grant(scopes=list(connector.auth.scopes))
    root = connector.root.replace("{account}", grant.account)
    headers = {"authorization": f"Bearer {grant.access_token}"}
    with httpx.Client(base_url=server.url + root, headers=headers, timeout=10) as client:
        yield Vendor(connector, server, client, Book(UUID(int=7), 0, grant.account, "USD"))
