"""How a vendor is told who we are: descriptors, no secrets and no I/O."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.connectors.sdk.faults import ConnectionRefused, Malformed, Refused, Unavailable
from service.connectors.sdk.flow import Flow, Request, Response


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
    hard_expires_in_s: int | None = None
    """What no renewal puts off: after it the firm has to consent again."""


class Grant(Struct, frozen=True, kw_only=True):
    """What a connection holds to be let in with, unsealed for the length of one renewal."""

    access_token: str
    refresh_token: str | None = None
    extra: Mapping[str, str] = {}
    """What a vendor's own scheme needs besides, such as a password and the seed of one-time codes."""

    def __repr__(self) -> str:
        return "Grant(…)"


class Auth(Protocol):
    """How one vendor lets us in."""

    @property
    def token_url(self) -> str | None:
        """Where tokens are renewed, when that is not below the vendor's base URL."""
        ...

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        """The headers that carry the credentials."""
        ...

    def renew(self, grant: Grant, app: AppCredentials, now: Callable[[], datetime]) -> Flow[TokenReply]:
        """New tokens for old. Raises ConnectionRefused when only the firm can help."""
        ...


class OAuth2(Struct, frozen=True, kw_only=True):
    """OAuth 2.0 with bearer tokens that expire and a refresh token that may rotate (RFC 6749).

    `token_url` is where the vendor's token endpoint is; a connection with a server of its own (a sandbox, a vendor
    without a published address) has it at `token_path` below its base URL.
    """

    token_url: str | None
    token_path: str
    authorize_url: str | None = None
    authorize_path: str | None = None
    revoke_url: str | None = None
    revoke_path: str | None = None
    scopes: tuple[str, ...] = ()
    client_auth: Literal["basic", "post"] = "basic"
    token_headers: tuple[tuple[str, str], ...] = ()
    refresh_path: str | None = None
    """Where tokens are renewed, when that is another path than the one where a code is exchanged."""
    refresh_life_s: int | None = None
    """How long a refresh token lives at a vendor that publishes it but does not say so in its answers."""

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {access_token}"),)

    def renew(self, grant: Grant, app: AppCredentials, now: Callable[[], datetime]) -> Flow[TokenReply]:
        del now
        if grant.refresh_token is None:
            raise ConnectionRefused("the connection has no refresh token")
        form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        return self.granted((yield self.form(self.refresh_path or self.token_path, form, app)))

    def granted(self, response: Response) -> TokenReply:
        """The tokens in an answer, a new refresh token with the life that it has here. Raises as `read_token_reply`."""
        reply = read_token_reply(response)
        if self.refresh_life_s is None or reply.refresh_token is None or reply.refresh_expires_in_s is not None:
            return reply
        return replace(reply, refresh_expires_in_s=self.refresh_life_s)

    def form(self, path: str, form: dict[str, str], app: AppCredentials) -> Request:
        """A form sent to one of the vendor's OAuth endpoints, in our own name."""
        headers = self.token_headers
        if self.client_auth == "basic":
            pair = b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
            headers = (*headers, ("authorization", f"Basic {pair}"))
        else:
            own = {"client_id": app.client_id, "client_secret": app.client_secret}
            form = {**form, **{name: value for name, value in own.items() if value}}  # a public app has no secret
        return Request(
            method="POST",
            path=path,
            body=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
            headers=headers,
            lane="write",
        )


class _WireToken(Struct, frozen=True):
    access_token: str
    expires_in: int = 3600
    refresh_token: str | None = None
    x_refresh_token_expires_in: int | None = None
    refresh_token_expires_in: int | None = None
    x_refresh_token_hard_expires_in: int | None = None


class _WireTokenError(Struct, frozen=True):
    error: str | None = None


def read_token_reply(response: Response) -> TokenReply:
    """The new tokens (RFC 6749, 5).

    Raises ConnectionRefused when the grant is gone (`invalid_grant`), Refused when our own registration is what the
    vendor refuses, Unavailable when the vendor itself failed.
    """
    if response.status >= 500 or response.status == 429:
        raise Unavailable("token endpoint failed", status=response.status)
    try:
        if response.status >= 400:
            code = msgspec.json.decode(response.body, type=_WireTokenError).error
            refusal = ConnectionRefused if code == "invalid_grant" else Refused
            raise refusal("the vendor refused to renew the token", status=response.status, code=code)
        wire = msgspec.json.decode(response.body, type=_WireToken)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("token endpoint did not answer with a token", status=response.status) from None
    return TokenReply(
        access_token=wire.access_token,
        expires_in_s=wire.expires_in,
        refresh_token=wire.refresh_token,
        refresh_expires_in_s=wire.x_refresh_token_expires_in or wire.refresh_token_expires_in,
        hard_expires_in_s=wire.x_refresh_token_hard_expires_in,
    )
