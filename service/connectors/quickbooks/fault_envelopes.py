"""The envelopes in which QuickBooks tells of a fault, four of them, one inside HTTP 200:

    {"Fault": {"Error": [{Message, Detail, code, element}], "type"}}        HTTP 400, 403, 500 or 200
    {"fault": {"error": [{message, detail, code, element}], "type"}}        HTTP 401
    {"AttachableResponse": [{"Fault": …}]}                                  HTTP 200, uploads
    <IntuitResponse><Fault type><Error code><Message/><Detail/>…            throttling, though JSON was asked for

Source: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes and recorded traffic,
read 2026-11-20.
"""

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
    Message: str = ""
    Detail: str | None = None
    code: str | int = ""
    element: str | None = None


class _UpperFault(Struct, frozen=True):
    Error: tuple[_UpperError, ...] = ()
    type: str = ""


class _LowerError(Struct, frozen=True):
    message: str = ""
    detail: str | None = None
    code: str | int = ""
    element: str | None = None


class _LowerFault(Struct, frozen=True):
    error: tuple[_LowerError, ...] = ()
    type: str = ""


class _Attachable(Struct, frozen=True):
    Fault: _UpperFault | None = None


class _Envelope(Struct, frozen=True):
    Fault: _UpperFault | None = None
    fault: _LowerFault | None = None
    AttachableResponse: tuple[_Attachable, ...] = ()


_read_json: Final = lenient_reader(_Envelope, _Envelope())


def read_fault(body: bytes) -> WireFault | None:
    """The fault that a body tells of, in whichever envelope; None where it tells of none."""
    if body.lstrip()[:1] == b"<":
        return _read_xml(body)
    envelope = _read_json(body)
    upper = envelope.Fault or next((part.Fault for part in envelope.AttachableResponse if part.Fault), None)
    if upper is not None:
        errors = (WireError(e.Message, e.Detail or "", str(e.code), e.element) for e in upper.Error)
        return WireFault(tuple(errors), upper.type)
    lower = envelope.fault
    if lower is not None:
        errors = (WireError(e.message, e.detail or "", str(e.code), e.element) for e in lower.error)
        return WireFault(tuple(errors), lower.type)
    return None


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
