"""A consent at Uku as the vendor's own client walks it: a public app, at the addresses that the client names.

Source: https://github.com/uku-owl/uku-cli/blob/main/reference/python-client/src/oauth.py, read 2026-11-20.
"""

from urllib.parse import parse_qs, urlsplit

from service.connections import oauth
from service.connections.vendors import Door, VendorSetup
from service.connectors.sdk.auth import AppCredentials
from service.connectors.sdk.either import oauth_of
from service.connectors.uku.connector import UKU

HOST, BACK = "https://app.getuku.com", "https://connect.tickmark.example/connect/callback"
APP = AppCredentials("registered-app", "")


def test_person_is_sent_to_the_consent_page_that_the_vendors_client_opens() -> None:
    auth = oauth_of(UKU.auth)
    assert auth is not None

    leaving = oauth.depart(auth, Door(UKU, HOST, VendorSetup(APP), is_own=False), BACK)

    url = urlsplit(leaving.url)
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{HOST}/oauth/authorize"
    assert asked.pop("state") == leaving.state
    assert len(asked.pop("code_challenge")) == 43
    assert asked == {
        "response_type": "code",
        "client_id": "registered-app",
        "redirect_uri": BACK,
        "code_challenge_method": "S256",
        "scope": "read",
    }


def test_app_without_a_secret_sends_none_and_says_who_it_is() -> None:
    auth = oauth_of(UKU.auth)
    assert auth is not None
    assert auth.token_url == f"{HOST}/oauth/token"

    request = next(oauth.redeem(auth, APP, "code-1", BACK, "verifier-1"))

    assert request.content_type == "application/x-www-form-urlencoded"
    assert "authorization" not in dict(request.headers)
    assert parse_qs((request.body or b"").decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["code-1"],
        "redirect_uri": [BACK],
        "client_id": ["registered-app"],
        "code_verifier": ["verifier-1"],
    }
