"""How TaxDome lets us in: a portal session with an e-mail address, a password and a one-time code.

    POST /api/auth/refresh  {refresh_token}                → 200 {access_token, expires_in}; the refresh token stays
    POST /api/auth/session  {email, password, device_id}   → 200 tokens, or 401 {mfa_required, challenge_id}
         … the same with {totp_code, challenge_id}         → 200 tokens, or 401 mfa_invalid, 423 locked

A challenge is answered once. Whatever comes after that asks a human: five failures lock the login.
All of it is assumed; TaxDome publishes no API.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from service.connectors.sdk.auth import AppCredentials, Grant, TokenReply
from service.connectors.sdk.faults import ConnectionRefused, Malformed, RateLimited, Refused, Unavailable
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.retry_after import retry_after_s
from service.connectors.taxdome.totp import seed_of, totp

EMAIL: Final = "email"
PASSWORD: Final = "password"  # noqa: S105 (the name of what is kept, not a password)
DEVICE: Final = "device_id"
SEED: Final = "totp_secret"
"""What `Grant.extra` holds; the seed is in base32 and may be missing where the login has no second factor."""


class PortalSession(Struct, frozen=True):
    """A session of TaxDome's portal: bearer tokens of half an hour, renewed by refresh token, else by logging in."""

    token_url: str | None = None

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {access_token}"),)

    def renew(self, grant: Grant, app: AppCredentials, now: Callable[[], datetime]) -> Flow[TokenReply]:
        """New tokens: by the refresh token while its session lives, else by one login. Never more than three calls."""
        del app
        if grant.refresh_token is not None:
            answer = yield _post("/api/auth/refresh", {"refresh_token": grant.refresh_token})
            if answer.status != 401:
                return _tokens(answer)
        return (yield from _log_in(grant.extra, now))


def _log_in(extra: Mapping[str, str], now: Callable[[], datetime]) -> Flow[TokenReply]:
    """A new session. Raises ConnectionRefused for whatever only the firm can help with."""
    if not all(extra.get(name) for name in (EMAIL, PASSWORD, DEVICE)):
        raise ConnectionRefused("the session has ended, and there is nothing to log in with", code="no_credentials")
    login = {name: extra[name] for name in (EMAIL, PASSWORD, DEVICE)}
    answer = yield _post("/api/auth/session", login)
    if answer.status != 401:
        return _tokens(answer)
    refusal = _read_refusal(answer)
    if refusal.mfa_required is None:
        raise ConnectionRefused("TaxDome does not accept the e-mail address and password", status=401)
    if refusal.mfa_required != "totp":
        raise ConnectionRefused(
            "this login opens by fingerprint or face alone: give us one with codes from an app", code="biometric_only"
        )
    answer = yield _post("/api/auth/session", login | _answer(refusal, extra, now()))
    if answer.status == 401:
        raise ConnectionRefused(
            "TaxDome did not accept the one-time code: the seed is another one now, or was used a moment ago",
            status=401,
            code="mfa_invalid",
        )
    return _tokens(answer)


def _answer(refusal: "_Refusal", extra: Mapping[str, str], at: datetime) -> dict[str, str]:
    """The answer to a challenge. Raises ConnectionRefused where the seed is missing or unusable."""
    try:
        code = totp(seed_of(extra.get(SEED, "")), at)
    except ValueError:
        raise ConnectionRefused(
            "this login asks for one-time codes, and their seed is not with us", code="no_seed"
        ) from None
    challenge = {} if refusal.challenge_id is None else {"challenge_id": refusal.challenge_id}
    return {"totp_code": code, **challenge}


_Token = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,8000}\Z")]
"""What can stand in a header."""


class _Session(Struct, frozen=True):
    access_token: _Token
    expires_in: Annotated[int, Meta(ge=0)]
    refresh_token: _Token | None = None


class _Refusal(Struct, frozen=True):
    """What a 401 says; `error` names the fault, and `mfa_required` the second factor asked for."""

    error: str | None = None
    mfa_required: str | None = None
    challenge_id: str | None = None


def _post(path: str, body: dict[str, str]) -> Request:
    return Request(method="POST", path=path, body=msgspec.json.encode(body), lane="write")


def _tokens(answer: Response) -> TokenReply:
    """The tokens in an answer. The vendor's own text stays out of every fault: it may quote the login."""
    status = answer.status
    if status == 423:
        raise ConnectionRefused("TaxDome has locked this login after failed attempts", status=423, code="locked")
    if status == 429:
        raise RateLimited("too many logins", status=429, retry_after_s=retry_after_s(answer))
    if status >= 500:
        raise Unavailable("the session endpoint failed", status=status)
    if status == 403:
        raise ConnectionRefused("TaxDome does not let this login in", status=403)
    if status >= 400:
        raise Refused("the session endpoint refused the request", status=status)
    try:
        wire = msgspec.json.decode(answer.body, type=_Session)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the session endpoint did not answer with a token", status=status) from None
    return TokenReply(access_token=wire.access_token, expires_in_s=wire.expires_in, refresh_token=wire.refresh_token)


def _read_refusal(answer: Response) -> _Refusal:
    """What a 401 says. Raises Malformed for one that is not TaxDome's own."""
    try:
        return msgspec.json.decode(answer.body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the session endpoint refused without saying why", status=answer.status) from None
