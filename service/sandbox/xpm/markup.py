"""The same answer as JSON in XML's shape and as XML: one child is an object there, several are an array."""

from typing import Any, TypeGuard
from xml.sax.saxutils import escape

from service.sandbox.http import Json, Request, Response, json_response


def answer(request: Request, status: int, found: Json, *headers: tuple[str, str]) -> Response:
    """`<Response>…`: in JSON for who asks for it, in XML for everybody else."""
    payload: Json = {"Response": found}
    if "application/json" in request.headers.get("accept", ""):
        return json_response(status, payload, *headers)
    text = f'<?xml version="1.0" encoding="utf-8"?>{_element("Response", found)}'
    return Response(status, text.encode(), (("content-type", "text/xml; charset=utf-8"), *headers))


def _element(name: str, value: object) -> str:
    if _is_array(value):
        return "".join(_element(name, item) for item in value)
    if value is None:
        return f"<{name} />"
    if _is_object(value):
        inner = "".join(_element(key, item) for key, item in value.items())
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _is_array(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_object(value: object) -> TypeGuard[Json]:
    return isinstance(value, dict)
