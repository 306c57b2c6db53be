"""QuickBooks' error envelopes: the usual Fault, the lower-case one under 401, and the XML one when throttled."""

from service.sandbox.http import Json, Response, json_response

_MESSAGES = {
    "500": "Unsupported Operation",
    "610": "Object Not Found",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2050": "String length is either shorter or longer than supported by specification",
    "2080": "Invalid Number",
    "2500": "Invalid Reference Id",
    "3100": "ApplicationAuthorizationFailed",
    "4001": "Error parsing query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6140": "Duplicate Document Number Error",
    "6240": "Duplicate Name Exists Error",
    "10000": "An application error has occurred while processing your request",
}
_TYPES = {"3100": "AuthorizationFault", "10000": "SystemFault", "500": "SystemFault"}
_STATUS = {"3100": 403, "10000": 500}

_THROTTLE_XML = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<IntuitResponse time="{time}" xmlns="http://schema.intuit.com/finance/v3">'
    '<Fault type="SERVICE"><Error code="3001">'
    "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    "<Detail>The request limit was reached</Detail></Error></Fault></IntuitResponse>"
)


class FaultError(Exception):
    """The call is answered with a Fault."""

    def __init__(self, code: str, detail: str, element: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.element = element

    @property
    def status(self) -> int:
        """400 for nearly everything."""
        return _STATUS.get(self.code, 400)

    @property
    def fault(self) -> Json:
        """The Fault object; `element` is there only where one property is to blame."""
        error: Json = {"Message": _MESSAGES[self.code], "Detail": self.detail, "code": self.code}
        if self.element is not None:
            error["element"] = self.element
        return {"Error": [error], "type": _TYPES.get(self.code, "ValidationFault")}


def missing(name: str) -> FaultError:
    """A required property was not sent."""
    return FaultError("2020", f"Required parameter {name} is missing in the request", name)


def invalid_reference(kind: str, row_id: object) -> FaultError:
    """A reference to nothing. `kind` is QuickBooks' own word: Accounts, Klasses, Depts, Names, Items."""
    return FaultError("2500", f"Invalid Reference Id : {kind} element id {row_id} not found", None)


def unknown_property(name: str, known: frozenset[str]) -> FaultError:
    """A property QuickBooks does not have; the Detail lists those it has."""
    listed = ", ".join(sorted(known))
    detail = f'Can not instantiate from unknown property "{name}" ({len(known)} known properties: {listed})'
    return FaultError("2010", f"Property Name:{detail}", name)


def not_found() -> FaultError:
    """The object is not there, or a referenced object is inactive."""
    detail = "Something you're trying to use has been made inactive. Check the fields with accounts, customers, items."
    return FaultError("610", f"Object Not Found : {detail}")


def envelope(error: FaultError, time: str, status: int | None = None) -> Response:
    """The usual envelope."""
    return json_response(status or error.status, {"Fault": error.fault, "time": time})


def unauthorized(at_s: float, known: bool) -> Response:
    """The 401, in an envelope of its own: lower case, and the time in milliseconds since 1970."""
    detail = "Token expired" if known else "Malformed bearer token: too short or too long"
    error: Json = {
        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "detail": detail,
        "code": "3200",
        "element": None,
    }
    payload: Json = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": "AUTHENTICATION"},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(at_s * 1000),
        "status": None,
        "cdcresponse": [],
    }
    return json_response(401, payload, ("www-authenticate", 'Bearer realm="Intuit", error="invalid_token"'))


def throttled(time: str, retry_after: str | None) -> Response:
    """The 429: XML, whatever the caller accepts, and no Retry-After unless one is asked for."""
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/xml"),)
    if retry_after is not None:
        headers += (("retry-after", retry_after),)
    return Response(429, _THROTTLE_XML.format(time=time).encode(), headers)
