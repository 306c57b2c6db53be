"""Heads and bodies that no well-kept client sends: what can be read in two ways is refused, never guessed."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, client_of, customers_of, keys_of, problem_of

pytestmark = pytest.mark.anyio

CLIENT = b'{"display_name":"Alder Dental"}'


async def sent(api: Api, head: str, body: bytes = b"", *, leave: bool = False) -> tuple[int, dict[str, Any]]:
    """The status and problem of a request that is written byte by byte; `leave` ends it where the bytes end."""
    url = api.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n" + body)
    await writer.drain()
    if leave:
        writer.write_eof()
    status = int((await reader.readline()).split()[1])
    length = 0
    while (line := await reader.readline()) != b"\r\n":
        name, _, value = line.decode().partition(":")
        length = int(value) if name.lower() == "content-length" else length
    answer = await reader.readexactly(length)
    writer.close()
    return status, json.loads(answer or b"{}")


def head_of(api: Api, line: str, *headers: str, host: str = "Host: api.example\n") -> str:
    names = api.headers("quickbooks") | {"Idempotency-Key": "a-1", "Content-Type": "application/json"}
    return f"{line} HTTP/1.1\n{host}" + "".join(f"{name}: {names[name]}\n" for name in names) + "".join(headers)


@pytest.mark.parametrize("framing", ["Content-Length: 5000\n", "Transfer-Encoding: chunked\n"])
async def test_body_that_breaks_off_is_never_carried_out(api: Api, quickbooks: SandboxServer, framing: str) -> None:
    body = CLIENT if "Length" in framing else b"%x\r\n%s\r\n" % (len(CLIENT), CLIENT)

    status, problem = await sent(api, head_of(api, "POST /v1/clients", framing), body, leave=True)

    assert (status, problem["code"]) == (400, "malformed_json")
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 5\nContent-Length: 30\n",
        "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n",
        "Transfer-Encoding: gzip, chunked\n",
    ],
)
async def test_body_whose_framing_is_not_plain_is_refused(api: Api, quickbooks: SandboxServer, framing: str) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(CLIENT), CLIENT)

    status, _ = await sent(api, head_of(api, "POST /v1/clients", framing), body)

    assert status == 400
    assert quickbooks.stats()["total"] == 0


async def test_body_that_dawdles_is_408(api: Api, quickbooks: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.call.BODY_WITHIN_S", 0.2)

    status, problem = await sent(api, head_of(api, "POST /v1/clients", "Content-Length: 5000\n"), CLIENT)

    assert (status, problem["code"], problem["retryable"]) == (408, "body_too_slow", True)
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize(
    "twice",
    [
        "Authorization: Bearer other",
        "Connection-Id: con_x",
        "Idempotency-Key: b-1",
        "Content-Type: text/plain",
        "Host: b",
    ],
)
async def test_header_that_may_stand_once_is_refused_twice(api: Api, quickbooks: SandboxServer, twice: str) -> None:
    head = head_of(api, "POST /v1/clients", f"{twice}\n", f"Content-Length: {len(CLIENT)}\n")

    status, problem = await sent(api, head, CLIENT)

    name = twice.partition(":")[0].lower()
    assert (status, problem["code"]) == (400, "invalid_header")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(f"header/{name}", "repeated")]
    assert quickbooks.stats()["total"] == 0


async def test_request_without_a_host_is_refused(api: Api) -> None:
    status, problem = await sent(api, head_of(api, "GET /v1/me", host=""))

    assert (status, problem["code"]) == (400, "invalid_header")


async def test_packed_body_is_415_and_says_what_is_read(api: Api) -> None:
    answer = await api.post("/v1/clients", gzip.compress(CLIENT), "quickbooks", Content_Encoding="gzip")

    assert (answer.status_code, problem_of(answer)) == (415, "unsupported_media_type")
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json; charset=utf-8", 201),
        ('Application/JSON;Charset="UTF-8"', 201),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=latin-1", 415),
    ],
)
async def test_body_in_another_charset_is_415(api: Api, media_type: str, status: int) -> None:
    answer = await api.post("/v1/clients", CLIENT, "quickbooks", Content_Type=media_type)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"display_name":"A","display_name":"B"}',
        b'{"display_name":"A","emails":[{"address":"a@b.example","address":"c@d.example"}]}',
    ],
)
async def test_name_that_stands_twice_in_an_object_is_refused(api: Api, quickbooks: SandboxServer, body: bytes) -> None:
    answer = await api.post("/v1/clients", body, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "malformed_json")
    assert quickbooks.stats()["total"] == 0


async def test_control_character_in_a_text_is_refused(api: Api, quickbooks: SandboxServer) -> None:
    answer = await api.post("/v1/clients", {"display_name": "Alder\x00Dental"}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/display_name"
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize("path", ["/v1/clients/", "/v1/clients//", "/v1//clients", "/v1/me/", "/v1/usage/summary/"])
async def test_empty_segment_is_no_other_path(api: Api, path: str) -> None:
    answer = await api.http.get(httpx.URL(str(api.http.base_url).rstrip("/") + path), headers=api.headers("quickbooks"))

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


async def test_options_of_a_path_has_no_body_and_names_no_type_for_it(api: Api) -> None:
    answer = await api.http.request("OPTIONS", "/v1/clients", headers=api.headers())

    assert answer.status_code == 204
    assert "content-type" not in answer.headers


async def test_key_in_the_path_is_refused_and_not_repeated(api: Api) -> None:
    answer = await api.get(f"/v1/connections/{api.cast.key}")

    assert (answer.status_code, problem_of(answer)) == (400, "key_in_url")
    assert api.cast.key not in answer.text


async def test_version_that_there_is_not_is_refused(api: Api) -> None:
    other = await api.get("/v1/me", API_Version="2025-01-01")
    same = await api.get("/v1/me", API_Version="2026-11-20")

    assert (other.status_code, problem_of(other)) == (400, "invalid_header")
    assert (same.status_code, same.headers["api-version"]) == (200, "2026-11-20")


async def test_preferences_may_stand_in_several_headers(api: Api) -> None:
    headers = [*api.headers("quickbooks").items(), ("Idempotency-Key", "p-1"), ("Content-Type", "application/json")]
    headers += [("Prefer", "wait=5"), ("Prefer", "respond-async")]

    answer = await api.http.post("/v1/clients", content=CLIENT, headers=headers)

    assert answer.status_code == 202


@pytest.fixture
async def behind_a_proxy(
    settings: Settings, operator_pool: Pool, quickbooks: SandboxServer, canopy: SandboxServer
) -> AsyncIterator[Api]:
    async with client_of(replace(settings, trusted_proxies=("127.0.0.0/8",))) as http:
        yield await customers_of(http, settings, operator_pool, quickbooks, canopy)()


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        (["203.0.113.7"], 200),
        (["198.51.100.1", "203.0.113.7"], 200),
        (["203.0.113.7", "198.51.100.1"], 403),
        (["203.0.113.7, 198.51.100.1"], 403),
        (["203.0.113.7", "unknown"], 403),
        ([], 403),
    ],
)
async def test_address_is_the_one_that_the_last_proxy_added(
    behind_a_proxy: Api, settings: Settings, operator_pool: Pool, forwarded: list[str], status: int
) -> None:
    listed = await keys_of(settings, operator_pool)(behind_a_proxy, ip_allow=["203.0.113.0/24"])
    headers = [*listed.headers().items(), *(("X-Forwarded-For", one) for one in forwarded)]

    answer = await listed.http.get("/v1/me", headers=headers)

    assert answer.status_code == status, answer.text


async def test_batch_is_from_where_its_call_is_from(
    behind_a_proxy: Api, settings: Settings, operator_pool: Pool
) -> None:
    listed = await keys_of(settings, operator_pool)(behind_a_proxy, ip_allow=["203.0.113.0/24"])
    body = {"operations": [{"method": "GET", "path": "/v1/me"}]}

    answer = await listed.post("/v1/batch", body, X_Forwarded_For="203.0.113.7")

    assert [one["status"] for one in answer.json()["data"]] == [200]
