"""Reading through the whole product."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import ids
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, problem_of

pytestmark = pytest.mark.anyio

NOUNS = {
    "quickbooks": ("clients", "invoices", "payments", "credits"),
    "canopy": ("clients", "invoices", "payments", "credits", "tasks"),
}
BOUND = [(vendor, noun) for vendor, nouns in NOUNS.items() for noun in nouns]


@pytest.mark.parametrize("vendor", NOUNS)
async def test_clients_are_listed_to_the_last_page(api: Api, vendor: str) -> None:
    seen: list[str] = []
    path = "/v1/clients?limit=150"
    while True:
        answer = await api.get(path, vendor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [record["id"] for record in page["data"]]
        if not page["has_more"]:
            break
        path = f"/v1/clients?limit=150&cursor={page['next_cursor']}"

    assert len(seen) == len(set(seen)) >= 200
    assert answer.headers["usage-billable"] == "?1"


@pytest.mark.parametrize(("vendor", "noun"), BOUND)
async def test_record_is_read_by_the_id_alone(api: Api, vendor: str, noun: str) -> None:
    listed = await api.first(f"/v1/{noun}?limit=1", vendor)

    answer = await api.get(f"/v1/{noun}/{listed['id']}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == listed["id"]
    assert answer.json()["connection"] == api.connection(vendor)
    assert (answer.headers["usage-units"], answer.headers["usage-meter"]) == ("1", "read")


async def test_filter_gives_only_what_was_asked_for(api: Api) -> None:
    answer = await api.get("/v1/clients?filter[status]=inactive&limit=200", "quickbooks")

    assert {client["status"] for client in answer.json()["data"]} == {"inactive"}


async def test_choices_are_separated_by_commas(api: Api) -> None:
    answer = await api.get("/v1/clients?filter[status]=prospect,active&limit=200", "canopy")

    assert {client["status"] for client in answer.json()["data"]} == {"prospect", "active"}


async def test_choices_may_be_repeated_as_generated_clients_do(api: Api) -> None:
    repeated = await api.get(
        "/v1/clients?filter[status]=prospect&filter[status]=active&fields=id&fields=status", "canopy"
    )
    joined = await api.get("/v1/clients?filter[status]=prospect,active&fields=id,status", "canopy")

    assert repeated.status_code == 200, repeated.text
    assert repeated.json()["data"] == joined.json()["data"]


async def test_filter_of_one_value_is_not_repeated(api: Api) -> None:
    answer = await api.get("/v1/clients?filter[name]=Alder&filter[name]=Birch", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")


async def test_invoices_of_one_client(api: Api) -> None:
    client = (await api.first("/v1/invoices?limit=1", "quickbooks"))["client"]

    answer = await api.get(f"/v1/invoices?filter[client]={client}", "quickbooks")

    assert {invoice["client"] for invoice in answer.json()["data"]} == {client}


async def test_filter_by_an_id_of_another_connection_is_refused(api: Api) -> None:
    foreign = await api.first("/v1/clients?limit=1", "canopy")

    answer = await api.get(f"/v1/invoices?filter[client]={foreign['id']}", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")


async def test_unsupported_filter_names_those_that_are(api: Api, canopy: SandboxServer) -> None:
    answer = await api.get("/v1/clients?filter[name]=Birch", "canopy")

    assert (answer.status_code, problem_of(answer)) == (400, "unsupported_filter")
    assert "filter[status]" in answer.json()["errors"][0]["message"]
    assert canopy.stats()["total"] == 0


async def test_value_that_the_vendor_cannot_search_for_is_refused(api: Api, quickbooks: SandboxServer) -> None:
    answer = await api.get("/v1/clients?filter[name_contains]=50%25", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")
    assert answer.json()["errors"][0]["pointer"] == "query/filter[name_contains]"
    assert quickbooks.stats()["total"] == 0


async def test_updated_after_leaves_older_records_out(api: Api) -> None:
    newest = await api.first("/v1/clients?limit=1&sort=-updated_at", "quickbooks")

    answer = await api.get(f"/v1/clients?updated_after={newest['updated_at']}", "quickbooks")

    found = answer.json()["data"]
    assert newest["id"] in {client["id"] for client in found}
    assert all(client["updated_at"] >= newest["updated_at"] for client in found)


@pytest.mark.parametrize(
    "instant", ["yesterday", "2026-11-01T00:00:00", "0001-01-01T00:00:00%2B01:00", "1969-01-01T00:00:00Z"]
)
async def test_impossible_instant_is_refused(api: Api, instant: str) -> None:
    answer = await api.get(f"/v1/clients?updated_after={instant}", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")


async def test_sort_orders_the_whole_list(api: Api) -> None:
    answer = await api.get("/v1/clients?sort=-updated_at&limit=200", "quickbooks")

    instants = [client["updated_at"] for client in answer.json()["data"]]
    assert instants == sorted(instants, reverse=True)


async def test_sort_that_the_vendor_has_not_is_refused(api: Api) -> None:
    answer = await api.get("/v1/clients?sort=-updated_at", "canopy")

    assert (answer.status_code, problem_of(answer)) == (400, "unsupported_sort")


async def test_fields_narrow_every_record(api: Api) -> None:
    answer = await api.get("/v1/clients?fields=display_name,status&limit=5", "quickbooks")

    assert [set(client) for client in answer.json()["data"]] == [{"object", "id", "display_name", "status"}] * 5


async def test_raw_and_unmapped_are_added_when_asked_for(api: Api) -> None:
    record = await api.first("/v1/clients?include=raw,unmapped&limit=1", "quickbooks")

    assert record["raw"]["Id"] == record["remote_id"]
    assert record["meta"]["unmapped"]
    assert "Id" not in record["meta"]["unmapped"]


async def test_expand_puts_records_under_their_field(api: Api) -> None:
    answer = await api.get("/v1/invoices?expand=client&limit=3", "quickbooks")

    for invoice in answer.json()["data"]:
        assert invoice["expanded"]["client"]["id"] == invoice["client"]
    assert (await api.receipt(answer))["call"]["units"] == 1


async def test_too_many_records_to_expand_are_refused(api: Api) -> None:
    answer = await api.get("/v1/invoices?expand=client&limit=200", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "unsupported_selection")


async def test_unchanged_record_is_304_and_free(api: Api) -> None:
    listed = await api.first("/v1/clients?limit=1", "quickbooks")
    first = await api.get(f"/v1/clients/{listed['id']}")

    again = await api.get(f"/v1/clients/{listed['id']}", If_None_Match=first.headers["etag"])

    assert (again.status_code, again.content) == (304, b"")
    assert (again.headers["usage-billable"], again.headers["usage-reason"]) == ("?0", "not_modified")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("form", ["W/{tag}", '"other", {tag}', 'W/"other",W/{tag}', "*"])
async def test_unchanged_record_is_304_however_its_tag_is_written(api: Api, form: str) -> None:
    client = await api.first("/v1/clients", "quickbooks")
    tag = (await api.get(f"/v1/clients/{client['id']}")).headers["etag"]

    answer = await api.get(f"/v1/clients/{client['id']}", None, If_None_Match=form.format(tag=tag))

    assert (answer.status_code, answer.headers["usage-billable"]) == (304, "?0")
    assert answer.headers["etag"] == tag
    assert "content-type" not in answer.headers


async def test_list_that_the_vendor_has_not_names_what_it_can(api: Api) -> None:
    answer = await api.get("/v1/tasks", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (501, "vendor_cannot")


async def test_missing_record_of_the_own_connection_is_404(api: Api) -> None:
    home = ids.Book(api.cast.connections["quickbooks"], 0, "")

    answer = await api.get(f"/v1/clients/{home.ref('cli_', '999999')}")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


@pytest.mark.parametrize("remote_id", ["../companyinfo/1", "1?minorversion=1", "1/..", "", "1\n2", "%2e%2e"])
async def test_remote_id_never_leaves_its_place_in_the_url(api: Api, quickbooks: SandboxServer, remote_id: str) -> None:
    home = ids.Book(api.cast.connections["quickbooks"], 0, "")

    answer = await api.get(f"/v1/clients/{home.ref('cli_', remote_id)}")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")
    assert quickbooks.stats()["total"] == 0


async def test_several_connections_are_named_and_none_is_guessed(api: Api) -> None:
    answer = await api.get("/v1/clients")

    assert (answer.status_code, problem_of(answer)) == (400, "connection_required")
    choices = " ".join(error["message"] for error in answer.json()["errors"])
    assert api.connection("quickbooks") in choices
    assert api.connection("canopy") in choices


async def test_unknown_account_names_those_there_are(api: Api) -> None:
    answer = await api.get("/v1/clients", "quickbooks", Account_Id="1")

    assert (answer.status_code, problem_of(answer)) == (400, "account_required")


async def test_every_answer_says_where_the_time_went(api: Api) -> None:
    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert answer.headers["server-timing"].startswith("platform;dur=")
    assert answer.headers["data-source"] == "live"
    assert "ratelimit" in answer.headers
    assert "upstream-ratelimit" in answer.headers


async def test_deleted_records_are_told_beside_those_there_are(api: Api) -> None:
    credit = await api.first("/v1/credits?limit=1", "quickbooks")
    gone = await api.http.delete(
        f"/v1/credits/{credit['id']}",
        headers=api.headers(Idempotency_Key="gone") | {"If-Match": f'"{credit["version"]}"'},
    )
    since = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    found = await api.get(f"/v1/credits?limit=5&include_deleted=true&updated_after={since}", "quickbooks")
    plain = await api.get("/v1/credits?limit=5", "quickbooks")
    searched = await api.post(
        "/v1/credits/search", {"include_deleted": True, "updated_after": "2020-01-01T00:00:00Z"}, "quickbooks"
    )

    assert gone.status_code == 204, gone.text
    assert [one["id"] for one in found.json()["deleted"]] == [credit["id"]]
    assert credit["id"] not in {one["id"] for one in found.json()["data"]}
    assert "deleted" not in plain.json()
    assert (searched.status_code, searched.json()["errors"][0]["code"]) == (400, "too_far_back")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"limit": 0}, 400, "/limit"),
        ({"filter": {"status": ["nope"]}}, 400, "/filter/status"),
        ({"filter": {"owner": "me"}}, 400, "/filter/owner"),
        ({"filter": {"name": 7}}, 422, "/filter"),
        ({"filter": {"name": ["Alder", "Birch"]}}, 400, "/filter/name"),
        ({"fields": []}, 422, "/fields"),
        ({"fields": ["colour"]}, 400, "/fields"),
        ({"sort": "colour"}, 400, "/sort"),
    ],
)
async def test_impossible_search_points_into_its_body(
    api: Api, quickbooks: SandboxServer, body: dict[str, Any], status: int, pointer: str
) -> None:
    answer = await api.post("/v1/clients/search", body, "quickbooks")

    assert answer.status_code == status, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert quickbooks.stats()["total"] == 0
