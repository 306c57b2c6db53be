"""What QuickBooks' answers mean. It reports faults in four envelopes, one of them inside HTTP 200:

    {"Fault": {"Error": [{Message, Detail, code, element}], "type"}}        HTTP 400, 403, 500 or 200
    {"fault": {"error": [{message, detail, code, element}], "type"}}        HTTP 401
    {"AttachableResponse": [{"Fault": …}]}                                  HTTP 200, uploads
    <IntuitResponse><Fault type><Error code><Message/><Detail/>…            throttling, though JSON was asked for

Source: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes and recorded traffic,
read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec import Struct

from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    FieldFault,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    StaleVersion,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


class WireError(Struct, frozen=True):
    message: str = ""
    detail: str = ""
    code: str = ""
    element: str | None = None


class WireFault(Struct, frozen=True):
    errors: tuple[WireError, ...] = ()
    type: str = ""


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. A good answer costs one comparison of its first bytes."""
    if response.status == 200 and response.body.startswith(_GOOD):
        return None
    wire = _read_fault(response.body)
    if wire is None:
        return None if 200 <= response.status < 300 else _by_status(response)
    return _by_code(request, response, wire)


_GOOD: Final = tuple(
    b'{"%s":' % name
    for name in (
        b"QueryResponse",
        b"Customer",
        b"Invoice",
        b"Payment",
        b"CreditMemo",
        b"Item",
        b"Class",
        b"Department",
        b"Employee",
        b"TimeActivity",
        b"Attachable",
        b"Preferences",
        b"CDCResponse",
    )
)
_MOST_XML: Final = 64 * 1024

_BY_CODE: Final[Mapping[str, type[VendorFault]]] = {
    "120": ConnectionRefused,
    "500": Refused,
    "610": NotFound,
    "2010": Invalid,
    "2030": Invalid,
    "2050": Invalid,
    "2080": Invalid,
    "2500": Invalid,
    "3001": RateLimited,
    "3100": ConnectionRefused,
    "3200": CredentialsExpired,
    "4001": Refused,
    "5010": StaleVersion,
    "6000": Invalid,
    "6140": Conflict,
    "6190": ConnectionRefused,
    "6210": Conflict,
    "6240": Conflict,
    "10000": Unavailable,
}
_BY_TYPE: Final[Mapping[str, type[VendorFault]]] = {
    "validationfault": Invalid,
    "systemfault": Unavailable,
    "authenticationfault": CredentialsExpired,
    "authentication": CredentialsExpired,
    "authorizationfault": ConnectionRefused,
    "authorizatonfault": ConnectionRefused,
    "service": Unavailable,
}


def _by_code(request: Request, response: Response, wire: WireFault) -> VendorFault:
    first = wire.errors[0] if wire.errors else WireError()
    code = first.code.lstrip("0") or None
    kind = _BY_CODE.get(code or "") or _kind_by_status(response.status) or _BY_TYPE.get(wire.type.lower(), Refused)
    if response.status == 429:
        kind = RateLimited
    elif code == "2030" and request.method == "GET":
        kind = NotFound
    return kind(
        ": ".join(text for text in (first.message, first.detail) if text)[:500],
        status=response.status,
        code=code,
        request_id=_trace_id(response),
        retry_after_s=retry_after_s(response),
        fields=_fields(wire, request.path) if issubclass(kind, Conflict | Invalid) else (),
    )


def _trace_id(response: Response) -> str | None:
    """The header is written both ways."""
    return response.headers.get("intuit_tid") or response.headers.get("intuit-tid")


def _kind_by_status(status: int) -> type[VendorFault] | None:
    if status >= 500:
        return Unavailable
    return _BY_STATUS.get(status)


_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    429: RateLimited,
}


def _by_status(response: Response) -> VendorFault:
    """A fault without an envelope, such as a gateway's own page."""
    kind = _kind_by_status(response.status) or Refused
    return kind(
        f"HTTP {response.status} without a fault we know",
        status=response.status,
        request_id=_trace_id(response),
        retry_after_s=retry_after_s(response),
    )


_REFERENCE: Final = re.compile(r"Invalid Reference Id : (\w+)")
_POINTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "/customer": {
        "DisplayName": "/display_name",
        "CompanyName": "/legal_name",
        "GivenName": "/given_name",
        "FamilyName": "/family_name",
        "Active": "/status",
        "PrimaryEmailAddr": "/emails",
        "PrimaryPhone": "/phones",
        "Mobile": "/phones",
        "AlternatePhone": "/phones",
        "Fax": "/phones",
        "BillAddr": "/addresses",
        "ShipAddr": "/addresses",
        "WebAddr": "/website",
        "ParentRef": "/parent",
        "CurrencyRef": "/currency",
        "Notes": "/notes",
        "Names": "/parent",
        "6240": "/display_name",
    },
    "/invoice": {
        "CustomerRef": "/client",
        "Line": "/lines",
        "ItemRef": "/lines",
        "DocNumber": "/number",
        "TxnDate": "/issued_on",
        "DueDate": "/due_on",
        "CurrencyRef": "/currency",
        "CustomerMemo": "/memo",
        "Items": "/lines",
        "Names": "/client",
        "6140": "/number",
    },
    "/creditmemo": {
        "CustomerRef": "/client",
        "Line": "/lines",
        "ItemRef": "/lines",
        "DocNumber": "/number",
        "TxnDate": "/issued_on",
        "CurrencyRef": "/currency",
        "CustomerMemo": "/memo",
        "Items": "/lines",
        "Names": "/client",
        "6140": "/number",
    },
    "/payment": {
        "CustomerRef": "/client",
        "TotalAmt": "/amount",
        "Line": "/allocations",
        "Line.Amount": "/allocations",
        "PaymentMethodRef": "/method",
        "PaymentRefNum": "/reference",
        "DepositToAccountRef": "/deposit_account",
        "TxnDate": "/received_on",
        "CurrencyRef": "/amount/currency",
        "Accounts": "/deposit_account",
        "Names": "/client",
        "Txn": "/allocations",
    },
    "/timeactivity": {
        "EmployeeRef": "/user",
        "CustomerRef": "/client",
        "ItemRef": "/service_item",
        "TxnDate": "/worked_on",
        "Hours": "/minutes",
        "Minutes": "/minutes",
        "BillableStatus": "/billable",
        "Description": "/description",
        "Items": "/service_item",
    },
    "/attachable": {"FileName": "/name", "Note": "/summary", "Category": "/category"},
}
"""By path: the unified pointer for the vendor's element, the kind of a broken reference (2500), or the code."""


def _fields(wire: WireFault, path: str) -> tuple[FieldFault, ...]:
    """The fields named by the errors. The vendor's `Message` is a fixed phrase; its `Detail` may quote client names."""
    pointers = _POINTERS.get(path, {})
    found: list[FieldFault] = []
    for error in wire.errors:
        broken = _REFERENCE.search(error.detail)
        hints = (error.element or "", broken[1] if broken else "", error.code)
        pointer = next((pointers[hint] for hint in hints if hint in pointers), None)
        if pointer is not None:
            found.append(FieldFault(pointer, error.code, error.message[:200]))
    return tuple(found)


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


_decode_envelope = msgspec.json.Decoder(_Envelope).decode


def _read_fault(body: bytes) -> WireFault | None:
    if body.lstrip()[:1] == b"<":
        return _read_xml(body)
    try:
        envelope = _decode_envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    upper = envelope.Fault or next((part.Fault for part in envelope.AttachableResponse if part.Fault), None)
    if upper is not None:
        errors = (WireError(e.Message, e.Detail or "", str(e.code), e.element) for e in upper.Error)
        return WireFault(tuple(errors), upper.type)
    lower = envelope.fault
    if lower is not None:
        errors = (WireError(e.message, e.detail or "", str(e.code), e.element) for e in lower.error)
        return WireFault(tuple(errors), lower.type)
    return None


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
