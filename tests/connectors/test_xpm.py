"""Xero Practice Manager: XML like JSON, failures under 200, tenants, tokens."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from service.connectors.sdk.auth import AppCredentials, Grant, OAuth2
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    ConnectionRefused,
    NotFound,
    RateLimited,
    Refused,
    SchemaDrift,
    Unavailable,
)
from service.connectors.sdk.faults import CredentialsExpired as Expired
from service.connectors.sdk.flow import Response
from service.connectors.xpm.clients import CLIENTS
from service.connectors.xpm.connector import XPM
from service.sandbox.serve import SandboxServer, running
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, ok, play

ROW: dict[str, Any] = json.loads(page_body("xpm", "clients", 1))["Response"]["Clients"]["Client"][0]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with running("xpm", clients=30) as server:
        yield server


def raw(server: SandboxServer, accept: str, path: str = "client.api/paged-list?pageSize=500") -> Response:
    grant = server.grant()
    headers = {"authorization": f"Bearer {grant.access_token}", "xero-tenant-id": grant.account, "accept": accept}
    sent = httpx.get(f"{server.url}{XPM.root}/{path}", headers=headers)
    return Response(sent.status_code, dict(sent.headers), sent.content)


def one(**changes: Any) -> Response:
    return ok({"Response": {"Status": "OK", "Client": ROW | changes}})


def test_xml_and_json_become_the_same_records(server: SandboxServer) -> None:
    as_xml, as_json = raw(server, "text/xml"), raw(server, "application/json")
    assert as_xml.body.startswith(b"<?xml")
    assert as_json.body.startswith(b"{")

    records = [play(XPM, CLIENTS.page(Query(limit=500), BOOK), came).value.records for came in (as_xml, as_json)]

    assert records[0] == records[1]
    assert len(records[0]) > 20


def test_one_client_alone_is_a_page_of_one() -> None:
    answer = ok({"Response": {"Status": "OK", "Clients": {"Client": ROW}}})

    found = play(XPM, CLIENTS.page(Query(limit=50), BOOK), answer).value

    assert [record.remote_id for record in found.records] == [ROW["UUID"]]
    assert found.next is None


def test_no_clients_are_an_empty_page() -> None:
    answer = Response(200, {}, b"<Response><Status>OK</Status><Clients /></Response>")

    assert play(XPM, CLIENTS.page(Query(limit=50), BOOK), answer).value.records == []


PAGE = b"""<?xml version="1.0" encoding="utf-8"?>
<Response api-method="List" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
  <Status>OK</Status>
  <Clients>
    <!-- as the vendor's page shows them -->
    <Client>
      <UUID>78f4dd4c-6c38-4f3b-b04b-47a0b3a1</UUID>
      <Name>Alder &amp; Finch</Name>
      <Title /> <!-- elsewhere only -->
      <FirstName />
      <Email i:nil="true" />
      <DateOfBirth>1970-11-26T00:00:00</DateOfBirth>
      <PostalAddress>
        Level 3, Pier House
        1 Harbor Street
      </PostalAddress>
      <PostalCity>Rivermouth</PostalCity>
      <PostalPostCode>0612</PostalPostCode>
      <IsArchived>No</IsArchived>
      <AccountManager />
      <Type><Name>20th of Month</Name><CostMarkup>30.00</CostMarkup></Type>
    </Client>
    <Client>
      <UUID>bee53537-6e0d-40a1-8b41-ca9d4f2ca473</UUID>
      <Name>B. Heron</Name>
      <AccountManager><UUID /><Name /></AccountManager>
      <BillingClient><UUID>78f4dd4c-6c38-4f3b-b04b-47a0b3a1</UUID><Name>Alder</Name></BillingClient>
    </Client>
  </Clients>
  <Pagination>
    <Links>
      <First>https://api.xero.com/practicemanager/3.1/client.api/paged-list?pageSize=10</First>
      <Next>https://api.xero.com/practicemanager/3.1/client.api/paged-list?pageToken=bGlnaHQ&amp;pageSize=10</Next>
    </Links>
  </Pagination>
</Response>"""


def test_a_page_of_the_vendors_shape_is_read() -> None:
    found = play(XPM, CLIENTS.page(Query(limit=10), BOOK), Response(200, {}, PAGE)).value

    alder, heron = found.records
    assert (alder.display_name, alder.emails, alder.manager, alder.status) == ("Alder & Finch", [], None, "active")
    assert isinstance(alder.addresses, list)
    assert alder.addresses[0].lines == ("Level 3, Pier House", "1 Harbor Street")
    assert alder.addresses[0].postal_code == "0612"
    assert (heron.display_name, heron.manager) == ("B. Heron", None)
    assert found.next is not None


def test_xml_is_asked_for_and_nothing_else() -> None:
    asked = play(XPM, CLIENTS.page(Query(limit=10), BOOK), Response(200, {}, PAGE)).requests[0]

    assert "json" not in asked.accept


def test_next_page_is_asked_for_by_the_token_in_the_link() -> None:
    link = "https://api.xero.com/practicemanager/3.1/client.api/paged-list?pageSize=1&pageToken=ab%2Bc%3D"
    answer = ok({"Response": {"Clients": {"Client": ROW}, "Pagination": {"Links": {"Next": link}}}})

    first = play(XPM, CLIENTS.page(Query(limit=1), BOOK), answer).value
    second = play(XPM, CLIENTS.page(Query(limit=1, position=first.next), BOOK), ok({"Response": {"Clients": None}}))

    assert dict(second.requests[0].query) == {"pageSize": "1", "pageToken": "ab+c="}


def test_every_call_names_the_practice() -> None:
    asked = play(XPM, CLIENTS.get(ROW["UUID"], BOOK), one()).requests[0]

    assert ("xero-tenant-id", BOOK.account) in asked.headers


@pytest.mark.parametrize(
    ("marks", "status", "native"),
    [
        ({"IsProspect": "Yes"}, "prospect", "Prospect"),
        ({"IsArchived": "Yes", "IsProspect": "Yes"}, "archived", "Archived"),
        ({"IsProspect": "true"}, "prospect", "Prospect"),
        ({"IsProspect": None, "IsArchived": None}, "active", None),
    ],
)
def test_marks_are_a_status(marks: dict[str, Any], status: str, native: str | None) -> None:
    found = play(XPM, CLIENTS.get("x", BOOK), one(**marks)).value

    assert (found.status, found.status_native) == (status, native)


def test_a_mark_that_is_neither_yes_nor_no_is_drift() -> None:
    with pytest.raises(SchemaDrift) as drift:
        play(XPM, CLIENTS.get("x", BOOK), one(IsProspect="Perhaps"))
    assert "Perhaps" not in str(drift.value)


def test_a_deleted_client_is_not_found() -> None:
    with pytest.raises(NotFound):
        play(XPM, CLIENTS.get("x", BOOK), one(IsDeleted="Yes"))


@pytest.mark.parametrize("number", ["123456789", "*****789"])
def test_tax_numbers_leave_masked(number: str) -> None:
    found = play(XPM, CLIENTS.get("x", BOOK), one(TaxNumber=number)).value

    assert isinstance(found.tax_ids, list)
    assert found.tax_ids[0].masked.endswith("***789")


def test_failures_are_told_by_their_status_or_inside_200() -> None:
    said = b"<Response><Status>ERROR</Status><ErrorDescription>No</ErrorDescription></Response>"
    for answer, fault in (
        (Response(200, {}, said), Refused),
        (Response(500, {}, said), Unavailable),
        (Response(500, {}, said.replace(b">No<", b">Invalid client identifier<")), NotFound),
        (Response(200, {}, said.replace(b">No<", b">The client could not be found.<")), NotFound),
        (Response(401, {}, b'{"Type":null,"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: x"}'), Expired),
        (Response(401, {}, b'{"Title":"Unauthorized","Detail":"AuthorizationUnsuccessful"}'), ConnectionRefused),
        (Response(503, {}, b"Service Unavailable"), Unavailable),
        (Response(403, {}, b"{}"), ConnectionRefused),
        (Response(429, {"retry-after": "17", "x-rate-limit-problem": "minute"}, b""), RateLimited),
    ):
        with pytest.raises(fault) as found:
            play(XPM, CLIENTS.get("x", BOOK), answer)
    assert (found.value.retry_after_s, found.value.code) == (17, "minute")


def test_every_practice_is_found_and_no_organisation() -> None:
    tenants = [
        {"id": "c1", "tenantId": "t1", "tenantType": "PRACTICE", "tenantName": "One"},
        {"id": "c2", "tenantId": "t2", "tenantType": "ORGANISATION", "tenantName": "Books"},
        {"id": "c3", "tenantId": "t3", "tenantType": "PRACTICE", "tenantName": None},
    ]
    assert XPM.discover is not None

    found = play(XPM, XPM.discover({}), ok(tenants)).value

    assert [(account.remote_id, account.name) for account in found] == [("t1", "One"), ("t3", "t3")]


def test_a_renewed_refresh_token_lives_sixty_days() -> None:
    assert isinstance(XPM.auth, OAuth2)
    flow = XPM.auth.renew(
        Grant(access_token="a", refresh_token="r"), AppCredentials("id", "s"), lambda: datetime.now(UTC)
    )
    answer = ok({"access_token": "b", "expires_in": 1800, "refresh_token": "r2", "token_type": "Bearer"})

    reply = play(XPM, flow, answer).value

    assert (reply.refresh_token, reply.expires_in_s, reply.refresh_expires_in_s) == ("r2", 1800, 60 * 86_400)
