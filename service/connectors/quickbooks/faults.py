"""What QuickBooks' answers mean, by the code of the fault, else its status, else its type.

Source: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes and recorded traffic,
read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Final

from service.connectors.quickbooks.fault_envelopes import WireError, WireFault, read_fault
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


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. A good answer costs a look at its first bytes; one of change data capture, which
    may hold a fault for one of its entities, a look at all of them."""
    if response.status == 200 and response.body.startswith(_GOOD) and not _may_hold_fault(response.body):
        return None
    wire = read_fault(response.body)
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
        b"BatchItemResponse",
    )
)

_HEAD: Final = 256
_CAPTURED: Final = b'{"CDCResponse":'


def _may_hold_fault(body: bytes) -> bool:
    """Within a text the quotes would be escaped, so that only a name looks like this."""
    return body.find(b'"Fault":', 0, None if body.startswith(_CAPTURED) else _HEAD) >= 0


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
    "4000": Refused,
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
