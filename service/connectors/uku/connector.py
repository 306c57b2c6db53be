"""Uku, version 3 of its public API.

A firm's person consents at Uku itself (OAuth 2.1 with PKCE), or gives a key and the id of the company. The vendor's own
client names the consent page (`/oauth/authorize`), `/oauth/token` and where an app registers itself, without a secret
(`/oauth/register`, RFC 7591); production still refused to describe them (403) in August 2026. Assumed: the address to
revoke at, which no client uses, and how an app shows a secret if it has one. Each can be set (`TICKMARK_UKU_…_URL`).
Sources, read 2026-11-20: https://app.getuku.com/api/v3/docs, https://getuku.com/agents/ and
https://github.com/uku-owl/uku-cli/blob/main/reference/python-client/src/oauth.py
"""

from typing import Final

from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.either import OAuthOrKey
from service.connectors.sdk.keys import ApiKey, KeyField
from service.connectors.uku.clients import BINDING as CLIENTS
from service.connectors.uku.contacts import BINDING as CONTACTS
from service.connectors.uku.discovery import COMPANY, discover
from service.connectors.uku.faults import classify

_HOST: Final = "https://app.getuku.com"
_REFRESH_LIFE_S: Final = 90 * 86_400

_OAUTH: Final = OAuth2(
    token_url=f"{_HOST}/oauth/token",
    token_path="/oauth/token",  # noqa: S106 (an address)
    authorize_url=f"{_HOST}/oauth/authorize",
    authorize_path="/oauth/authorize",
    revoke_url=f"{_HOST}/oauth/revoke",
    revoke_path="/oauth/revoke",
    scopes=("read",),
    client_auth="post",
    # A refresh token is used once: one that comes a second time ends the whole consent.
    refresh_life_s=_REFRESH_LIFE_S,
)
_KEY: Final = ApiKey(
    "x-api-key",
    hint="In Uku, Settings & Apps → Public API (Elite plan): the owner or an administrator makes a key there. "
    "The scope Read is enough.",
    fields=(
        KeyField(
            name=COMPANY,
            label="Company id",
            hint="Beside the key: 36 letters, digits and dashes.",
            header="x-uku-company",
            pattern="[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
            wrong="It is 36 letters, digits and dashes. Copy it again, without blanks.",
            secret=False,
        ),
    ),
)

UKU: Final = Connector(
    slug="uku",
    name="Uku",
    # One host for companies of every country.
    base_urls={"us": _HOST, "eu": _HOST},
    root="/api/v3",
    auth=OAuthOrKey(oauth=_OAUTH, key=_KEY),
    # The figure for reads is not published; writes were 30 a minute on the vendor's own account.
    budget=BudgetSpec(limits=(Limit(60, 60.0),), scope="connection", default_retry_after_s=10.0, source="assumed"),
    classify=classify,
    request_id_headers=("x-request-id",),
    discover=discover,
    clients=CLIENTS,
    contacts=CONTACTS,
)
