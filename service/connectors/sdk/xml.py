"""XML answers, read safely: as JSON in XML's shape, so that everything behind reads one notation.

    <Clients><Client><Name>A</Name></Client><Client>…   {"Clients": {"Client": [{"Name": "A"}, …]}}

Elements that repeat are an array, one alone is not; an empty one is null, as is one that says `xsi:nil="true"`; all
else is text. Attributes stand beside the children as `@name`. Document types and entities are refused, and so is what
nests too deep.
"""

from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.connectors.sdk.faults import Malformed
from service.connectors.sdk.flow import Response

_DEEPEST: Final = 40
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_encode: Final = msgspec.json.Encoder().encode


def xml_as_json(response: Response) -> Response:
    """The answer with its XML body as JSON; any other body stays as it is.

    Raises Malformed for a good answer that cannot be read. A failure keeps such a body: its status says enough.
    """
    if not response.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return response
    try:
        root: Element = fromstring(response.body, forbid_dtd=True)
        body = _encode({_name(root): _value(root, _DEEPEST)})
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        if response.status >= 300:
            return response
        raise Malformed(
            f"{len(response.body)} bytes, not XML ({type(error).__name__})", status=response.status
        ) from None
    return msgspec.structs.replace(response, body=body)


def _value(element: Element, left: int) -> Any:
    """Raises ValueError where the elements nest too deep."""
    if not left:
        raise ValueError("nested too deep")
    if element.get(_NIL) in ("true", "1"):
        return None
    text = (element.text or "").strip() or None
    if not len(element):
        return text if not element.attrib else {**_attributes(element), "#text": text}
    found: dict[str, Any] = _attributes(element)
    for child in element:
        name, value = _name(child), _value(child, left - 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _attributes(element: Element) -> dict[str, Any]:
    return {f"@{name}": value for name, value in element.attrib.items()}


def _name(element: Element) -> str:
    """Without its namespace."""
    return element.tag.rpartition("}")[2]
