"""Sodium's contract over HTTP: keys, tenants, pages, clients and people, services, billing, engagements."""

import base64
from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxServer

Json = dict[str, Any]

CLIENT = "/clients/CL100001"
PDF = base64.b64encode(b"%PDF-1.7 signed").decode()


def every(sod: httpx.Client, path: str, limit: int = 50, **wished: Any) -> list[Json]:
    rows: list[Json] = []
    while True:
        response = sod.get(path, params={"offset": len(rows), "limit": limit, **wished})
        assert response.status_code == 200, response.text
        page = response.json()
        rows += page["data"]
        if not page["hasMore"]:
            assert page["totalCount"] == len(rows)
            return rows


def wrong_fields(response: httpx.Response) -> list[str]:
    assert response.status_code == 400, response.text
    return list(response.json()["errors"])


@pytest.mark.parametrize(
    "path",
    ["/clients", "/contacts", "/engagements", "/client-documents", "/document-requests", "/data-form-requests",
     "/client-billable-services", "/accounting/customers", "/users", f"{CLIENT}/clientcontact"],
)  # fmt: skip
def test_paging_in_threes_gives_each_row_once(sod: httpx.Client, path: str) -> None:
    rows = every(sod, path, limit=3)

    assert rows == every(sod, path)
    assert len({str(row) for row in rows}) == len(rows) >= 2


def test_page_is_ten_rows_unless_said_and_fifty_at_most(sod: httpx.Client) -> None:
    assert len(sod.get("/clients").json()["data"]) == 10
    assert len(sod.get("/clients", params={"limit": 50}).json()["data"]) == 50
    assert wrong_fields(sod.get("/clients", params={"limit": 51})) == ["limit"]
    assert wrong_fields(sod.get("/clients", params={"offset": -1})) == ["offset"]


def test_page_past_the_end_is_empty(sod: httpx.Client) -> None:
    assert sod.get("/clients", params={"offset": 200}).json() == {
        "data": [], "totalCount": 200, "offset": 200, "limit": 10, "hasMore": False
    }  # fmt: skip


def test_repeated_filter_leaves_either(sod: httpx.Client) -> None:
    rows = every(sod, "/clients", status=["Prospect", "Inactive"])

    assert {row["status"] for row in rows} == {"Prospect", "Inactive"}
    assert len(rows) == sum(row["status"] in {"Prospect", "Inactive"} for row in every(sod, "/clients"))


def test_unknown_parameter_is_ignored_so_nothing_filters_by_date(sod: httpx.Client) -> None:
    assert len(every(sod, "/clients", updatedSince="2030-01-01T00:00:00Z")) == 200


def test_search_needs_three_characters(sod: httpx.Client) -> None:
    found = every(sod, "/clients", search="GRE")

    assert found
    assert all("gre" in f"{row['name']} {row['email']}".lower() for row in found)
    assert wrong_fields(sod.get("/clients", params={"search": "gr"})) == ["search"]


def test_users_sort_and_filter_as_documented(sod: httpx.Client) -> None:
    names = [row["lastName"] for row in every(sod, "/users", sortBy="LastName", sortDesc="true")]

    assert names == sorted(names, reverse=True)
    assert {row["isPartner"] for row in every(sod, "/users", isPartner="true")} == {True}
    assert wrong_fields(sod.get("/users", params={"sortBy": "Shoes"})) == ["sortBy"]


def test_both_prefixes_lead_to_the_same(sodium: SandboxServer, sod: httpx.Client) -> None:
    prefixed = str(sod.base_url).replace("/tenants/", "/api/tenants/")

    assert httpx.get(f"{prefixed}clients", headers=sod.headers).json() == sod.get("/clients").json()


def test_call_without_key_is_unauthorized(sodium: SandboxServer) -> None:
    account = sodium.grant()
    for headers in ({}, {"x-api-key": "made up"}, {"authorization": f"Bearer {account.access_token}"}):
        response = httpx.get(f"{sodium.url}/tenants/{account.account}/clients", headers=headers)
        assert (response.status_code, list(response.json())) == (401, ["message"])


def test_tenant_of_others_is_forbidden(sodium: SandboxServer) -> None:
    headers = {"x-api-key": sodium.grant().access_token}

    assert httpx.get(f"{sodium.url}/tenants/somebodyelse/clients", headers=headers).status_code == 403


def test_login_holds_two_tenants_with_books_of_their_own(sodium: SandboxServer) -> None:
    headers = {"x-api-key": sodium.grant().access_token}
    tenants = httpx.get(f"{sodium.url}/tenants", headers=headers).json()["data"]
    firsts = [httpx.get(f"{sodium.url}/tenants/{tenant['code']}/clients", headers=headers).json() for tenant in tenants]

    assert [first["totalCount"] for first in firsts] == [200, 12]
    assert firsts[0]["data"][0]["name"] != firsts[1]["data"][0]["name"]


def test_made_key_opens_until_it_is_dropped(sodium: SandboxServer, sod: httpx.Client) -> None:
    made = httpx.post(f"{sodium.url}/account/keys", json={"name": "robot"}, headers=sod.headers)
    assert made.status_code == 201
    headers = {"x-api-key": made.json()["apiKey"]}

    assert httpx.get(f"{sodium.url}/users/me", headers=headers).status_code == 200
    listed = httpx.get(f"{sodium.url}/account/keys", headers=sod.headers).json()["data"]
    assert [key["name"] for key in listed] == ["robot"]
    assert "apiKey" not in listed[0]
    gone = httpx.delete(f"{sodium.url}/account/keys/{made.json()['key']}", headers=sod.headers)
    assert gone.status_code == 204
    assert httpx.get(f"{sodium.url}/users/me", headers=headers).status_code == 401


def test_firm_is_the_one_canopy_shows(sod: httpx.Client, cny: httpx.Client) -> None:
    page = cny.post("/clients/search", json={"page": {"size": 200}}).json()["clients"]
    contacts = cny.post("/contacts/search", json={"page": {"size": 200}}).json()["contacts"]
    at_sodium = every(sod, "/clients")

    assert [(row["name"], row["email"]) for row in at_sodium] == [
        (row["display_name"], row["emails"][0]["value"] if row["emails"] else None) for row in page
    ]
    people = every(sod, "/contacts")[:200]
    assert [(row["firstName"], row["lastName"], row["email"], row["mobile"]) for row in people] == [
        (row["first_name"], row["last_name"], row["emails"][0]["value"] if row["emails"] else None,
         row["phones"][0]["value"]) for row in contacts
    ]  # fmt: skip


def test_invoices_read_through_are_those_of_quickbooks(sod: httpx.Client, qbo: httpx.Client) -> None:
    query = "SELECT * FROM Invoice WHERE CustomerRef = '1' MAXRESULTS 1000"
    there = qbo.get("/query", params={"query": query}).json()["QueryResponse"]["Invoice"]
    here = every(sod, "/accounting/customers/1/invoices")

    assert [(row["id"], row["number"], row["totalAmount"], row["amountDue"]) for row in here] == [
        (row["Id"], row["DocNumber"], row["TotalAmt"], row["Balance"]) for row in there
    ]
    assert sod.get(f"/accounting/invoices/{here[0]['id']}/pdf").content.startswith(b"%PDF")


def test_created_client_is_read_back_and_listed(sod: httpx.Client) -> None:
    body = {"name": "Tern & Co", "type": "Partnership", "managerCode": "US100002", "email": "tern@tern.example"}
    made = sod.post("/clients", json=body)

    assert made.status_code == 201
    assert made.json()["manager"] == {"code": "US100002", "name": "Omar Larkspur"}
    assert sod.get(f"/clients/{made.json()['code']}").json() == made.json()
    assert every(sod, "/clients", limit=50)[-1] == made.json()


def test_put_empties_what_it_leaves_out(sod: httpx.Client) -> None:
    before = sod.get(CLIENT).json()
    assert before["email"]
    after = sod.put(CLIENT, json={"name": before["name"], "type": before["type"]}).json()

    assert (after["email"], after["manager"], after["status"]) == (None, None, "Active")
    assert after["updatedDate"] > before["updatedDate"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "Trust"}, "name"),
        ({"name": "A", "type": "Business"}, "type"),
        ({"name": "A", "type": "Trust", "managerCode": "US9"}, "managerCode"),
        ({"name": 7, "type": "Trust"}, "name"),
    ],
)
def test_bad_client_names_the_field(sod: httpx.Client, body: Json, field: str) -> None:
    response = sod.post("/clients", json=body)

    assert wrong_fields(response) == [field]
    assert response.headers["content-type"].startswith("application/problem+json")


def test_deleted_client_takes_all_that_hangs_on_it(sod: httpx.Client) -> None:
    engagements = len(every(sod, "/engagements", client="CL100001"))
    everything = len(every(sod, "/engagements"))
    assert sod.delete(CLIENT).status_code == 204

    assert sod.get(CLIENT).status_code == 404
    assert sod.get(f"{CLIENT}/clientnote").status_code == 404
    assert len(every(sod, "/engagements")) == everything - engagements < everything


def test_subsidiary_shares_its_parents_contact(sod: httpx.Client) -> None:
    (tie,) = every(sod, "/clients/CL100005/clientcontact")

    assert tie["code"] == every(sod, f"{CLIENT}/clientcontact")[0]["code"]
    clients = every(sod, f"/contacts/{tie['code']}/clients")
    assert [client["code"] for client in clients] == ["CL100001", "CL100005"]
    assert tie["contact"]["clientCount"] == 2


def test_known_code_ties_the_person_and_no_code_makes_a_new_one(sod: httpx.Client) -> None:
    people = len(every(sod, "/contacts"))
    known = sod.post("/clients/CL100002/clientcontact", json={"types": ["Billing"], "contact": {"code": "CT100001"}})
    assert known.json()["contact"]["clientCount"] == 3
    assert len(every(sod, "/contacts")) == people

    new = sod.post("/clients/CL100002/clientcontact", json={"types": ["Main"], "contact": {"lastName": "Tern"}})
    assert new.status_code == 201
    assert len(every(sod, "/contacts")) == people + 1
    assert sod.delete(f"/contacts/{new.json()['code']}").status_code == 400
    assert sod.delete(f"/clients/CL100002/clientcontact/{new.json()['code']}").status_code == 204
    assert sod.delete(f"/contacts/{new.json()['code']}").status_code == 204


def test_business_details_are_for_businesses_alone(sod: httpx.Client) -> None:
    details = sod.get(f"{CLIENT}/businessdetails").json()
    assert details["tradingAs"] == sod.get(CLIENT).json()["name"]

    written = sod.put(f"{CLIENT}/businessdetails", json={"tradingAs": "Tern"}).json()
    assert sod.get(f"{CLIENT}/businessdetails").json() == written
    assert sod.get("/clients/CL100002/businessdetails").status_code == 404


def test_custom_values_keep_to_their_type(sod: httpx.Client) -> None:
    path = "/clients/CL100002/custom-field-values"
    sod.put(path, json=[{"fieldCode": "CF100001", "value": "Gold"}, {"fieldCode": "CF100002", "value": "9"}])

    values = {field["fieldCode"]: field["value"] for field in sod.get(path).json()}
    assert (values["CF100001"], values["CF100002"]) == ("Gold", "9")
    wrong = (("CF100001", "Lead"), ("CF100002", "nine"), ("CF100003", "May"), ("CF100004", "1"), ("CF100006", "Abacus"))
    for code, value in wrong:
        assert wrong_fields(sod.put(path, json=[{"fieldCode": code, "value": value}])) == ["[0].value"]


@pytest.mark.parametrize(
    ("path", "body", "changed"),
    [
        (f"{CLIENT}/clientnote", {"text": "Rang"}, {"text": "Rang twice", "pinnedLevel": 1}),
        (f"{CLIENT}/clientlink", {"url": "https://tern.example/"}, {"url": "https://t.example/", "linkType": "Portal"}),
        (f"{CLIENT}/services/clientbillableservice",
         {"billableServiceCode": "SV100004", "billingFrequency": "Monthly"},
         {"billableServiceCode": "SV100004", "billingFrequency": "Monthly", "priceAdjustmentPercentage": -50}),
        (f"{CLIENT}/billinglineitems/clientbillinglineitem",
         {"description": "Advice", "unitPrice": 12.34, "billingDate": "2026-12-01"},
         {"description": "Advice", "unitPrice": 56.78, "billingDate": "2026-12-01"}),
        ("/contacts", {"lastName": "Tern"}, {"lastName": "Tern", "firstName": "Ada"}),
        ("/services", {"name": "Probate"}, {"name": "Probate", "category": "Tax"}),
        ("/teams", {"name": "Audit"}, {"name": "Audits"}),
        ("/users", {"firstName": "A", "lastName": "B", "email": "a@b.example"},
         {"firstName": "A", "lastName": "C", "email": "a@b.example"}),
        ("/engagements", {"clientCode": "CL100001", "date": "2026-07-01", "type": "EngagementLetter"},
         {"clientCode": "CL100001", "date": "2026-07-02", "type": "EngagementLetter"}),
        ("/workflows", {"name": "New", "steps": [{"name": "One"}]}, {"name": "Newer", "steps": []}),
        ("/recurring-tasks", {"name": "Walk", "frequency": "Monthly", "startDate": "2026-07-01"},
         {"name": "Walk", "frequency": "Quarterly", "startDate": "2026-07-01"}),
        ("/tasks", {"name": "Ring"}, {"name": "Ring back", "status": "Blocked"}),
        ("/data-forms", {"name": "Short"}, {"name": "Shorter"}),
        (f"{CLIENT}/documentrequest", {"title": "Passport"}, {"title": "Passports"}),
        ("/custom-fields", {"label": "Pet", "dataType": "Text"}, {"label": "Pets", "dataType": "Text"}),
        ("/task-categories", {"name": "Odd"}, {"name": "Even"}),
    ],
)  # fmt: skip
def test_row_lives_from_post_to_delete(sod: httpx.Client, path: str, body: Json, changed: Json) -> None:
    made = sod.post(path, json=body)
    assert made.status_code == 201, made.text
    one = f"{path}/{made.json()['code']}"
    assert sod.get(one).json() == made.json()

    put = sod.put(one, json=changed)
    assert put.status_code == 200, put.text
    assert sod.get(one).json() == put.json()
    shown = {name: value for name, value in changed.items() if name in put.json() and name != "steps"}
    assert {name: put.json()[name] for name in shown} == shown

    assert sod.delete(one).status_code == 204
    assert sod.get(one).status_code == 404
    assert sod.delete(one).status_code == 404


def test_service_price_follows_catalogue_and_adjustment(sod: httpx.Client) -> None:
    body = {"billableServiceCode": "SV100004", "billingFrequency": "Monthly", "priceAdjustmentPercentage": -10}
    made = sod.post(f"{CLIENT}/services/clientbillableservice", json=body).json()

    assert (made["price"], made["calculatedPrice"]) == (420.0, 378.0)


def test_billing_line_goes_its_way_and_not_back(sod: httpx.Client) -> None:
    lines = f"{CLIENT}/billinglineitems"
    body = {"description": "Advice", "unitPrice": 10.5, "billingDate": "2026-12-01"}
    code = sod.post(f"{lines}/clientbillinglineitem", json=body).json()["code"]

    def move(status: str) -> int:
        return sod.patch(f"{lines}/{code}/status", json={"status": status}).status_code

    assert [move(status) for status in ("Invoiced", "Approved", "Invoiced", "Pending")] == [400, 200, 200, 400]
    assert sod.delete(f"{lines}/clientbillinglineitem/{code}").status_code == 400


def test_engagement_freezes_its_services_until_they_are_sent_again(sod: httpx.Client) -> None:
    services = f"{CLIENT}/services/clientbillableservice"
    monthly, yearly = (
        sod.post(services, json={"billableServiceCode": code, "billingFrequency": frequency}).json()["code"]
        for code, frequency in (("SV100004", "Monthly"), ("SV100001", "Annual"))
    )
    body = {"clientCode": "CL100001", "date": "2026-07-01", "type": "EngagementLetter"}
    made = sod.post("/engagements", json={**body, "clientBillableServiceCodes": [monthly, yearly]}).json()
    assert (made["totalValue"], made["monthlyTotal"], made["annualTotal"]) == (420 * 12 + 650, 420, 650)

    sod.put(
        f"{services}/{monthly}", json={"billableServiceCode": "SV100004", "billingFrequency": "Monthly", "price": 1}
    )
    kept = sod.put(f"/engagements/{made['code']}", json=body).json()
    assert (kept["totalValue"], kept["numberOfServices"]) == (made["totalValue"], 2)
    anew = sod.put(f"/engagements/{made['code']}", json={**body, "clientBillableServiceCodes": [monthly]}).json()
    assert (anew["totalValue"], anew["numberOfServices"]) == (12, 1)


def test_engagement_is_sent_seen_and_accepted_over_its_secret_link(sodium: SandboxServer, sod: httpx.Client) -> None:
    body = {"clientCode": "CL100001", "date": "2026-07-01", "type": "EngagementLetter", "recipientEmail": "a@b.example"}
    made = sod.post("/engagements", json=body).json()
    one, link = f"/engagements/{made['code']}", f"{sodium.url}/engagements/accept/{made['guid']}"
    assert httpx.get(link).status_code == 404

    assert sod.post(f"{one}/pdf/letter-of-engagement", json={"pdfContent": PDF}).json()["hasLofEPdf"]
    assert sod.post(f"{one}/email", json={}).status_code == 201
    assert sod.get(one).json()["status"] == "Sent"
    assert httpx.get(link).json()["client"] == made["client"]
    assert sod.get(one).json()["status"] == "Viewed"
    assert httpx.get(f"{link}/pdf/letter-of-engagement").content == b"%PDF-1.7 signed"
    assert httpx.post(f"{link}/accept", json={"signature": PDF}).status_code == 200

    accepted = sod.get(one).json()
    assert accepted["status"] == "Accepted"
    assert accepted["acceptance"]["acceptedIpAddress"] == "127.0.0.1"
    assert httpx.post(f"{link}/accept", json={"signature": PDF}).status_code == 400
    assert sod.delete(one).status_code == 400


def test_stage_moves_on_the_board(sod: httpx.Client) -> None:
    moved = sod.patch("/client-billable-services/CS100001/stage", json={"stageCode": "ST1"}).json()

    assert every(sod, "/client-billable-services", stageCode="ST1") == [moved]


def test_team_gains_and_loses_a_member(sod: httpx.Client) -> None:
    sod.post("/teams/TM100001/members", json={"userCode": "US100005"})
    assert [team["code"] for team in every(sod, "/teams/my")] == ["TM100001"]

    assert sod.delete("/teams/TM100001/members/US100005").status_code == 204
    assert every(sod, "/teams/my") == []


def test_portal_access_needs_an_address(sod: httpx.Client) -> None:
    people = every(sod, f"{CLIENT}/clientcontact")
    assert [person["hasPortalAccess"] for person in people] == [True, False]

    access = f"{CLIENT}/contacts/{people[1]['code']}/portal-access"
    assert sod.post(f"{access}/send-invitation").status_code == 400
    assert sod.put(access, json={"hasPortalAccess": True}).json()["hasPortalAccess"]
    assert sod.post(f"{access}/send-invitation").status_code == 200
    made = sod.post(f"{CLIENT}/clientcontact", json={"types": ["Main"], "contact": {"lastName": "Tern"}}).json()
    access = f"{CLIENT}/contacts/{made['code']}/portal-access"
    assert sod.put(access, json={"hasPortalAccess": True}).status_code == 400


@pytest.mark.parametrize("path", ["/metadata/task-statuses", "/practice", "/aml/clients", "/service-packages"])
def test_groups_beside_the_nouns_are_there_to_read(sod: httpx.Client, path: str) -> None:
    assert sod.get(path).status_code == 200


def test_what_is_not_there_is_not_found(sod: httpx.Client) -> None:
    for path in (
        "/clients/CL9",
        "/clients/CL0100001",
        "/clients/CT100001",
        "/nothing/here",
        f"{CLIENT}/clientnote/NT100009",
    ):
        response = sod.get(path)
        assert (response.status_code, list(response.json())) == (404, ["message"])
