"""The same answer as JSON in XML's shape and as XML: one child is an object there, several are an array."""

from typing import Any
from xml.sax.saxutils import escape

from service.sandbox.http import Json, Request, Response, json_response


def answer(request: Request, status: int, found: Json, *headers: tuple[str, str]) -> Response:
    """`<Response>…`: in JSON for who asks for it, in XML for everybody else."""
    payload: Json = {"Response": found}
    if "application/json" in request.headers.get("accept", ""):
        return json_response(status, payload, *headers)
    text = f'<?xml version="1.0" encoding="utf-8"?>{_element("Response", found)}'
    return Response(status, text.encode(), (("content-type", "text/xml; charset=utf-8"), *headers))


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        items: list[Any] = value
        return "".join(_element(name, item) for item in items)
    if value is None:
        return f"<{name} />"
    if isinstance(value, dict):
        children: Json = value
        inner = "".join(_element(key, item) for key, item in children.items())
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"
