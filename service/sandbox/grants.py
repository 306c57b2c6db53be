"""What an OAuth consent ends in, and the tokens that live on it. The vendors differ only in how they say it."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable

import msgspec

CLIENT_ID = "sandbox-app"
CLIENT_SECRET = "sandbox-app-secret"  # noqa: S105 - invented, opens nothing
_CODE_LIFE_S = 600
_PRUNE_ABOVE = 4096


class Grant(msgspec.Struct):
    """One consent: which scopes, how long its tokens live, which refresh token is the current one."""

    scopes: frozenset[str]
    access_s: float
    refresh_s: float
    refresh_token: str
    refresh_until: float
    hard_until: float
    revoked: bool = False


class Tokens(msgspec.Struct, frozen=True):
    """What a token endpoint hands out."""

    access_token: str
    refresh_token: str
    access_s: float
    refresh_s: float
    hard_s: float
    scopes: frozenset[str]


class _Access(msgspec.Struct):
    grant: Grant
    until: float


class _Code(msgspec.Struct, frozen=True):
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str | None
    until: float


class InvalidGrantError(Exception):
    """The code or refresh token is unknown, used up, superseded, expired or revoked; the vendor's `invalid_grant`."""


class Grants:
    """All consents of one sandbox vendor. Every refresh replaces the refresh token; the old one is worth nothing."""

    def __init__(
        self,
        now_s: Callable[[], float],
        *,
        access_s: float,
        refresh_s: float,
        hard_s: float,
        reuse_revokes: bool = False,
    ) -> None:
        """With `reuse_revokes`, a refresh token that comes a second time ends the consent (OAuth 2.1)."""
        self._now_s = now_s
        self._used: dict[str, Grant] | None = {} if reuse_revokes else None
        self._life = (access_s, refresh_s, hard_s)
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, _Code] = {}
        self.refreshes = 0

    def consent(self, scopes: frozenset[str], access_s: float | None = None, refresh_s: float | None = None) -> Tokens:
        """Tokens as if somebody had just consented."""
        default_access_s, default_refresh_s, hard_s = self._life
        now = self._now_s()
        life = default_refresh_s if refresh_s is None else refresh_s
        grant = Grant(
            scopes=scopes,
            access_s=default_access_s if access_s is None else access_s,
            refresh_s=life,
            refresh_token=_new_token("rt"),
            refresh_until=now + life,
            hard_until=now + hard_s,
        )
        return self._issue(grant)

    def new_code(self, scopes: frozenset[str], redirect_uri: str, challenge: str | None) -> str:
        """An authorization code, good once and for ten minutes."""
        code = _new_token("ac")
        self._codes[code] = _Code(scopes, redirect_uri, challenge, self._now_s() + _CODE_LIFE_S)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str | None) -> Tokens:
        """Tokens for a code; InvalidGrantError also when the PKCE verifier is not the challenge's."""
        kept = self._codes.pop(code, None)
        if kept is None or kept.until < self._now_s() or kept.redirect_uri != redirect_uri:
            raise InvalidGrantError
        if kept.challenge is not None and kept.challenge != _challenge(verifier or ""):
            raise InvalidGrantError
        return self.consent(kept.scopes)

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens; the life of the refresh token starts again, up to the consent's hard end."""
        grant = self._refresh.pop(refresh_token, None)
        now = self._now_s()
        if self._used is not None:
            if grant is not None:
                self._used[refresh_token] = grant
            elif refresh_token in self._used:
                self.revoke(self._used[refresh_token].refresh_token)
        if grant is None or grant.revoked or now >= min(grant.refresh_until, grant.hard_until):
            raise InvalidGrantError
        self.refreshes += 1
        grant.refresh_token = _new_token("rt")
        grant.refresh_until = now + grant.refresh_s
        return self._issue(grant)

    def revoke(self, token: str) -> bool:
        """Ends the consent a token belongs to; False when there is none."""
        access = self._access.get(token)
        grant = self._refresh.get(token) or (access.grant if access else None)
        if grant is None:
            return False
        grant.revoked = True
        self._refresh.pop(grant.refresh_token, None)
        return True

    @property
    def alive(self) -> int:
        """Consents that still let somebody in, or can be renewed to."""
        return len({id(grant) for grant in self._refresh.values() if not grant.revoked})

    def scopes_of(self, access_token: str | None) -> frozenset[str] | None:
        """What a token may do; None when it is unknown, expired or revoked."""
        access = self._access.get(access_token or "")
        if access is None or access.grant.revoked or self._now_s() >= access.until:
            return None
        return access.grant.scopes

    def expire(self, access_token: str | None) -> None:
        """Ends one access token now; its refresh token lives on."""
        access = self._access.get(access_token or "")
        if access is not None:
            access.until = self._now_s()

    def _issue(self, grant: Grant) -> Tokens:
        now = self._now_s()
        if len(self._access) > _PRUNE_ABOVE:
            self._access = {token: access for token, access in self._access.items() if access.until > now}
        access_token = _new_token("at")
        self._access[access_token] = _Access(grant, now + grant.access_s)
        self._refresh[grant.refresh_token] = grant
        return Tokens(
            access_token=access_token,
            refresh_token=grant.refresh_token,
            access_s=grant.access_s,
            refresh_s=min(grant.refresh_until, grant.hard_until) - now,
            hard_s=grant.hard_until - now,
            scopes=grant.scopes,
        )


def _new_token(kind: str) -> str:
    return f"{kind}_{secrets.token_urlsafe(24)}"


def _challenge(verifier: str) -> str:
    """RFC 7636, S256."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
