"""The bytes of documents, both ways through the whole product: ranges, digests, broken streams, sizes on the bill."""

import asyncio
import hashlib
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from service.db.pool import Pool
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.sandbox.taxdome import files
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, customers_of, problem_of

pytestmark = pytest.mark.anyio

WIDE = "acc_400a"
"""The account with a file of a gigabyte."""
SEED = serve.DEFAULT_SEED


@pytest.fixture(scope="module")
def taxdome_server() -> Iterator[SandboxServer]:
    with serve.running("taxdome") as server:
        yield server


@pytest.fixture
def taxdome(taxdome_server: SandboxServer) -> SandboxServer:
    taxdome_server.reset()
    taxdome_server.limits(per_minute=None)
    return taxdome_server


@pytest.fixture(scope="module")
def sodium() -> Iterator[SandboxServer]:
    with serve.running("sodium") as server:
        yield server


@pytest.fixture
def customers(
    http: httpx.AsyncClient,
    settings: Settings,
    operator_pool: Pool,
    quickbooks: SandboxServer,
    canopy: SandboxServer,
    taxdome: SandboxServer,
    sodium: SandboxServer,
) -> Customers:
    return customers_of(http, settings, operator_pool, quickbooks, canopy, taxdome, sodium)


@pytest.fixture
async def api(customers: Customers, operator_pool: Pool) -> Api:
    """A customer whose TaxDome connection is at the wide account."""
    made: Api = await customers()
    await operator_pool.execute(
        "UPDATE connection_accounts SET remote_id = $2 WHERE connection_id = $1", made.cast.connections["taxdome"], WIDE
    )
    return made


async def test_address_that_has_run_out_renews_no_token(api: Api, taxdome: SandboxServer) -> None:
    document = await small_file(api)
    taxdome.fault("server_error", path="/files/*", status=403)

    answer = await api.get(f"/v1/documents/{document['id']}/content")

    assert (answer.status_code, problem_of(answer)) == (502, "vendor_fault")
    assert taxdome.stats()["token_refreshes"] == 0


async def small_file(api: Api) -> dict[str, Any]:
    """A document of a few kilobytes, and its bytes are known."""
    answer = await api.get("/v1/documents?limit=20", "taxdome")
    assert answer.status_code == 200, answer.text
    return min((row for row in answer.json()["data"]), key=lambda row: row["size_bytes"])


def bytes_of(document: dict[str, Any]) -> bytes:
    size = document["size_bytes"]
    return files.seeded(SEED, document["remote_id"], size, document["name"]).read(0, size)


async def big_file(api: Api) -> dict[str, Any]:
    answer = await api.get("/v1/documents?limit=100&filter[area]=firm_shared", "taxdome")
    return next(row for row in answer.json()["data"] if row["size_bytes"] == 1024**3)


async def test_download_is_the_vendors_bytes(api: Api) -> None:
    document = await small_file(api)

    answer = await api.get(f"/v1/documents/{document['id']}/content")

    assert answer.status_code == 200
    assert answer.content == bytes_of(document)
    assert answer.headers["content-length"] == str(document["size_bytes"])
    assert answer.headers["content-type"] == files.media_type(document["name"])[0]
    assert "attachment" in answer.headers["content-disposition"]
    assert (answer.headers["usage-meter"], answer.headers["usage-units"]) == ("document", "1")


async def test_name_of_a_download_never_leads_out_of_a_folder(api: Api) -> None:
    url = "/v1/documents?name=..%2F..%2Fetc%2Fpasswd"
    headers = api.headers("quickbooks", Content_Type="text/plain", Idempotency_Key="n-1")
    made = (await api.http.post(url, content=b"harmless", headers=headers)).json()

    answer = await api.get(f"/v1/documents/{made['id']}/content")

    assert (answer.status_code, answer.content) == (200, b"harmless")
    assert "/" not in answer.headers["content-disposition"]
    assert "..%2F..%2Fetc%2Fpasswd" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=100-", 100, None), ("bytes=-7", -7, None)],
)
async def test_range_is_that_part_alone(api: Api, asked: str, first: int, last: int | None) -> None:
    document = await small_file(api)
    whole = bytes_of(document)

    answer = await api.get(f"/v1/documents/{document['id']}/content", Range=asked)

    start = first if first >= 0 else len(whole) + first
    end = len(whole) - 1 if last is None else last
    assert answer.status_code == 206, answer.text
    assert answer.content == whole[start : end + 1]
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(whole)}"
    assert answer.headers["content-length"] == str(end + 1 - start)


@pytest.mark.parametrize("asked", ["bytes=9-2", "lines=0-3", "bytes=0-1,5-6", "bytes=-", "nonsense"])
async def test_senseless_range_is_answered_whole(api: Api, asked: str) -> None:
    document = await small_file(api)

    answer = await api.get(f"/v1/documents/{document['id']}/content", Range=asked)

    assert (answer.status_code, answer.content) == (200, bytes_of(document))


async def test_range_past_the_end_is_416_and_says_the_size(api: Api) -> None:
    document = await small_file(api)

    answer = await api.get(f"/v1/documents/{document['id']}/content", Range="bytes=99999999-")

    assert (answer.status_code, problem_of(answer)) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{document['size_bytes']}"


async def test_range_in_a_gigabyte_counts_as_what_is_sent(api: Api) -> None:
    document = await big_file(api)

    answer = await api.get(f"/v1/documents/{document['id']}/content", Range="bytes=1000000000-1015000000")

    stream = files.seeded(SEED, document["remote_id"], document["size_bytes"], document["name"])
    assert answer.content == stream.read(1_000_000_000, 1_015_000_001)
    assert answer.headers["usage-units"] == "2"


async def test_vendor_that_breaks_off_breaks_the_connection(api: Api, taxdome: SandboxServer) -> None:
    made = await upload(api, bytes(5_000_000), query="&area=private")
    taxdome.fault("truncated", path="/files/*")

    with pytest.raises(httpx.RemoteProtocolError):
        await api.get(f"{made.headers['location']}/content")

    assert await download_of(api) == (200, "broken_off", 0)


async def test_whole_download_stays_billed(api: Api) -> None:
    document = await small_file(api)
    answer = await api.get(f"/v1/documents/{document['id']}/content", Range="bytes=0-9")
    assert answer.status_code == 206, answer.text

    await download_that_breaks_off(api)  # whatever is taken back from now on was asked for later

    assert (await api.receipt(answer))["call"]["units"] == 1


async def test_download_whose_caller_leaves_is_free(api: Api) -> None:
    await download_that_breaks_off(api)

    assert await download_of(api) == (200, "broken_off", 0)


async def download_that_breaks_off(api: Api) -> None:
    """A gigabyte, of which the caller reads the beginning; returns when it is off the bill."""
    document = await big_file(api)
    async with api.http.stream("GET", f"/v1/documents/{document['id']}/content", headers=api.headers()) as answer:
        async for _chunk in answer.aiter_bytes():
            break
    await download_of(api)


async def download_of(api: Api) -> tuple[int, str, int]:
    """Status, reason and units of the last download, once it is broken off."""
    calls = (await api.get("/v1/usage?limit=20")).json()["data"]
    ref = next(one["id"] for one in calls if one["operation"] == "downloadDocument")
    call: dict[str, Any] = {}
    for _ in range(500):
        call = (await api.get(f"/v1/usage/{ref}")).json()["call"]
        if call["reason"] == "broken_off":
            return call["status"], call["reason"], call["units"]
        await asyncio.sleep(0.02)
    raise AssertionError(f"the download is {call}")


async def test_vendor_that_fails_at_once_is_a_problem(api: Api, taxdome: SandboxServer) -> None:
    document = await small_file(api)
    taxdome.fault("server_error", path="/files/*", count=None)

    answer = await api.get(f"/v1/documents/{document['id']}/content")

    assert (answer.status_code, problem_of(answer)) == (503, "vendor_unavailable")


async def test_caller_who_leaves_lets_the_next_one_in(api: Api, taxdome: SandboxServer) -> None:
    document = await big_file(api)
    path = f"/v1/documents/{document['id']}/content"

    for _ in range(5):
        async with api.http.stream("GET", path, headers=api.headers()) as answer:
            assert answer.status_code == 200
            async for _chunk in answer.aiter_bytes():
                break
    for _ in range(200):
        if taxdome.stats()["concurrent"] == 0:
            break
        await asyncio.sleep(0.05)

    assert taxdome.stats()["concurrent"] == 0


async def upload(api: Api, content: Any, vendor: str = "taxdome", query: str = "", **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/pdf", "Idempotency-Key": secrets.token_hex(16)}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.http.post(
        f"/v1/documents?name=notes.pdf{query}", content=content, headers=api.headers(vendor) | sent
    )


async def test_upload_comes_back_as_it_was_sent(api: Api) -> None:
    content = secrets.token_bytes(300_000)

    made = await upload(api, content, query="&area=private")
    read = await api.get(f"{made.headers['location']}/content")

    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["area"], made.json()["size_bytes"]) == ("notes.pdf", "private", 300_000)
    assert read.content == content
    assert (made.headers["usage-meter"], made.headers["usage-units"]) == ("document", "1")


async def test_upload_counts_every_started_ten_megabytes(api: Api) -> None:
    made = await upload(api, bytes(10_000_001), query="&area=private")

    assert (made.status_code, made.headers["usage-units"]) == (201, "2")


async def test_upload_of_the_digest_that_was_said_is_kept(api: Api) -> None:
    content = secrets.token_bytes(200_000)

    made = await upload(api, content, query="&area=private", Content_Digest=digest_of(content))

    assert made.status_code == 201, made.text


@pytest.mark.parametrize("size", [5, 200_000, 3_000_000])
async def test_upload_of_another_digest_is_never_completed(api: Api, taxdome: SandboxServer, size: int) -> None:
    answer = await upload(api, secrets.token_bytes(size), query="&area=private", Content_Digest=digest_of(b"other"))

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "header/content-digest"
    assert taxdome.stats()["writes"] == 0


async def test_upload_whose_caller_leaves_is_never_completed(api: Api, taxdome: SandboxServer) -> None:
    class GoneError(Exception):
        pass

    async def half() -> AsyncIterator[bytes]:
        yield bytes(100_000)
        raise GoneError

    with pytest.raises(GoneError):
        await upload(api, half(), query="&area=private", Content_Length="200000")
    again = await upload(api, bytes(10), query="&area=private")

    assert again.status_code == 201
    assert taxdome.stats()["writes"] == 1


async def test_same_upload_again_is_a_replay(api: Api, taxdome: SandboxServer) -> None:
    content = secrets.token_bytes(1000)
    sent = {"query": "&area=private", "Idempotency_Key": "u-1", "Content_Digest": digest_of(content)}
    made = await upload(api, content, **sent)

    again = await upload(api, content, **sent)

    assert (again.status_code, again.json()) == (201, made.json())
    assert again.headers["usage-reason"] == "replay"
    assert taxdome.stats()["writes"] == 1


async def test_dry_run_of_an_upload_tells_its_price(customers: Customers, taxdome: SandboxServer) -> None:
    api = await customers(plan_version=("demo", 1))

    answer = await upload(api, bytes(25_000_000), query="&area=private&dry_run=true")

    assert answer.json() == {
        "object": "dry_run", "valid": True, "meter": "document", "units": 3, "price": "0.03", "currency": "USD"
    }  # fmt: skip
    assert answer.headers["usage-billable"] == "?0"
    assert taxdome.stats()["writes"] == 0


async def test_upload_without_a_length_is_refused(api: Api) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"x"

    answer = await upload(api, parts())

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_header")


def digest_of(content: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


# QuickBooks: a link of its own for the bytes, and uploads as forms.


async def test_attachment_of_quickbooks_is_downloaded(api: Api) -> None:
    listed = (await api.get("/v1/documents?limit=10", "quickbooks")).json()["data"]
    document = next(row for row in listed if row["media_type"] is not None)

    answer = await api.get(f"/v1/documents/{document['id']}/content")
    part = await api.get(f"/v1/documents/{document['id']}/content", Range="bytes=5-9")

    assert (answer.status_code, answer.content) == (200, bytes_of(document))
    assert answer.headers["content-type"] == document["media_type"]
    assert (part.status_code, part.content) == (206, answer.content[5:10])


async def test_note_of_quickbooks_has_no_bytes(api: Api) -> None:
    listed = (await api.get("/v1/documents?limit=10", "quickbooks")).json()["data"]
    note = next(row for row in listed if row["size_bytes"] is None)

    answer = await api.get(f"/v1/documents/{note['id']}/content")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")


@pytest.mark.parametrize("size", [0, 17, 12_000_000])
async def test_upload_to_quickbooks_hangs_on_the_client(api: Api, size: int) -> None:
    client = (await api.first("/v1/clients?limit=1", "quickbooks"))["id"]
    content = secrets.token_bytes(size)

    made = await upload(api, content, "quickbooks", f"&client={client}", Content_Digest=digest_of(content))
    read = await api.get(f"{made.headers['location']}/content") if made.status_code == 201 else made

    assert made.status_code == 201, made.text
    assert (made.json()["client"], made.json()["name"], made.json()["size_bytes"]) == (client, "notes.pdf", size)
    assert read.content == content


async def test_upload_to_quickbooks_of_another_digest_is_never_completed(api: Api, quickbooks: SandboxServer) -> None:
    answer = await upload(api, secrets.token_bytes(3_000_000), "quickbooks", Content_Digest=digest_of(b"other"))

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert quickbooks.stats()["writes"] == 0


async def test_file_of_canopy_is_sent_and_its_versions_are_kept(api: Api) -> None:
    client = (await api.first("/v1/clients?limit=1", "canopy"))["id"]
    first, second = secrets.token_bytes(12_000_000), secrets.token_bytes(40_000)

    made = await upload(api, first, "canopy", f"&client={client}&area=firm_shared", Content_Digest=digest_of(first))
    assert made.status_code == 201, made.text
    path = f"{made.headers['location']}/content"
    sent = {"Content-Type": "application/pdf", "Idempotency-Key": "anew"}
    anew, again = [
        await api.http.put(f"{path}?name=notes.pdf", content=second, headers=api.headers() | sent) for _ in range(2)
    ]
    whole = await api.get(path)
    part = await api.get(f"{path}?version=1", Range="bytes=5-9")
    missing = await api.get(f"{path}?version=7")

    assert anew.status_code == 200, anew.text
    assert [version["size_bytes"] for version in anew.json()["versions"]] == [12_000_000, 40_000]
    assert (again.json(), again.headers["usage-reason"]) == (anew.json(), "replay")
    assert (anew.headers["usage-meter"], anew.headers["usage-units"]) == ("document", "1")
    assert (whole.content, whole.headers["repr-digest"]) == (second, digest_of(second))
    assert (part.status_code, part.content) == (206, first[5:10])
    assert (missing.status_code, problem_of(missing)) == (404, "not_found")


async def test_version_is_refused_where_the_vendor_keeps_none(api: Api) -> None:
    document = await small_file(api)

    asked = await api.get(f"/v1/documents/{document['id']}/content?version=1")
    sent = await api.http.put(
        f"/v1/documents/{document['id']}/content?name=x", content=b"x", headers=api.headers(Idempotency_Key="v")
    )

    assert (asked.status_code, problem_of(asked)) == (501, "vendor_cannot")
    assert (sent.status_code, problem_of(sent)) == (501, "vendor_cannot")


async def test_document_of_sodium_is_downloaded(api: Api) -> None:
    client = (await api.first("/v1/clients?limit=1", "sodium"))["id"]
    document = await api.first(f"/v1/documents?limit=1&filter[client]={client}", "sodium")

    answer = await api.get(f"/v1/documents/{document['id']}/content")
    part = await api.get(f"/v1/documents/{document['id']}/content", Range="bytes=-4")

    assert answer.status_code == 200, answer.text
    assert len(answer.content) == document["size_bytes"]
    assert (part.status_code, part.content) == (206, answer.content[-4:])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 700_001])
async def test_upload_to_sodium_arrives_as_it_was_sent(api: Api, size: int) -> None:
    client = (await api.first("/v1/clients?limit=1", "sodium"))["id"]
    content = secrets.token_bytes(size)

    made = await upload(api, content, "sodium", f"&client={client}", Content_Digest=digest_of(content))
    assert made.status_code == 201, made.text
    read = await api.get(f"{made.headers['location']}/content")
    record = await api.get(made.headers["location"])

    assert (made.json()["name"], made.json()["client"], made.json()["size_bytes"]) == ("notes.pdf", client, size)
    assert (record.json(), read.content) == (made.json(), content)


@pytest.mark.parametrize(("query", "pointer"), [("", "query/client"), ("&client={}&area=private", "query/area")])
async def test_upload_that_sodium_has_no_place_for_is_refused(api: Api, query: str, pointer: str) -> None:
    client = (await api.first("/v1/clients?limit=1", "sodium"))["id"]

    answer = await upload(api, b"x", "sodium", query.format(client))

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer
