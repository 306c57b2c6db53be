"""The same answer as JSON in XML's shape and as XML: one child is an object there, several are an array."""

from typing import Any, TypeGuard
from xml.sax.saxutils import escape

import msgspec

from service.sandbox.http import Json, Response

ROOT = "Response"


def as_xml(response: Response) -> Response:
    """`{"Response": …}` as `<Response>…`; anything else as it is."""
    payload = response.payload
    if not _is_object(payload) or [*payload] != [ROOT]:
        return response
    text = f'<?xml version="1.0" encoding="utf-8"?>{_element(ROOT, payload[ROOT])}'
    kept = tuple(pair for pair in response.headers if pair[0] != "content-type")
    headers = (("content-type", "text/xml; charset=utf-8"), *kept)
    return msgspec.structs.replace(response, body=text.encode(), headers=headers)


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
