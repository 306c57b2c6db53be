"""One sandbox vendor as an ASGI application: the vendor's contract, faults on the way, control calls beside it."""

import asyncio
import traceback

from service.sandbox import trouble
from service.sandbox.control import PREFIX, Control
from service.sandbox.faults import Fault, FaultKind, FaultQueue
from service.sandbox.http import (
    BodyTooLargeError,
    DisconnectedError,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    json_response,
    read_request,
    respond,
)
from service.sandbox.stats import Stats
from service.sandbox.vendor import TakesFiles, Translating, UnsupportedFaultError, Vendor


class Sandbox:
    """Serves one vendor. Calls are answered one at a time on one event loop, so a handler never sees half a write."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._faults = FaultQueue()
        self._stats = Stats()
        self._control = Control(vendor, self._faults, self._stats)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        client = _client(scope)
        try:
            request = await read_request(scope, receive, self._takes_large(scope))
        except DisconnectedError:
            return
        except BodyTooLargeError:
            await respond(send, json_response(413, {"error": "body too large"}))
            return
        if request.path.startswith(PREFIX):
            await respond(send, self._control.answer(request, client[0]))
            return
        with self._stats.under_way():
            await self._serve(request, send, client)

    async def _serve(self, request: Request, send: Send, client: tuple[str, int]) -> None:
        pattern = self._vendor.route(request)
        if self._control.latency_s:
            await asyncio.sleep(self._control.latency_s)
        fault = self._faults.take(request, self._vendor)
        if fault is not None and fault.kind is FaultKind.TIMEOUT:
            self._stats.count(request.method, pattern, 0)
            await asyncio.sleep(fault.for_s)
            await trouble.lose(send, client)
            return
        if fault is not None and fault.kind is FaultKind.HUGE_BODY:
            self._stats.count(request.method, pattern, 200)
            await trouble.overflow(fault, send)
            return
        response = self._answer(fault, request)
        if isinstance(self._vendor, Translating):
            response = self._vendor.translated(request, response)
        self._stats.count(request.method, pattern, response.status)
        if fault is not None and fault.kind is FaultKind.LOST_ANSWER:
            await asyncio.sleep(fault.for_s)
        await trouble.deliver(fault, response, send, client)

    def _takes_large(self, scope: Scope) -> bool:
        return isinstance(self._vendor, TakesFiles) and self._vendor.takes_file(scope["method"], scope["path"])

    def _answer(self, fault: Fault | None, request: Request) -> Response:
        if fault is not None and (response := trouble.instead(fault, self._vendor)) is not None:
            return response
        try:
            return trouble.perform(fault, request, self._vendor)
        except UnsupportedFaultError:
            return self._vendor.handle(request)
        except Exception:  # the rim: whatever a caller sends, the vendor answers in its own words
            traceback.print_exc()
            return self._vendor.server_error(500)


def _client(scope: Scope) -> tuple[str, int]:
    host, port = scope.get("client") or ("", 0)
    return str(host), int(port)
