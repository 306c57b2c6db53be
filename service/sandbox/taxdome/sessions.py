"""Sessions: an access token for half an hour, a refresh token for a month that never changes, one selected account."""

from collections.abc import Callable

import msgspec

from service.sandbox.grants import Grants, InvalidGrantError, Tokens
from service.sandbox.taxdome.errors import RefusalError

ACCESS_S = 1800
REFRESH_S = 30 * 86_400


class Session(msgspec.Struct):
    """One session. `account` is the number of the account it is scoped to."""

    key: str
    login: str
    account: int
    is_challenged: bool = False


class Sessions(Grants):
    """All sessions. A session knows no scopes: what the kit calls so names the login, `firm` unless said."""

    def __init__(self, now_s: Callable[[], float], first_account: Callable[[str], int]) -> None:
        super().__init__(now_s, access_s=ACCESS_S, refresh_s=REFRESH_S, hard_s=REFRESH_S)
        self._first_account = first_account
        self._sessions: dict[str, Session] = {}

    def consent(self, scopes: frozenset[str], access_s: float | None = None, refresh_s: float | None = None) -> Tokens:
        """A new session of the login that `scopes` names."""
        login = next(iter(scopes), "firm")
        account = self._first_account(login)
        tokens = super().consent(frozenset({login}), access_s, refresh_s)
        self._sessions[tokens.refresh_token] = Session(tokens.refresh_token, login, account)
        return tokens

    def refresh(self, refresh_token: str) -> Tokens:
        """Another access token under the same refresh token."""
        grant = self._refresh.get(refresh_token)
        if grant is None or grant.revoked or self._now_s() >= grant.refresh_until:
            raise InvalidGrantError
        self.refreshes += 1
        return self._issue(grant)

    def by_refresh_token(self, refresh_token: str) -> Session | None:
        """The session a refresh token belongs to, also one that has ended."""
        return self._sessions.get(refresh_token)

    def enter(self, access_token: str | None) -> Session:
        """The session of a call; RefusalError says why there is none."""
        access = self._access.get(access_token or "")
        if access is None:
            raise RefusalError("unauthorized", "The access token is missing or unknown.")
        if access.grant.revoked:
            raise RefusalError("session_expired", "The session has ended. Log in again.")
        if self._now_s() >= access.until:
            raise RefusalError("token_expired", "The access token has expired.")
        return self._sessions[access.grant.refresh_token]
