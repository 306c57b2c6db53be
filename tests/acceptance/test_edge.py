"""Bad input at the rim: each gets its documented problem, is never billed, and never reaches a vendor."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine

from service import ids
from service.accounts.keys import revoke_key
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Keys, problem_of

pytestmark = pytest.mark.anyio

WRITE = {"Content-Type": "application/json", "Idempotency-Key": "a-1"}


async def test_call_without_a_key_is_401(api: Api) -> None:
    answer = await api.http.get("/v1/clients")

    assert (answer.status_code, problem_of(answer)) == (401, "missing_key")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["//v1/clients", "//v1/vendors", "/v1", "///v1/me", "/%2fv1/vendors"])
async def test_no_spelling_of_a_path_goes_around_the_key(api: Api, path: str) -> None:
    answer = await api.http.get(httpx.URL(str(api.http.base_url).rstrip("/") + path))

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "Bearer  "])
async def test_scheme_is_read_as_http_writes_it(api: Api, scheme: str) -> None:
    answer = await api.http.get("/v1/me", headers={"Authorization": scheme + api.cast.key})

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("value", ["Basic {key}", "{key}", "Bearer", "Token {key}"])
async def test_other_schemes_are_401(api: Api, value: str) -> None:
    answer = await api.http.get("/v1/me", headers={"Authorization": value.format(key=api.cast.key)})

    assert (answer.status_code, problem_of(answer)) == (401, "missing_key")


@pytest.mark.parametrize("place", [0, 8, 20, -1])
async def test_one_changed_character_is_401(api: Api, place: int) -> None:
    key = list(api.cast.key)
    key[place] = "b" if key[place] == "a" else "a"

    answer = await api.http.get("/v1/me", headers={"Authorization": f"Bearer {''.join(key)}"})

    assert (answer.status_code, problem_of(answer)) == (401, "invalid_key")
    assert "".join(key) not in answer.text


async def test_revoked_key_is_refused_within_a_second(api: Api, keys: Keys, operator_pool: Pool) -> None:
    other = await keys(api)
    key_id = ids.decode("key", (await other.get("/v1/me")).json()["key"])
    async with operator_pool.acquire() as connection:
        await revoke_key(connection, api.cast.org_id, key_id)

    began = time.monotonic()
    while (answer := await other.get("/v1/me")).status_code == 200:
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.02)

    assert (answer.status_code, problem_of(answer)) == (401, "invalid_key")


async def test_expired_key_is_refused(api: Api, keys: Keys) -> None:
    short = await keys(api, expires_in=timedelta(milliseconds=1))

    answer = await short.get("/v1/me")

    assert (answer.status_code, problem_of(answer)) == (401, "invalid_key")


async def test_key_in_the_url_is_refused_and_not_repeated(api: Api) -> None:
    answer = await api.get(f"/v1/me?api_key={api.cast.key}")

    assert (answer.status_code, problem_of(answer)) == (400, "key_in_url")
    assert api.cast.key not in answer.text


async def test_key_off_its_allow_list_is_refused(api: Api, keys: Keys) -> None:
    elsewhere = await keys(api, ip_allow=["203.0.113.0/24"])

    answer = await elsewhere.get("/v1/me")

    assert (answer.status_code, problem_of(answer)) == (403, "address_not_allowed")


_BODIES = {
    "empty": (b"", 400),
    "cut off": (b'{"display_name":', 400),
    "not UTF-8": (b'{"display_name":"\xff"}', 400),
    "lone surrogate": (b'{"display_name":"\\ud800"}', 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a number for a text": (b'{"display_name":7}', 422),
    "null for what is required": (b'{"display_name":null}', 422),
    "nothing that is required": (b"{}", 422),
    "an unknown field": (b'{"display_name":"A","colour":"red"}', 422),
    "deep": (b'{"emails":' + b"[" * 100_000, 422),
    "deep and unknown": (b'{"display_name":"A","x":' + b"[" * 100_000, 422),
    "not a number": (b'{"display_name":NaN}', 400),
}


@pytest.mark.parametrize("name", _BODIES)
async def test_bad_body_is_refused(api: Api, quickbooks: SandboxServer, name: str) -> None:
    body, status = _BODIES[name]

    answer = await api.post("/v1/clients", body, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (
        status,
        {400: "malformed_json", 422: "validation_failed"}[status],
    )
    assert quickbooks.stats()["total"] == 0


async def test_wrong_type_points_at_its_place(api: Api) -> None:
    answer = await api.post("/v1/clients", {"display_name": "A", "emails": [{"address": 7}]}, "quickbooks")

    assert answer.json()["errors"][0]["pointer"] == "/emails/0/address"


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": "1E+999999", "unit_price": "1E+999999"},
        {"quantity": "NaN", "unit_price": "1"},
        {"quantity": "Infinity", "unit_price": "1"},
        {"amount": {"amount_minor": 10**30, "currency": "USD"}},
        {"amount": {"amount_minor": 1.5, "currency": "USD"}},
        {"amount": {"amount_minor": 100, "currency": "XXXX"}},
        {"quantity": "2", "unit_price": "3", "amount": {"amount_minor": 500, "currency": "USD"}},
    ],
)
async def test_impossible_amount_is_refused(api: Api, quickbooks: SandboxServer, line: dict[str, Any]) -> None:
    client = ids.Book(api.cast.connections["quickbooks"], 0, "").ref("cli_", "1")

    answer = await api.post("/v1/invoices", {"client": client, "lines": [line]}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert quickbooks.stats()["writes"] == 0


@pytest.mark.parametrize("chunked", [False, True])
async def test_oversize_body_is_413(api: Api, chunked: bool) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 65_536

    content: Any = chunks() if chunked else b" " * (1 << 20) + b"{}"
    answer = await api.http.post("/v1/clients", content=content, headers=api.headers("quickbooks") | WRITE)

    assert (answer.status_code, problem_of(answer)) == (413, "body_too_large")


async def test_oversize_url_is_414(api: Api) -> None:
    answer = await api.get(f"/v1/clients?filter[name]={'a' * 9000}", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (414, "uri_too_long")


async def test_oversize_headers_are_431(api: Api) -> None:
    answer = await api.get("/v1/me", None, X_Long="a" * 20_000)

    assert (answer.status_code, problem_of(answer)) == (431, "headers_too_large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_other_media_types_are_415(api: Api, media_type: str) -> None:
    answer = await api.post("/v1/clients", {"display_name": "A"}, "quickbooks", Content_Type=media_type)

    assert (answer.status_code, problem_of(answer)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/clients", {"GET", "POST", "OPTIONS"}),
        ("PATCH", "/v1/connections/con_x", {"GET", "DELETE", "OPTIONS"}),
        ("HEAD", "/v1/me", {"GET", "OPTIONS"}),
        ("POST", "/v1/usage/summary", {"GET", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
async def test_other_methods_are_405_with_those_there_are(api: Api, method: str, path: str, allow: set[str]) -> None:
    answer = await api.http.request(method, path, headers=api.headers())

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allow
    assert method == "HEAD" or problem_of(answer) == "method_not_allowed"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/", "/v1/nothing", "/v1/clients/x/y", "/v1/clients/%00", "/v1/clients/%ff",
        "/v1/clients/..%2f..%2fusage", "/v1/clients/cli_", "/v1/clients/inv_AAAA", "/v1/usage/req_0",
        "/v1/connections/con_0", "/v1/billing/invoices/x", "/v1/vendors/nobody/coverage", "/v2/clients",
        "//v1/clients",
    ],
)  # fmt: skip
async def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    url = httpx.URL(str(api.http.base_url).rstrip("/") + path)

    answer = await api.http.get(url, headers=api.headers("quickbooks"))

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/clients?page=2", "/v1/me?x=1", "/v1/connections?vendor=canopy", "/v1/usage?filter[rows]=1",
        "/v1/usage/summary?limit=1", "/v1/billing/invoices?state=draft", "/v1/billing/month-to-date?x",
        "/v1/vendors?x=1", "/v1/clients?Limit=1", "/healthz?x=1",
    ],
)  # fmt: skip
async def test_unknown_parameter_is_refused_by_name(api: Api, path: str) -> None:
    answer = await api.get(path, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "unknown_parameter")
    assert answer.json()["errors"][0]["pointer"].startswith("query/")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=1.5", "limit=-1", "limit=", "limit=1&limit=2", "limit=%ff", "limit=٣",
        "cursor=", "include_deleted=1", "filter[status]=", "filter[name]=%00", "max_age=-1", "max_age=soon",
    ],
)  # fmt: skip
async def test_impossible_value_is_refused(api: Api, quickbooks: SandboxServer, query: str) -> None:
    answer = await api.get(f"/v1/clients?{query}", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize("value", ["con_0", "x", "con_" + "z" * 26, "firm_01k3sd2p9ze5ybqk7c5q6qd9q4"])
async def test_malformed_connection_id_is_refused(api: Api, value: str) -> None:
    answer = await api.get("/v1/clients", None, Connection_Id=value)

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_header")


@pytest.mark.parametrize("value", ["", "a b", "a" * 256, "é"])
async def test_malformed_idempotency_key_is_refused(api: Api, value: str) -> None:
    headers = api.headers("quickbooks") | {"Content-Type": "application/json", "Idempotency-Key": value}
    encoded = [(name.encode(), text.encode()) for name, text in headers.items()]

    answer = await api.http.post("/v1/clients", content=b"{}", headers=encoded)

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_header")


@pytest.mark.parametrize("noun", ["clients", "invoices"])
@pytest.mark.parametrize("change", ["character", "cut", "filter", "noun", "key", "account"])
async def test_cursor_serves_its_own_list_alone(api: Api, keys: Keys, noun: str, change: str) -> None:
    cursor = (await api.get(f"/v1/{noun}?limit=2", "quickbooks")).json()["next_cursor"]
    other = {"clients": "invoices", "invoices": "clients"}[noun]

    match change:
        case "character":
            swapped = cursor[:10] + ("A" if cursor[10] != "A" else "B") + cursor[11:]
            answer = await api.get(f"/v1/{noun}?limit=2&cursor={swapped}", "quickbooks")
        case "cut":
            answer = await api.get(f"/v1/{noun}?limit=2&cursor={cursor[:-4]}", "quickbooks")
        case "filter":
            answer = await api.get(
                f"/v1/{noun}?limit=2&updated_after=2026-01-01T00:00:00Z&cursor={cursor}", "quickbooks"
            )
        case "noun":
            answer = await api.get(f"/v1/{other}?limit=2&cursor={cursor}", "quickbooks")
        case "key":
            answer = await (await keys(api)).get(f"/v1/{noun}?limit=2&cursor={cursor}", "quickbooks")
        case _:
            answer = await api.get(f"/v1/{noun}?limit=2&cursor={cursor}", "canopy")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_cursor")


@pytest.mark.parametrize("cursor", ["x", "é", "A" * 3000, "____", "%00"])
async def test_invented_cursor_is_refused(api: Api, cursor: str) -> None:
    answer = await api.get(f"/v1/clients?cursor={cursor}", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_cursor")


async def test_old_cursor_is_410(api: Api) -> None:
    cursor = (await api.get("/v1/usage?limit=1")).json()["next_cursor"] or ""
    await api.get("/v1/me")
    cursor = (await api.get("/v1/usage?limit=1")).json()["next_cursor"]

    with time_machine.travel(time.time() + 25 * 3600, tick=True):
        answer = await api.get(f"/v1/usage?limit=1&cursor={cursor}")

    assert (answer.status_code, problem_of(answer)) == (410, "cursor_expired")


async def test_page_size_may_change_between_pages(api: Api) -> None:
    first = (await api.get("/v1/clients?limit=2", "quickbooks")).json()

    second = (await api.get(f"/v1/clients?limit=5&cursor={first['next_cursor']}", "quickbooks")).json()

    assert len(second["data"]) == 5
    assert not {one["id"] for one in first["data"]} & {one["id"] for one in second["data"]}


@pytest.mark.parametrize(
    "path", ["/v1/me", "/v1/clients?limit=1", "/v1/nothing", "/v1/clients?x=1", "/healthz", "/v1/usage"]
)
async def test_every_answer_has_a_receipt_and_safe_headers(api: Api, path: str) -> None:
    answer = await api.get(path, "quickbooks")

    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["usage-billable"] in ("?0", "?1")
    assert {"usage-units", "usage-meter", "usage-reason", "server-timing"} <= set(answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_too_many_calls_are_429_and_say_when_to_come_back(api: Api) -> None:
    answers = await asyncio.gather(*(api.get("/v1/vendors") for _ in range(130)))

    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    assert {problem_of(answer) for answer in refused} <= {"rate_limited", "too_many_concurrent"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all("ratelimit" in answer.headers for answer in refused)


async def test_wrong_key_is_401_at_every_operation_and_429_once_it_is_a_flood(api: Api) -> None:
    contract = (await api.http.get("/openapi.json")).json()
    headers = {"Authorization": f"Bearer {api.cast.key[:-1]}-"}
    every = [
        (method, path) for path in contract["paths"] if path.startswith("/v1/") for method in contract["paths"][path]
    ]

    answers = [await api.http.request(method, path, headers=headers) for method, path in every]
    flood = [await api.http.get("/v1/me", headers=headers) for _ in range(600)]

    assert {problem_of(answer) for answer in answers} == {"invalid_key"}
    assert {problem_of(answer) for answer in flood} == {"invalid_key", "rate_limited"}
    assert int(flood[-1].headers["retry-after"]) >= 1
