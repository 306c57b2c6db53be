import json

import pytest

from service.connectors.quickbooks.faults import classify
from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    StaleVersion,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response

READ = Request(method="GET", path="/customer/1", lane="read")
CREATE_CLIENT = Request(method="POST", path="/customer", lane="write")
CREATE_INVOICE = Request(method="POST", path="/invoice", lane="write")
THROTTLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2026-11-20T08:00:00.000-08:00">
<Fault type="SERVICE"><Error code="3001">
<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message><Detail>Too many</Detail>
</Error></Fault></IntuitResponse>"""


def upper(code: str, kind: str = "ValidationFault", detail: str = "", element: str | None = "") -> bytes:
    error = {"Message": "Said no", "Detail": detail, "code": code, "element": element}
    return json.dumps({"Fault": {"Error": [error], "type": kind}, "time": "2026-11-20T08:00:00Z"}).encode()


def lower(code: str) -> bytes:
    error = {"message": "message=AuthenticationFailed", "detail": "Token expired", "code": code, "element": None}
    fault = {"error": [error], "type": "AUTHENTICATION"}
    return json.dumps({"warnings": None, "intuitObject": None, "fault": fault, "time": 1601391072830}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, lower("3200"), CredentialsExpired),
        (401, lower("003200"), CredentialsExpired),
        (401, lower("120"), ConnectionRefused),
        (401, upper("120", "AuthorizatonFault"), ConnectionRefused),
        (401, b"", CredentialsExpired),
        (403, upper("3100", "AuthorizationFault"), ConnectionRefused),
        (403, b"<html>no</html>", ConnectionRefused),
        (400, upper("6190"), ConnectionRefused),
        (429, THROTTLE, RateLimited),
        (403, THROTTLE, RateLimited),
        (200, THROTTLE, RateLimited),
        (403, upper("003001", "SERVICE"), RateLimited),
        (429, b"slow down", RateLimited),
        (400, upper("610"), NotFound),
        (404, b"<html>", NotFound),
        (400, upper("5010"), StaleVersion),
        (400, upper("6240"), Conflict),
        (400, upper("6140"), Conflict),
        (400, upper("6210"), Conflict),
        (400, upper("2010"), Invalid),
        (400, upper("2050"), Invalid),
        (400, upper("2080"), Invalid),
        (400, upper("2500"), Invalid),
        (400, upper("6000"), Invalid),
        (400, upper("777"), Invalid),
        (400, upper("4001"), Refused),
        (400, upper("500"), Refused),
        (400, upper("777", "Novel"), Refused),
        (500, upper("10000", "SystemFault"), Unavailable),
        (502, b"<html>bad gateway</html>", Unavailable),
        (503, b"", Unavailable),
        (200, upper("6000"), Invalid),
        (200, upper("10000", "SystemFault"), Unavailable),
        (200, json.dumps({"AttachableResponse": [{}, json.loads(upper("6000"))]}).encode(), Invalid),
    ],
)
def test_every_envelope_is_sorted_by_what_to_do(status: int, body: bytes, kind: type[VendorFault]) -> None:
    fault = classify(READ, Response(status, {}, body))

    assert type(fault) is kind
    assert fault is not None
    assert fault.status == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"QueryResponse":{},"time":"x"}',
        b'{"Customer":{"DisplayName":"Fault"}}',
        b' { "QueryResponse" : {"Customer":[{"DisplayName":"\\"Fault\\""}]}}',
        b'{"AttachableResponse":[{"Attachable":{}}]}',
        b'{"time":"x","Fault":null}',
        b"not json at all",
    ],
)
def test_a_good_answer_is_no_fault(body: bytes) -> None:
    assert classify(READ, Response(200, {}, body)) is None


def test_a_fault_behind_other_fields_of_a_200_is_found() -> None:
    body = b'{"time":"x",' + upper("610")[1:]

    assert isinstance(classify(READ, Response(200, {}, body)), NotFound)


def test_a_bad_id_is_a_missing_record_when_reading_and_invalid_when_writing() -> None:
    answer = Response(400, {}, upper("2030"))

    assert type(classify(READ, answer)) is NotFound
    assert type(classify(CREATE_INVOICE, answer)) is Invalid


@pytest.mark.parametrize(
    ("request_", "body", "pointer"),
    [
        (CREATE_CLIENT, upper("6240"), "/display_name"),
        (CREATE_CLIENT, upper("2050", element="Notes"), "/notes"),
        (CREATE_CLIENT, upper("2500", detail="Invalid Reference Id : Names element id 9 not found"), "/parent"),
        (CREATE_INVOICE, upper("2500", detail="Invalid Reference Id : Names element id 9 not found"), "/client"),
        (CREATE_INVOICE, upper("6140", element=None), "/number"),
        (CREATE_INVOICE, upper("2080", element="Line"), "/lines"),
    ],
)
def test_a_refused_field_is_named_by_its_unified_pointer(request_: Request, body: bytes, pointer: str) -> None:
    fault = classify(request_, Response(400, {}, body))

    assert fault is not None
    assert [field.pointer for field in fault.fields] == [pointer]


def test_a_field_fault_never_quotes_the_vendors_detail() -> None:
    fault = classify(CREATE_CLIENT, Response(400, {}, upper("6240", detail="The name Quill is taken : null")))

    assert fault is not None
    assert "Quill" not in fault.fields[0].message


@pytest.mark.parametrize("header", ["intuit_tid", "intuit-tid"])
def test_the_trace_id_and_the_wait_are_kept(header: str) -> None:
    fault = classify(READ, Response(429, {header: "1-abc", "retry-after": "60"}, THROTTLE))

    assert fault is not None
    assert (fault.request_id, fault.retry_after_s, fault.code) == ("1-abc", 60.0, "3001")


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><IntuitResponse><Fault type="&a;"/></IntuitResponse>',
        b"<unclosed",
        b"<IntuitResponse>" + b"<x>" * 50_000,
        b'{"Fault":' + b"[" * 50_000,
    ],
)
def test_hostile_bodies_are_only_a_status(body: bytes) -> None:
    assert type(classify(READ, Response(400, {}, body))) is Refused
