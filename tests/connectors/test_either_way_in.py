"""A vendor with a consent page and keys: what a connection holds says which way it came by."""

import pytest

from service.clock import now
from service.connectors.sdk.auth import AppCredentials, Grant, OAuth2
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.either import OAuthOrKey, key_of, oauth_of
from service.connectors.sdk.faults import ConnectionRefused, Refused
from service.connectors.sdk.flow import Response
from service.connectors.sdk.keys import ApiKey
from service.connectors.uku.connector import UKU
from service.connectors.uku.discovery import discover

TOKEN, KEY = "at_1", "uku_live_x\nc0"
APP = AppCredentials("app", "")


def answer(body: bytes, status: int = 200) -> Response:
    return Response(status, {}, body)


def test_token_goes_as_bearer_and_a_key_in_its_headers() -> None:
    assert UKU.auth.sign(TOKEN) == (("authorization", "Bearer at_1"),)
    assert UKU.auth.sign(KEY) == (("x-api-key", "uku_live_x"), ("x-uku-company", "c0"))


def test_token_is_renewed_and_lives_for_ninety_days_more_and_a_key_is_not() -> None:
    flow = UKU.auth.renew(Grant(access_token=TOKEN, refresh_token="rt_1"), APP, now)
    request = next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.send(answer(b'{"access_token": "at_2", "expires_in": 86400, "refresh_token": "rt_2"}'))
    with pytest.raises(ConnectionRefused):
        next(UKU.auth.renew(Grant(access_token=KEY, refresh_token="rt_1"), APP, now))

    assert request.path == "/oauth/token"
    assert b"client_secret" not in (request.body or b"")
    assert stop.value.value.refresh_token == "rt_2"
    assert stop.value.value.refresh_expires_in_s == 90 * 86_400


def test_only_what_came_by_the_consent_page_is_revoked_there() -> None:
    assert oauth_of(UKU.auth, TOKEN) is oauth_of(UKU.auth) is not None
    assert oauth_of(UKU.auth, KEY) is None
    assert key_of(UKU.auth) is not None


def test_key_of_one_line_cannot_stand_beside_a_consent_page() -> None:
    with pytest.raises(ValueError, match="one line"):
        OAuthOrKey(oauth=OAuth2(token_url=None, token_path="/t"), key=ApiKey("x-api-key"))


@pytest.mark.parametrize(
    ("told", "rows", "found"),
    [
        ({"code": "ac"}, b'[{"id": 1, "name": "A", "account_id": 77}]', "77"),
        ({"company": "c0ffee00-1"}, b"[]", "c0ffee00-1"),
    ],
)
def test_company_is_the_one_named_or_the_one_its_clients_name(told: dict[str, str], rows: bytes, found: str) -> None:
    flow = discover(told)
    next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.send(answer(b'{"data": ' + rows + b', "meta": {"has_more": false}, "warnings": null}'))

    assert stop.value.value == (FoundAccount(found, f"Uku company {found[:8]}"),)


def test_company_that_nothing_names_is_refused() -> None:
    flow = discover({"code": "ac"})
    next(flow)

    with pytest.raises(Refused) as refused:
        flow.send(answer(b'{"data": [], "meta": {"has_more": false}, "warnings": null}'))
    assert refused.value.code == "nothing_yet"
