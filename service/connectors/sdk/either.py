"""Vendors that let us in by their own consent page, or by a key that the firm makes: the firm's person chooses."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from service.connectors.sdk.auth import AppCredentials, Auth, Grant, OAuth2, TokenReply
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.keys import ApiKey


class OAuthOrKey(Struct, frozen=True, kw_only=True):
    """Both ways. What a connection holds says by which it came: a token is one line, a key has its fields in others."""

    oauth: OAuth2
    key: ApiKey
    """With at least one field that has a header."""

    def __post_init__(self) -> None:
        if not any(field.header for field in self.key.fields):
            raise ValueError("a key of one line cannot be told from a token")

    @property
    def token_url(self) -> str | None:
        return self.oauth.token_url

    def held(self, access_token: str) -> OAuth2 | ApiKey:
        """The way that these credentials came by."""
        return self.key if len(access_token.splitlines()) > 1 else self.oauth

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return self.held(access_token).sign(access_token)

    def renew(self, grant: Grant, app: AppCredentials, now: Callable[[], datetime]) -> Flow[TokenReply]:
        return self.held(grant.access_token).renew(grant, app, now)


def oauth_of(auth: Auth, access_token: str | None = None) -> OAuth2 | None:
    """Its consent page, if it has one; with a token, if that came by it."""
    if isinstance(auth, OAuthOrKey):
        held = auth.oauth if access_token is None else auth.held(access_token)
        return held if isinstance(held, OAuth2) else None
    return auth if isinstance(auth, OAuth2) else None


def key_of(auth: Auth) -> ApiKey | None:
    """What its key consists of, if it takes one."""
    if isinstance(auth, OAuthOrKey):
        return auth.key
    return auth if isinstance(auth, ApiKey) else None
