"""SmartVault: its envelope, its tokens, its pages counted from nought."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from service.connectors.sdk.auth import AppCredentials, Grant, OAuth2
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    BrokenPaging,
    ConnectionRefused,
    CredentialsExpired,
    Malformed,
    NotFound,
    Refused,
    Unavailable,
)
from service.connectors.sdk.flow import Response
from service.connectors.smartvault.clients import get, page
from service.connectors.smartvault.connector import SMARTVAULT
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, Played, ok, play

ROWS: list[dict[str, Any]] = json.loads(page_body("smartvault", "clients", 9))["message"]["children"]


def listed(rows: list[dict[str, Any]], total: int) -> Response:
    return ok({"error": {"success": True}, "message": {"children": rows, "total_children": total}})


def failed(status: int, code: str) -> Response:
    return Response(status, {}, json.dumps({"error": {"success": False, "error_code": code}}).encode())


def renewed(answer: Response) -> Played[Any]:
    assert isinstance(SMARTVAULT.auth, OAuth2)
    held, app = Grant(access_token="a", refresh_token="r"), AppCredentials("id", "s")
    return play(SMARTVAULT, SMARTVAULT.auth.renew(held, app, lambda: datetime.now(UTC)), answer)


@pytest.mark.parametrize(("start", "limit"), [(0, 3), (3, 3), (4, 3), (1, 2), (7, 2), (2, 5)])
def test_rows_are_those_wanted_whatever_size_the_pages_before_had(start: int, limit: int) -> None:
    flow = page(Query(limit=limit, position=str(start)), BOOK)
    asked = dict(next(flow).query)
    first, size = int(asked["page"]) * int(asked["per_page"]), int(asked["per_page"])
    flow.close()

    found = play(SMARTVAULT, page(Query(limit=limit, position=str(start)), BOOK), listed(ROWS[first : first + size], 9))

    wanted = [row["name"] for row in ROWS[start : start + limit]]
    assert [record.remote_id for record in found.value.records] == wanted
    assert found.value.next == (str(start + limit) if start + limit < 9 else None)


def test_rows_promised_and_not_given_are_broken_paging() -> None:
    with pytest.raises(BrokenPaging):
        play(SMARTVAULT, page(Query(limit=3, position="3"), BOOK), listed([], 9))


def test_an_expired_token_is_a_400_that_names_it() -> None:
    with pytest.raises(CredentialsExpired):
        play(SMARTVAULT, get("CL1", BOOK), failed(400, "invalid_token"))


@pytest.mark.parametrize(
    ("status", "fault"), [(200, Refused), (403, ConnectionRefused), (404, NotFound), (503, Unavailable)]
)
def test_failures_are_told_by_their_status_or_inside_200(status: int, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        play(SMARTVAULT, get("CL1", BOOK), failed(status, "no"))


def test_tokens_are_renewed_at_a_path_of_their_own_and_come_in_an_envelope() -> None:
    told = {"access_token": "b", "refresh_token": "r2", "expires_in": 3600, "refresh_token_expires_in": 1209600}
    played = renewed(ok({"error": {"success": True}, "message": told}))

    assert played.requests[0].path == "/auto/auth/rtoken/2"
    reply = played.value
    assert (reply.access_token, reply.refresh_token, reply.expires_in_s) == ("b", "r2", 3600)
    assert reply.refresh_expires_in_s == 1209600


@pytest.mark.parametrize("status", [200, 400])
def test_a_grant_that_is_gone_asks_the_firm(status: int) -> None:
    assert isinstance(SMARTVAULT.auth, OAuth2)
    with pytest.raises(ConnectionRefused):
        SMARTVAULT.auth.granted(failed(status, "invalid_token"))


def test_tokens_that_do_not_come_are_no_refusal_of_the_grant() -> None:
    assert isinstance(SMARTVAULT.auth, OAuth2)
    for answer, fault in (
        (failed(400, "invalid_client"), Refused),
        (failed(503, "internal"), Unavailable),
        (Response(200, {}, b"<html>"), Malformed),
    ):
        with pytest.raises(fault) as found:
            SMARTVAULT.auth.granted(answer)
        assert not isinstance(found.value, ConnectionRefused)


def test_every_firm_of_the_login_is_found() -> None:
    firms = [{"name": "51007", "dav_uri": "/nodes/pth/Larkspur"}, {"name": "52007"}]
    assert SMARTVAULT.discover is not None

    found = play(SMARTVAULT, SMARTVAULT.discover({}), listed(firms, 2)).value

    assert [(account.remote_id, account.name) for account in found] == [("51007", "Larkspur"), ("52007", "52007")]


def test_more_firms_than_a_page_are_not_cut_off() -> None:
    assert SMARTVAULT.discover is not None
    with pytest.raises(BrokenPaging):
        play(SMARTVAULT, SMARTVAULT.discover({}), listed([{"name": "51007"}], 2))
