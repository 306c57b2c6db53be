"""Every fault, seen from the caller's side of the wire."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxError, SandboxServer

Json = dict[str, Any]

EVERYONE = "SELECT * FROM Customer WHERE Active IN (true, false) STARTPOSITION {} MAXRESULTS 20"


def page(cny: httpx.Client, cursor: str | None = None, size: int = 20) -> Json:
    answer: Json = cny.post("/clients/search", json={"page": {"size": size, "cursor": cursor}}).json()
    return answer


def test_fault_is_met_as_often_as_asked_and_no_more(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("server_error", count=2, after=1)

    assert [cny.get("/me/sessions").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert canopy.stats()["faults_fired"] == {"server_error": 2}


def test_fault_waits_for_its_method_and_path(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("server_error", method="POST", path="*/invoices/*", status=500)

    assert cny.post("/clients/search", json={}).status_code == 200
    assert cny.post("/invoices/search", json={}).status_code == 500


def test_fault_without_count_lasts_until_reset(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("not_json", count=None)

    for _ in range(3):
        assert cny.get("/me/sessions").headers["content-type"].startswith("text/html")
    canopy.reset()
    assert cny.get("/me/sessions").json()["user_id"]


def test_cleared_faults_do_not_fire(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("server_error")
    canopy.clear_faults()

    assert cny.get("/me/sessions").status_code == 200


def test_expired_token_stays_expired_until_refreshed(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("expire_token")

    assert [cny.get("/me/sessions").status_code for _ in range(2)] == [401, 401]


def test_expired_token_at_quickbooks_is_its_own_401(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    quickbooks.fault("expire_token")

    response = qbo.get("/preferences")
    assert (response.status_code, response.json()["fault"]["type"]) == (401, "AUTHENTICATION")


def test_throttle_comes_with_seconds_date_or_nothing(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("throttle", retry_after=7)
    canopy.fault("throttle", retry_after=7, as_date=True)
    canopy.fault("throttle", retry_after=None)
    seconds, date, nothing = (cny.get("/me/sessions") for _ in range(3))

    assert {seconds.status_code, date.status_code, nothing.status_code} == {429}
    assert seconds.headers["retry-after"] == "7"
    wait = parsedate_to_datetime(date.headers["retry-after"]) - datetime.now(UTC)
    assert timedelta(seconds=3) < wait <= timedelta(seconds=7)
    assert "retry-after" not in nothing.headers


def test_throttle_at_quickbooks_is_xml_without_retry_after(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    quickbooks.fault("throttle")
    response = qbo.get("/preferences")

    assert (response.status_code, response.headers["content-type"]) == (429, "application/xml")
    assert "retry-after" not in response.headers


@pytest.mark.parametrize("vendor", ["canopy", "quickbooks"])
def test_fault_in_200_is_a_failure_under_success(
    vendor: str, canopy: SandboxServer, cny: httpx.Client, quickbooks: SandboxServer, qbo: httpx.Client
) -> None:
    server, client, path = (canopy, cny, "/me/sessions") if vendor == "canopy" else (quickbooks, qbo, "/preferences")
    server.fault("fault_in_200")
    response = client.get(path)

    assert response.status_code == 200
    assert {"error", "Fault"} & set(response.json())


def test_timeout_holds_the_call_and_then_cuts_it(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("timeout", seconds=0.3)
    begun = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        cny.get("/me/sessions")

    assert time.monotonic() - begun >= 0.3


def test_held_call_does_not_hold_others(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("timeout", seconds=1, path="*/me/sessions")
    with ThreadPoolExecutor() as pool:
        held = pool.submit(cny.get, "/me/sessions")
        assert page(cny)["clients"]
        assert not held.done()
        with pytest.raises(httpx.RemoteProtocolError):
            held.result()


def test_slow_drip_arrives_whole_and_late(canopy: SandboxServer, cny: httpx.Client) -> None:
    whole = page(cny)["clients"]
    canopy.fault("slow_drip", seconds=0.4)
    begun = time.monotonic()

    assert page(cny)["clients"] == whole
    assert time.monotonic() - begun >= 0.35


def test_truncated_answer_breaks_off(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    quickbooks.fault("truncated")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        qbo.get("/preferences")


def test_wrong_shape_is_json_of_another_kind(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("wrong_shape")
    canopy.fault("wrong_shape", body={"clients": "none"})

    assert cny.post("/clients/search", json={}).json() == []
    assert cny.post("/clients/search", json={}).json() == {"clients": "none"}


def test_drift_renames_a_field_in_every_record(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("drift", field="display_name", to="name")
    rows = page(cny)["clients"]

    assert all("name" in row and "display_name" not in row for row in rows)
    assert all("display_name" in row for row in page(cny)["clients"])


def test_missing_field_and_unknown_enum_reach_inside_records(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    quickbooks.fault("missing_field", field="Line.Amount")
    quickbooks.fault("unknown_enum", field="EmailStatus", value="Pigeon")
    statement = {"query": "SELECT * FROM Invoice MAXRESULTS 5"}

    invoices = qbo.get("/query", params=statement).json()["QueryResponse"]["Invoice"]
    assert not any("Amount" in line for invoice in invoices for line in invoice["Line"])
    invoices = qbo.get("/query", params=statement).json()["QueryResponse"]["Invoice"]
    assert {invoice["EmailStatus"] for invoice in invoices} == {"Pigeon"}


def test_fault_never_reaches_the_books(canopy: SandboxServer, cny: httpx.Client) -> None:
    created = cny.post("/clients", json={"display_name": "Tern", "filing_type": "Business"}).json()
    canopy.fault("missing_field", field="display_name")

    assert "display_name" not in cny.get(f"/clients/{created['client_id']}").json()
    assert cny.get(f"/clients/{created['client_id']}").json() == created


def test_duplicate_page_repeats_the_page_before(canopy: SandboxServer, cny: httpx.Client) -> None:
    first = page(cny)
    canopy.fault("duplicate_page")
    again = page(cny, first["next_cursor"])

    assert again["clients"] == first["clients"]
    assert page(cny, again["next_cursor"])["clients"][0] not in first["clients"]


def test_duplicate_page_at_quickbooks(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    first = qbo.get("/query", params={"query": EVERYONE.format(1)}).json()["QueryResponse"]
    quickbooks.fault("duplicate_page")
    second = qbo.get("/query", params={"query": EVERYONE.format(21)}).json()["QueryResponse"]

    assert second["Customer"] == first["Customer"]
    assert second["startPosition"] == 21


def test_repeated_cursor_points_at_the_same_page(canopy: SandboxServer, cny: httpx.Client) -> None:
    second = page(cny)["next_cursor"]
    canopy.fault("repeated_cursor")
    answer = page(cny, second)

    assert answer["next_cursor"] == second
    assert page(cny, answer["next_cursor"])["clients"] == answer["clients"]


def test_empty_middle_page_loses_no_row(canopy: SandboxServer, cny: httpx.Client) -> None:
    whole = [row["client_id"] for row in page(cny, size=200)["clients"]]
    canopy.fault("empty_middle_page", after=2)
    ids: list[str] = []
    sizes: list[int] = []
    cursor: str | None = None
    while True:
        answer = page(cny, cursor, size=50)
        ids += [row["client_id"] for row in answer["clients"]]
        sizes.append(len(answer["clients"]))
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert sizes == [50, 50, 0, 50, 50]
    assert ids == whole


def test_faults_of_cursors_are_refused_where_there_are_none(quickbooks: SandboxServer) -> None:
    with pytest.raises(SandboxError, match="no meaning"):
        quickbooks.fault("repeated_cursor")


@pytest.mark.parametrize("settings", [{"count": 0}, {"colour": "red"}, {"seconds": "long"}])
def test_nonsense_faults_are_refused(canopy: SandboxServer, settings: Json) -> None:
    with pytest.raises(SandboxError):
        canopy.fault("timeout", **settings)


def test_lost_answer_leaves_the_write_done(quickbooks: SandboxServer, qbo: httpx.Client) -> None:
    quickbooks.fault("lost_answer")
    assert qbo.get("/preferences").status_code == 200
    params = {"requestid": "r1"}
    with pytest.raises(httpx.RemoteProtocolError):
        qbo.post("/customer", json={"DisplayName": "Lost & Found"}, params=params)

    assert quickbooks.stats()["writes"] == 1
    found = qbo.post("/customer", json={"DisplayName": "Lost & Found"}, params=params).json()["Customer"]
    assert found["DisplayName"] == "Lost & Found"
    assert quickbooks.stats()["writes"] == 1


def test_clock_skew_moves_all_the_vendor_says(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("clock_skew", seconds=-86_400)
    row = cny.post("/clients", json={"display_name": "Yesterday", "filing_type": "Business"})
    yesterday = datetime.now(UTC) - timedelta(days=1)

    assert abs(parsedate_to_datetime(row.headers["date"]) - yesterday) < timedelta(minutes=1)
    assert abs(datetime.fromisoformat(row.json()["updated_at"]) - yesterday) < timedelta(minutes=1)
    assert abs(parsedate_to_datetime(cny.get("/me/sessions").headers["date"]) - datetime.now(UTC)) < timedelta(
        minutes=1
    )


def test_redirect_points_at_the_metadata_host(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("redirect", status=307)
    response = cny.get("/me/sessions")

    assert response.status_code == 307
    assert response.headers["location"].startswith("http://169.254.169.254/")


def test_huge_body_keeps_coming_until_the_caller_hangs_up(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.fault("huge_body", size_bytes=4 * 1024 * 1024)
    with cny.stream("GET", "/me/sessions") as response:
        size = sum(len(part) for part in response.iter_bytes())

    assert size > 4 * 1024 * 1024 - 65_536
    assert cny.get("/me/sessions").status_code == 200


def test_token_endpoint_is_spared_unless_named(canopy: SandboxServer) -> None:
    grant = canopy.grant()
    form = {"grant_type": "refresh_token", "client_id": grant.client_id, "refresh_token": grant.refresh_token}
    canopy.fault("server_error")
    fresh = httpx.post(grant.token_url, data=form)
    canopy.fault("server_error", path="/oauth/token")

    assert fresh.status_code == 200
    assert httpx.post(grant.token_url, data=form).status_code == 503


def test_stats_count_calls_by_pattern_and_the_most_at_once(canopy: SandboxServer, cny: httpx.Client) -> None:
    canopy.limits(per_minute=None, latency_ms=100)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(cny.get, [f"/clients/cny_{0x10000 + place:x}" for place in range(4)]))
    stats = canopy.stats()

    assert stats["calls"] == {"GET /practice/v1/clients/{id}": 4}
    assert 2 <= stats["concurrent_max"] <= 4


def test_reset_restores_the_seed_and_keeps_grants(canopy: SandboxServer, cny: httpx.Client) -> None:
    before = page(cny, size=200)
    cny.patch("/clients/cny_10000", json={"tags": ["changed"]})
    cny.post("/clients", json={"display_name": "Gone Soon", "filing_type": "Business"})
    canopy.reset()

    assert page(cny, size=200) == before
    assert canopy.limits()["per_minute"] == 120


def test_body_past_ten_megabytes_is_refused(canopy: SandboxServer, cny: httpx.Client) -> None:
    assert cny.post("/clients/search", content=b" " * (11 * 1024 * 1024)).status_code == 413
