"""The envelopes in which QuickBooks tells of a fault, some of them inside HTTP 200:

    {"Fault": {"Error": [{Message, Detail, code, element}], "type"}}        HTTP 400, 403, 500 or 200
    {"fault": {"error": [{message, detail, code, element}], "type"}}        HTTP 401
    {"AttachableResponse": [{"Fault": …}]}                                  HTTP 200, uploads
    {"QueryResponse": {"Fault": …}}, {"CDCResponse": [{"Fault": …}]},
    {"CDCResponse": [{"QueryResponse": [{"Fault": …}]}]}                    HTTP 200, by the schema
    <IntuitResponse><Fault type><Error code><Message/><Detail/>…            throttling, though JSON was asked for

Source: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes, Intuit's
IntuitRestServiceDef.xsd and recorded traffic, read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader


class WireError(Struct, frozen=True):
    message: str = ""
    detail: str = ""
    code: str = ""
    element: str | None = None


class WireFault(Struct, frozen=True):
    errors: tuple[WireError, ...] = ()
    type: str = ""


class _UpperError(Struct, frozen=True):
    Message: str | None = None
    Detail: str | None = None
    code: str | int = ""
    element: str | None = None


class _UpperFault(Struct, frozen=True):
    Error: tuple[_UpperError, ...] = ()
    type: str | None = None


class _LowerError(Struct, frozen=True):
    message: str | None = None
    detail: str | None = None
    code: str | int = ""
    element: str | None = None


class _LowerFault(Struct, frozen=True):
    error: tuple[_LowerError, ...] = ()
    type: str | None = None


class _Part(Struct, frozen=True):
    Fault: _UpperFault | None = None


class _Captured(Struct, frozen=True):
    Fault: _UpperFault | None = None
    QueryResponse: tuple[_Part, ...] = ()


class _Envelope(Struct, frozen=True):
    Fault: _UpperFault | None = None
    fault: _LowerFault | None = None
    AttachableResponse: tuple[_Part, ...] = ()
    QueryResponse: _Part = _Part()
    CDCResponse: tuple[_Captured, ...] = ()


_read_json: Final = lenient_reader(_Envelope, _Envelope())


def read_fault(body: bytes) -> WireFault | None:
    """The fault that a body tells of, in whichever envelope; None where it tells of none."""
    if body.lstrip()[:1] == b"<":
        return _read_xml(body)
    envelope = _read_json(body)
    upper = next(_upper(envelope), None)
    if upper is not None:
        errors = (WireError(e.Message or "", e.Detail or "", str(e.code), e.element) for e in upper.Error)
        return WireFault(tuple(errors), upper.type or "")
    lower = envelope.fault
    if lower is not None:
        errors = (WireError(e.message or "", e.detail or "", str(e.code), e.element) for e in lower.error)
        return WireFault(tuple(errors), lower.type or "")
    return None


def _upper(envelope: _Envelope) -> Iterator[_UpperFault]:
    yield from (found for found in (envelope.Fault, envelope.QueryResponse.Fault) if found is not None)
    yield from (part.Fault for part in envelope.AttachableResponse if part.Fault is not None)
    for captured in envelope.CDCResponse:
        if captured.Fault is not None:
            yield captured.Fault
        yield from (part.Fault for part in captured.QueryResponse if part.Fault is not None)


_MOST_XML: Final = 64 * 1024


def _read_xml(body: bytes) -> WireFault | None:
    """The XML envelope, whatever its namespace; None for a web page or anything suspicious."""
    if len(body) > _MOST_XML:
        return None
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    fault = root.find(".//{*}Fault")
    if fault is None:
        return None
    errors = (
        WireError(e.findtext("{*}Message", ""), e.findtext("{*}Detail", ""), e.get("code", ""), e.get("element"))
        for e in fault.findall("{*}Error")
    )
    return WireFault(tuple(errors), fault.get("type", ""))
