"""QuickBooks' contract and quirks, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from service.sandbox.serve import SandboxServer

Json = dict[str, Any]

ALL_CUSTOMERS = "SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 1000"


def ask(qbo: httpx.Client, statement: str) -> Json:
    response = qbo.get("/query", params={"query": statement})
    assert response.status_code == 200, response.text
    answer: Json = response.json()["QueryResponse"]
    return answer


def rows(qbo: httpx.Client, entity: str, where: str = "") -> list[Json]:
    found: list[Json] = ask(qbo, f"SELECT * FROM {entity} {where} MAXRESULTS 1000").get(entity, [])
    return found


def fault(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["Fault"]["Error"][0]["code"]


def save(qbo: httpx.Client, entity: str, body: Json, **params: str) -> Json:
    response = qbo.post(f"/{entity.lower()}", json=body, params=params)
    assert response.status_code == 200, response.text
    saved: Json = response.json()[entity]
    return saved


def invoice_for(customer_id: str, amount: float = 100) -> Json:
    detail = {"ItemRef": {"value": "1"}, "UnitPrice": amount, "Qty": 1}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": customer_id}, "Line": [line]}


def payment_for(invoice: Json, amount: float) -> Json:
    links = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    return {"CustomerRef": invoice["CustomerRef"], "TotalAmt": amount, "Line": [{"Amount": amount, "LinkedTxn": links}]}


@pytest.mark.parametrize("entity", ["Customer", "Invoice", "Payment", "CreditMemo"])
def test_paging_by_position_gives_each_row_once(qbo: httpx.Client, entity: str) -> None:
    ids: list[str] = []
    while page := ask(qbo, f"SELECT * FROM {entity} STARTPOSITION {len(ids) + 1} MAXRESULTS 7").get(entity, []):
        ids += [row["Id"] for row in page]

    assert len(set(ids)) == len(ids) == ask(qbo, f"SELECT count(*) FROM {entity}")["totalCount"]


def test_array_vanishes_past_the_end(qbo: httpx.Client) -> None:
    assert ask(qbo, "SELECT * FROM Customer STARTPOSITION 201") == {}


def test_page_holds_100_unless_said(qbo: httpx.Client) -> None:
    page = ask(qbo, "SELECT * FROM Invoice")

    assert (len(page["Invoice"]), page["maxResults"], page["startPosition"]) == (100, 100, 1)


def test_more_than_1000_is_served_as_1000(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    assert ask(qbo, "SELECT * FROM Customer MAXRESULTS 5000")["maxResults"] == 180


def test_inactive_rows_are_hidden_until_active_is_named(qbo: httpx.Client) -> None:
    everyone = ask(qbo, ALL_CUSTOMERS)["Customer"]

    assert len(everyone) == 200
    assert [row for row in everyone if row["Active"]] == rows(qbo, "Customer")
    inactive = rows(qbo, "Customer", "WHERE Active = false")
    assert inactive
    assert qbo.get(f"/customer/{inactive[0]['Id']}").json()["Customer"] == inactive[0]


@pytest.mark.parametrize(
    ("where", "column", "expected"),
    [
        ("WHERE DocNumber = '10004'", "DocNumber", {"10004"}),
        ("WHERE DocNumber IN ('10001', '10002')", "DocNumber", {"10001", "10002"}),
        ("WHERE Id = '101'", "Id", {"101"}),
    ],
)
def test_where_picks_the_rows(qbo: httpx.Client, where: str, column: str, expected: set[str]) -> None:
    assert {row[column] for row in rows(qbo, "Invoice", where)} == expected


def test_where_compares_numbers_as_numbers(qbo: httpx.Client) -> None:
    open_ones = rows(qbo, "Invoice", "WHERE Balance > '0' AND TotalAmt <= 2500.5")

    everything = rows(qbo, "Invoice")
    assert open_ones == [row for row in everything if row["Balance"] > 0 and row["TotalAmt"] <= 2500.5]
    assert 0 < len(open_ones) < len(everything)


@pytest.mark.parametrize("entity", ["Customer", "Invoice", "Payment"])
def test_shortcuts_agree_with_the_rows(qbo: httpx.Client, entity: str) -> None:
    everything = rows(qbo, entity, "WHERE Active IN (true, false)" if entity == "Customer" else "")
    middle = everything[len(everything) // 2]
    columns = {"Customer": ["DisplayName"], "Invoice": ["TxnDate", "Balance", "DocNumber"], "Payment": ["TxnDate"]}
    for column in columns[entity]:
        where = f"WHERE {column} >= '{middle[column]}'" + (
            " AND Active IN (true, false)" if entity == "Customer" else ""
        )
        assert rows(qbo, entity, where) == [row for row in everything if row[column] >= middle[column]]


def test_customer_ref_is_compared_by_its_value(qbo: httpx.Client) -> None:
    for entity in ("Invoice", "Payment", "CreditMemo"):
        owner = rows(qbo, entity)[3]["CustomerRef"]["value"]
        found = rows(qbo, entity, f"WHERE CustomerRef = '{owner}'")
        assert found == [row for row in rows(qbo, entity) if row["CustomerRef"]["value"] == owner]


def test_like_and_backslash_escape_work(qbo: httpx.Client) -> None:
    save(qbo, "Customer", {"DisplayName": "O'Hara's Piano Bar"})

    assert len(rows(qbo, "Customer", r"WHERE DisplayName = 'O\'Hara\'s Piano Bar'")) == 1
    assert len(rows(qbo, "Customer", "WHERE DisplayName LIKE '%piano%'")) == 1


def test_order_and_paging_words_go_in_either_order(qbo: httpx.Client) -> None:
    one = ask(qbo, "select * from Invoice orderby MetaData.LastUpdatedTime desc startposition 3 maxresults 4")
    two = ask(qbo, "SELECT * FROM Invoice ORDER BY MetaData.LastUpdatedTime DESC MAXRESULTS 4 STARTPOSITION 3")

    assert one == two
    times = [datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) for row in one["Invoice"]]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT",
        "SELECT * FROM customer",
        "SELECT * FROM Customer WHERE",
        "SELECT * FROM Customer WHERE Colour = 'red'",
        "SELECT * FROM Customer WHERE Id = '1' OR Id = '2'",
        "SELECT * FROM Customer STARTPOSITION 0",
        "SELECT * FROM Customer GROUP BY Id",
        "SELECT * FROM Customer WHERE DisplayName = 'open",
        "SELECT * FROM Invoice WHERE Balance > 'lots'",
        "SELECT * FROM Customer;",
    ],
)
def test_statement_outside_the_grammar_is_4001(qbo: httpx.Client, statement: str) -> None:
    assert fault(qbo.get("/query", params={"query": statement})) == (400, "4001")


def test_statement_may_be_posted(qbo: httpx.Client) -> None:
    response = qbo.post("/query", content=ALL_CUSTOMERS, headers={"content-type": "application/text"})

    assert len(response.json()["QueryResponse"]["Customer"]) == 200


def test_reads_add_a_subtotal_row_without_id(qbo: httpx.Client) -> None:
    for invoice in rows(qbo, "Invoice"):
        subtotals = [line for line in invoice["Line"] if line["DetailType"] == "SubTotalLineDetail"]
        sold = sum(line["Amount"] for line in invoice["Line"] if line["DetailType"] == "SalesItemLineDetail")
        discount = sum(line["Amount"] for line in invoice["Line"] if line["DetailType"] == "DiscountLineDetail")
        assert len(subtotals) == 1
        assert "Id" not in subtotals[0]
        assert subtotals[0]["Amount"] == pytest.approx(sold)
        assert invoice["TotalAmt"] == pytest.approx(sold - discount)


def test_seed_holds_the_awkward_rows(qbo: httpx.Client) -> None:
    invoices = rows(qbo, "Invoice")
    payments = rows(qbo, "Payment")
    customers = rows(qbo, "Customer")
    kinds = {line["DetailType"] for invoice in invoices for line in invoice["Line"]}

    assert kinds == {"SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail", "DescriptionOnly"}
    assert {row["CurrencyRef"]["value"] for row in invoices} == {"USD", "CAD", "JPY"}
    assert any(row["TotalAmt"] == 0 and row.get("PrivateNote") == "Voided" for row in invoices)
    assert any(0 < row["Balance"] < row["TotalAmt"] for row in invoices)
    assert any("Line" not in row and row["UnappliedAmt"] > 0 for row in payments)
    assert any(row["TotalAmt"] == 0 and len(row["Line"]) == 2 for row in payments)
    assert any("LineEx" in line for row in payments for line in row.get("Line", []))
    assert any(":" in row["FullyQualifiedName"] and row["ParentRef"] for row in customers)
    assert any("PrimaryEmailAddr" not in row for row in customers)
    assert any(not row["DisplayName"].isascii() for row in customers)


def test_balances_are_what_the_transactions_say(qbo: httpx.Client) -> None:
    owed = dict.fromkeys((row["Id"] for row in ask(qbo, ALL_CUSTOMERS)["Customer"]), 0.0)
    for entity, column, sign in (
        ("Invoice", "Balance", 1),
        ("Payment", "UnappliedAmt", -1),
        ("CreditMemo", "Balance", -1),
    ):
        for row in rows(qbo, entity):
            owed[row["CustomerRef"]["value"]] += sign * row[column]

    for customer in ask(qbo, ALL_CUSTOMERS)["Customer"]:
        assert customer["Balance"] == pytest.approx(owed[customer["Id"]]), customer["DisplayName"]


def test_undeposited_funds_are_found_by_subtype_alone(qbo: httpx.Client) -> None:
    account = rows(qbo, "Account", "WHERE AccountSubType = 'UndepositedFunds'")[0]

    assert account["Id"] != "4"
    assert "Undeposited" not in account["Name"]


def test_company_and_preferences_are_single(qbo: httpx.Client) -> None:
    assert qbo.get("/preferences").json()["Preferences"]["SalesFormsPrefs"]["AutoApplyCredit"] is False
    assert len(rows(qbo, "Preferences")) == len(rows(qbo, "CompanyInfo")) == 1


def test_created_customer_is_read_back(qbo: httpx.Client) -> None:
    created = save(qbo, "Customer", {"GivenName": "Tove", "FamilyName": "Quist", "ParentRef": {"value": "1"}})

    assert created["DisplayName"] == "Tove Quist"
    assert created["FullyQualifiedName"].endswith(":Tove Quist")
    assert qbo.get(f"/customer/{created['Id']}").json()["Customer"] == created


def test_display_name_is_unique_without_regard_to_case(qbo: httpx.Client) -> None:
    seeded = rows(qbo, "Customer")[0]["DisplayName"]
    save(qbo, "Customer", {"DisplayName": "Tern & Co"})

    for name in (seeded, seeded.upper(), "tern & co"):
        assert fault(qbo.post("/customer", json={"DisplayName": name})) == (400, "6240")


def test_name_given_up_is_free_again(qbo: httpx.Client) -> None:
    first = rows(qbo, "Customer")[0]
    change = {"Id": first["Id"], "SyncToken": first["SyncToken"], "sparse": True, "DisplayName": "Renamed"}
    save(qbo, "Customer", change)

    assert save(qbo, "Customer", {"DisplayName": first["DisplayName"]})["Id"] != first["Id"]


def test_sparse_update_keeps_and_full_update_empties(qbo: httpx.Client) -> None:
    row = save(qbo, "Customer", {"DisplayName": "Sparse Co", "Notes": "keep me"})
    head = {"Id": row["Id"], "SyncToken": row["SyncToken"], "DisplayName": "Sparse & Co"}

    sparse = save(qbo, "Customer", {**head, "sparse": True})
    assert (sparse["Notes"], sparse["SyncToken"]) == ("keep me", "1")
    full = save(qbo, "Customer", {**head, "SyncToken": "1"})
    assert "Notes" not in full
    assert full["MetaData"]["CreateTime"] == row["MetaData"]["CreateTime"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Id": "1", "SyncToken": "77"}, "5010"),
        ({"Id": "1"}, "2020"),
        ({"Id": "99999", "SyncToken": "0"}, "610"),
        ({"DisplayName": "A", "ShoeSize": 4}, "2010"),
        ({"DisplayName": "Parent:Child"}, "6000"),
        ({"DisplayName": "A", "ParentRef": {"value": "99999"}}, "2500"),
        ({}, "2020"),
    ],
)
def test_bad_customer_is_refused(qbo: httpx.Client, change: Json, code: str) -> None:
    assert fault(qbo.post("/customer", json=change)) == (400, code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"CustomerRef": {"value": "99999"}}, "2500"),
        ({"CustomerRef": {"value": "7"}}, "610"),
        ({"Line": []}, "2020"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"DocNumber": "10001"}, "6140"),
        ({"CurrencyRef": {"value": "CAD"}}, "6000"),
    ],
)
def test_bad_invoice_is_refused(qbo: httpx.Client, change: Json, code: str) -> None:
    assert fault(qbo.post("/invoice", json={**invoice_for("1"), **change})) == (400, code)


def test_bad_line_is_refused(qbo: httpx.Client) -> None:
    body = invoice_for("1")
    detail = body["Line"][0]["SalesItemLineDetail"]

    for changed, code in (({"ItemRef": {"value": "77"}}, "2500"), ({"Qty": 3}, "6000"), ({"Qty": "many"}, "2080")):
        line = {**body["Line"][0], "SalesItemLineDetail": {**detail, **changed}}
        assert fault(qbo.post("/invoice", json={**body, "Line": [line]})) == (400, code)


def test_duplicate_number_passes_when_asked_for(qbo: httpx.Client) -> None:
    body = {**invoice_for("1"), "DocNumber": "10001"}

    assert save(qbo, "Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "10001"


def test_payment_settles_and_deleting_it_restores(qbo: httpx.Client) -> None:
    before = qbo.get("/customer/1").json()["Customer"]["Balance"]
    invoice = save(qbo, "Invoice", invoice_for("1", 300))
    payment = save(qbo, "Payment", {**payment_for(invoice, 100), "TotalAmt": 120})

    paid = qbo.get(f"/invoice/{invoice['Id']}").json()["Invoice"]
    assert (paid["Balance"], payment["UnappliedAmt"]) == (200, 20)
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert qbo.get("/customer/1").json()["Customer"]["Balance"] == pytest.approx(before + 300 - 120)

    head = {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}
    assert save(qbo, "Payment", head, operation="delete") == {"domain": "QBO", "status": "Deleted", "Id": payment["Id"]}
    assert qbo.get(f"/invoice/{invoice['Id']}").json()["Invoice"]["Balance"] == 300
    assert fault(qbo.get(f"/payment/{payment['Id']}")) == (400, "610")


def test_payment_of_nothing_applies_a_credit_memo(qbo: httpx.Client) -> None:
    invoice = save(qbo, "Invoice", invoice_for("1", 300))
    memo = save(qbo, "CreditMemo", invoice_for("1", 500))
    body = payment_for(invoice, 300)
    body["TotalAmt"] = 0
    body["Line"].append({"Amount": 300, "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]})

    assert save(qbo, "Payment", body)["UnappliedAmt"] == 0
    assert qbo.get(f"/invoice/{invoice['Id']}").json()["Invoice"]["Balance"] == 0
    assert qbo.get(f"/creditmemo/{memo['Id']}").json()["CreditMemo"]["RemainingCredit"] == 200


def test_void_keeps_the_row_at_zero(qbo: httpx.Client) -> None:
    invoice = save(qbo, "Invoice", invoice_for("1", 300))
    head = {"Id": invoice["Id"], "SyncToken": "0"}
    voided = save(qbo, "Invoice", head, operation="void")

    assert (voided["TotalAmt"], voided["Balance"], voided["PrivateNote"], voided["SyncToken"]) == (0, 0, "Voided", "1")
    assert qbo.get(f"/invoice/{invoice['Id']}").json()["Invoice"] == voided


def test_id_that_is_no_number_is_2030(qbo: httpx.Client) -> None:
    assert fault(qbo.get("/customer/abc")) == (400, "2030")
    assert fault(qbo.get("/customer/99999")) == (400, "610")


@pytest.mark.parametrize("line", [7, {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": "x"}])
def test_senseless_body_gets_a_fault_and_writes_nothing(
    quickbooks: SandboxServer, qbo: httpx.Client, line: object
) -> None:
    response = qbo.post("/invoice", json={**invoice_for("1"), "Line": [line]})

    assert response.json()["Fault"]["Error"]
    assert quickbooks.stats()["writes"] == 0


def test_names_are_never_deleted(qbo: httpx.Client) -> None:
    assert fault(qbo.post("/customer", params={"operation": "delete"}, json={"Id": "1", "SyncToken": "0"})) == (
        400,
        "500",
    )


def test_requestid_writes_once(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    params = {"requestid": "a" * 50}
    first = qbo.post("/customer", json={"DisplayName": "Once Only"}, params=params)

    assert qbo.post("/customer", json={"DisplayName": "Other"}, params=params).json() == first.json()
    assert quickbooks.stats()["writes"] == 1
    assert fault(qbo.post("/customer", json={"DisplayName": "B"}, params={"requestid": "a" * 51})) == (400, "2050")


def test_cdc_shows_changes_and_stubs_of_the_deleted(qbo: httpx.Client) -> None:
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    kept = save(qbo, "Invoice", invoice_for("1"))
    gone = save(qbo, "Invoice", invoice_for("1"))
    save(qbo, "Invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")

    answer = qbo.get("/cdc", params={"entities": "Invoice,Payment", "changedSince": since}).json()
    invoices, payments = answer["CDCResponse"][0]["QueryResponse"]
    assert [row.get("status") for row in invoices["Invoice"]] == [None, "Deleted"]
    assert invoices["Invoice"][0] == kept
    assert payments == {}


def test_cdc_looks_back_30_days_at_most(qbo: httpx.Client) -> None:
    since = (datetime.now(UTC) - timedelta(days=31)).isoformat()

    assert qbo.get("/cdc", params={"entities": "Invoice", "changedSince": since}).status_code == 400


def test_batch_items_fail_alone_under_200(qbo: httpx.Client) -> None:
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Batch One"}},
        {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Batch One"}},
        {"bId": "3", "Query": "SELECT count(*) FROM Customer"},
    ]
    response = qbo.post("/batch", json={"BatchItemRequest": items})

    good, bad, counted = response.json()["BatchItemResponse"]
    assert response.status_code == 200
    assert good["Customer"]["DisplayName"] == "Batch One"
    assert bad["Fault"]["Error"][0]["code"] == "6240"
    assert counted["QueryResponse"]["totalCount"] == 181


def test_batch_is_carried_out_once_per_requestid_and_bid(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    def send(*names: str, key: str = "b" * 36) -> list[Json]:
        items = [{"bId": name, "operation": "create", "Customer": {"DisplayName": f"Once {name}"}} for name in names]
        answer = qbo.post("/batch", json={"BatchItemRequest": items}, params={"requestid": key})
        found: list[Json] = answer.json()["BatchItemResponse"]
        return found

    first = send("1", "2")

    assert send("1", "2") == first
    assert quickbooks.stats()["writes"] == 2
    assert send("2", "3")[0] == first[1]
    assert quickbooks.stats()["writes"] == 3
    (taken,) = send("1", key="another")
    assert taken["Fault"]["Error"][0]["code"] == "6240"
    (long,) = send("12345678901")
    assert (long["Fault"]["Error"][0]["code"], long["Fault"]["Error"][0]["element"]) == ("2050", "bId")


@pytest.mark.parametrize(
    ("items", "key", "code"),
    [
        ([{"bId": "1", "Query": "SELECT * FROM Term"}] * 31, None, "6000"),
        ([{"bId": "1", "Query": "SELECT * FROM Term"}] * 2, None, "6000"),
        ([7], None, "2010"),
        ([{"bId": "1", "operation": "create", "Customer": {"DisplayName": "Never"}}], "c" * 37, "2050"),
    ],
)
def test_batch_that_breaks_a_rule_does_nothing(
    quickbooks: SandboxServer, qbo: httpx.Client, items: list[Any], key: str | None, code: str
) -> None:
    params = {} if key is None else {"requestid": key}

    assert fault(qbo.post("/batch", json={"BatchItemRequest": items}, params=params)) == (400, code)
    assert quickbooks.stats()["writes"] == 0


def test_forty_first_batch_in_a_minute_is_throttled_and_nothing_else(
    quickbooks: SandboxServer, qbo: httpx.Client
) -> None:
    quickbooks.limits(per_second=None, per_minute=None, batch_per_minute=40)
    batch = {"BatchItemRequest": [{"bId": "1", "Query": "SELECT count(*) FROM Term"}]}

    answers = [qbo.post("/batch", json=batch) for _ in range(41)]

    assert [answer.status_code for answer in answers] == [200] * 40 + [429]
    assert qbo.get("/preferences").status_code == 200


def test_401_has_an_envelope_of_its_own(quickbooks: SandboxServer) -> None:
    grant = quickbooks.grant(access_s=0)
    url = f"{quickbooks.url}/v3/company/{grant.account}/customer/1"
    response = httpx.get(url, headers={"authorization": f"Bearer {grant.access_token}"})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert response.json()["fault"]["error"][0]["code"] == "3200"
    assert isinstance(response.json()["time"], int)
    assert response.headers["intuit_tid"]


def test_another_company_is_3100(quickbooks: SandboxServer) -> None:
    headers = {"authorization": f"Bearer {quickbooks.grant().access_token}"}

    assert fault(httpx.get(f"{quickbooks.url}/v3/company/1/customer/1", headers=headers)) == (403, "3100")


def test_eleventh_call_in_a_second_is_throttled_in_xml(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    quickbooks.limits(per_second=None, per_minute=10)
    answers = [qbo.get("/preferences") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "retry-after" not in answers[10].headers
    error = ET.fromstring(answers[10].content).find(".//{*}Error")
    assert error is not None
    assert error.get("code") == "3001"


def test_limits_are_ten_a_second_until_changed(quickbooks: SandboxServer) -> None:
    quickbooks.reset()

    limits = quickbooks.limits()
    assert (limits["per_second"], limits["per_minute"]) == (10, 500)


def test_refresh_rotates_over_basic_and_shows_its_end(quickbooks: SandboxServer) -> None:
    grant = quickbooks.grant()
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    basic = (grant.client_id, grant.client_secret)
    fresh = httpx.post(
        grant.token_url, data=form, auth=basic, headers={"x-include-refresh-token-hard-expires-in": "true"}
    ).json()

    assert fresh["token_type"] == "bearer"
    assert fresh["x_refresh_token_expires_in"] == 100 * 86_400
    assert fresh["x_refresh_token_hard_expires_in"] > 4 * 365 * 86_400
    again = httpx.post(grant.token_url, data=form, auth=basic)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert httpx.post(grant.token_url, data=form, auth=("a", "b")).status_code == 401


def test_revoked_consent_ends_both_tokens(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    grant = quickbooks.grant()
    basic = (grant.client_id, grant.client_secret)
    assert grant.revoke_url is not None

    assert httpx.post(grant.revoke_url, json={"token": grant.refresh_token}, auth=basic).status_code == 200
    assert qbo.get("/preferences", headers={"authorization": f"Bearer {grant.access_token}"}).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    assert httpx.post(grant.token_url, data=form, auth=basic).status_code == 400
