"""How a vendor is told who we are: descriptors, no secrets and no I/O."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from service.connectors.sdk.faults import ConnectionRefused, Malformed, Unavailable
from service.connectors.sdk.flow import Request, Response


class AppCredentials(Struct, frozen=True):
    """Our own registration at the vendor."""

    client_id: str
    client_secret: str


class TokenReply(Struct, frozen=True):
    """What the vendor's token endpoint gave. No `refresh_token` means: keep the old one."""

    access_token: str
    expires_in_s: int
    refresh_token: str | None = None
    refresh_expires_in_s: int | None = None


class _WireToken(Struct, frozen=True):
    access_token: str
    expires_in: int = 3600
    refresh_token: str | None = None
    x_refresh_token_expires_in: int | None = None


class _WireTokenError(Struct, frozen=True):
    error: str | None = None


class Auth(Protocol):
    """What the engine needs of an auth scheme."""

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        """The headers that carry the credentials."""
        ...


class OAuth2(Struct, frozen=True, kw_only=True):
    """OAuth 2.0 with bearer tokens that expire and a refresh token that may rotate (RFC 6749).

    `token_url` is absolute, or starts with `/` and then lies below the connection's base URL.
    """

    token_url: str
    authorize_url: str
    revoke_url: str | None = None
    scopes: tuple[str, ...] = ()
    client_auth: Literal["basic", "post"] = "basic"
    refresh_margin_s: int = 120
    """A token is renewed when it has less than this left."""
    token_headers: tuple[tuple[str, str], ...] = ()

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {access_token}"),)

    def refresh_request(self, app: AppCredentials, refresh_token: str) -> Request:
        """The form post that trades a refresh token; its path is `token_url`."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        headers = self.token_headers
        if self.client_auth == "basic":
            pair = b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
            headers = (*headers, ("authorization", f"Basic {pair}"))
        else:
            form |= {"client_id": app.client_id, "client_secret": app.client_secret}
        return Request(
            method="POST",
            path=self.token_url,
            body=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
            headers=headers,
            lane="write",
        )


def read_token_reply(response: Response) -> TokenReply:
    """The new tokens.

    Raises ConnectionRefused when the grant is gone (RFC 6749, 5.2) and Unavailable when the vendor itself failed.
    """
    if response.status >= 500 or response.status == 429:
        raise Unavailable("token endpoint failed", status=response.status)
    try:
        if response.status >= 400:
            code = msgspec.json.decode(response.body, type=_WireTokenError).error
            raise ConnectionRefused("the vendor refused the refresh token", status=response.status, code=code)
        wire = msgspec.json.decode(response.body, type=_WireToken)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("token endpoint did not answer with a token", status=response.status) from None
    return TokenReply(
        access_token=wire.access_token,
        expires_in_s=wire.expires_in,
        refresh_token=wire.refresh_token,
        refresh_expires_in_s=wire.x_refresh_token_expires_in,
    )


def expires_soon(expires_at: datetime, margin_s: int, now: Callable[[], datetime]) -> bool:
    """True when a token should be renewed before it is used."""
    return expires_at - timedelta(seconds=margin_s) <= now()
