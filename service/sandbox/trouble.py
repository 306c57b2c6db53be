"""What each fault does to a call: instead of it, to its answer, or to the way the answer leaves."""

import asyncio
from collections.abc import Callable
from email.utils import formatdate

import msgspec
from msgspec import UNSET

from service.sandbox import http
from service.sandbox.faults import FIELD_KINDS, OWN_KINDS, PAGE_KINDS, Fault, FaultKind
from service.sandbox.http import Json, Request, Response, Send, json_response
from service.sandbox.sever import sever
from service.sandbox.vendor import Provocable, Vendor

_DRIP_PIECES = 20
_HUGE_PIECE = b" " * 65536
_MAINTENANCE = b"<!doctype html><title>Maintenance</title><h1>We will be right back</h1>"


def instead(fault: Fault, vendor: Vendor) -> Response | None:
    """The answer a fault gives without performing the call; None when the call is to be performed."""
    match fault.kind:
        case FaultKind.THROTTLE:
            return _throttled(fault, vendor)
        case FaultKind.SERVER_ERROR:
            return _with_retry_after(vendor.server_error(fault.status or 503), fault, vendor)
        case FaultKind.NOT_JSON:
            return Response(fault.status or 200, _MAINTENANCE, (("content-type", "text/html; charset=utf-8"),))
        case FaultKind.FAULT_IN_200:
            return vendor.fault_in_200()
        case FaultKind.REDIRECT:
            return Response(fault.status or 302, b"", (("location", fault.location),))
        case _:
            return None


def perform(fault: Fault | None, request: Request, vendor: Vendor) -> Response:
    """The vendor's answer to a call, spoiled in content if the fault is of that sort."""
    if fault is None:
        return vendor.handle(request)
    if fault.kind is FaultKind.EXPIRE_TOKEN:
        vendor.grants.expire(request.bearer or request.api_key)
    if fault.kind in OWN_KINDS and isinstance(vendor, Provocable):
        vendor.provoke(fault.kind, request)
    if fault.kind is not FaultKind.CLOCK_SKEW:
        return _spoil(fault, request, vendor, vendor.handle(request))
    vendor.clock.skew_s = fault.for_s
    try:
        response = vendor.handle(request)
        return response.plus(("date", vendor.clock.http_date()))
    finally:
        vendor.clock.skew_s = 0.0


async def deliver(fault: Fault | None, response: Response, send: Send, client: tuple[str, int]) -> None:
    """Sends the answer, or as much of it as the fault lets through."""
    kind = fault.kind if fault else None
    if fault is None or kind not in {FaultKind.SLOW_DRIP, FaultKind.TRUNCATED, FaultKind.LOST_ANSWER}:
        await http.respond(send, response)
    elif kind is FaultKind.SLOW_DRIP:
        await _drip(response, send, fault.for_s)
    elif kind is FaultKind.TRUNCATED:
        await _truncate(response, send)
    else:
        await lose(send, client)


async def lose(send: Send, client: tuple[str, int]) -> None:
    """Ends the connection with no answer; where that is impossible, an answer whose body never comes."""
    if sever(client):
        # The server still wants the response of a call it handed out; it goes nowhere.
        await http.start(send, 500, (), 0)
        await send({"type": "http.response.body", "body": b""})
        return
    await _truncate(Response(200, b" "), send)


async def overflow(fault: Fault, send: Send) -> None:
    """JSON that begins well and then does not end for `size_bytes`."""
    await http.start(send, 200, (("content-type", "application/json"),), None)
    await send({"type": "http.response.body", "body": b'{"padding":"', "more_body": True})
    for _ in range(fault.size_bytes // len(_HUGE_PIECE)):
        await send({"type": "http.response.body", "body": _HUGE_PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b'"}'})


def _throttled(fault: Fault, vendor: Vendor) -> Response:
    usual = vendor.throttled(None)
    return _with_retry_after(usual, fault, vendor)


def _with_retry_after(response: Response, fault: Fault, vendor: Vendor) -> Response:
    if fault.retry_after is UNSET:
        return response
    headers = tuple(pair for pair in response.headers if pair[0] != "retry-after")
    if fault.retry_after is not None:
        seconds = fault.retry_after
        value = formatdate(vendor.clock.said_s() + seconds, usegmt=True) if fault.as_date else str(seconds)
        headers += (("retry-after", value),)
    return msgspec.structs.replace(response, headers=headers)


def _spoil(fault: Fault, request: Request, vendor: Vendor, response: Response) -> Response:
    if response.status >= 300 or not isinstance(response.payload, dict):
        return response
    if fault.kind is FaultKind.WRONG_SHAPE:
        return _replaced(response, [] if fault.body is None else fault.body)
    if fault.kind not in FIELD_KINDS | PAGE_KINDS:
        return response
    payload: Json = msgspec.json.decode(response.body)
    if fault.kind in PAGE_KINDS:
        return _replaced(response, vendor.page_fault(fault.kind, request, payload))
    for record in vendor.records(payload):
        _change(record, (fault.field or "").split("."), _changer(fault))
    return _replaced(response, payload)


def _changer(fault: Fault) -> Callable[[Json, str], None]:
    def rename(holder: Json, name: str) -> None:
        holder[fault.to or f"{name}_v2"] = holder.pop(name)

    def remove(holder: Json, name: str) -> None:
        del holder[name]

    def replace(holder: Json, name: str) -> None:
        holder[name] = fault.value

    return {FaultKind.DRIFT: rename, FaultKind.MISSING_FIELD: remove}.get(fault.kind, replace)


def _change(holder: object, path: list[str], change: Callable[[Json, str], None]) -> None:
    """Walks a dotted path through objects and the elements of lists, and changes the last name where it exists."""
    if isinstance(holder, list):
        for element in holder:  # pyright: ignore[reportUnknownVariableType]
            _change(element, path, change)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(holder, dict) and path[0] in holder:
        if len(path) == 1:
            change(holder, path[0])  # pyright: ignore[reportUnknownArgumentType]
        else:
            _change(holder[path[0]], path[1:], change)  # pyright: ignore[reportUnknownArgumentType]


def _replaced(response: Response, payload: object) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0] != "content-type")
    return json_response(response.status, payload, *kept)


async def _drip(response: Response, send: Send, seconds: float) -> None:
    size = max(1, -(-response.size_bytes // _DRIP_PIECES))
    await http.start(send, response.status, response.headers, response.size_bytes)
    for begin in range(0, response.size_bytes, size):
        await asyncio.sleep(seconds / _DRIP_PIECES)
        await send({"type": "http.response.body", "body": response.read(begin, begin + size), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _truncate(response: Response, send: Send) -> None:
    """Half the body under the length of the whole; the server then cuts the connection, as the rest never comes."""
    await http.start(send, response.status, response.headers, max(1, response.size_bytes))
    await http.send_pieces(send, response, response.size_bytes // 2)
