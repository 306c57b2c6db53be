"""Cookies, and the tokens that show a form was ours."""

import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Final

from service.api.asgi import Scope
from service.portal.visit import Header

SESSION: Final = "tm_session"
VISITOR: Final = "tm_visitor"
DEVICE: Final = "tm_device"
WALK: Final = "tm_walk"
OUTSIDER: Final = "tm_outsider"

_DAY_S: Final = 24 * 3600
LASTS_S: Final = {SESSION: 14 * _DAY_S, VISITOR: _DAY_S, DEVICE: 365 * _DAY_S, WALK: 600, OUTSIDER: 3600}


def read_cookies(scope: Scope, *, secure: bool) -> dict[str, str]:
    """Our cookies by their plain names. Over https only `__Host-` ones count: nobody else can have set those."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                jar.load(str(value, "latin-1"))
            except CookieError:
                continue
    wanted = {_name(name, secure=secure): name for name in LASTS_S}
    return {wanted[key]: morsel.value for key, morsel in jar.items() if key in wanted}


def cookie(name: str, value: str, *, secure: bool) -> Header:
    """Sets a cookie; an empty value takes it away."""
    lasts_s = LASTS_S[name] if value else 0
    text = f"{_name(name, secure=secure)}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Lax"
    return b"set-cookie", (text + ("; Secure" if secure else "")).encode()


def new_visitor() -> str:
    """Names a browser that has not signed in, so that its forms can be told from others'."""
    return secrets.token_urlsafe(24)


def form_token(key: bytes, holder: str) -> str:
    """Stands in every form; follows from the cookie, so a page of somebody else cannot know it."""
    return hmac.new(key, b"form|" + holder.encode(), hashlib.sha256).hexdigest()


def device_token(key: bytes, email: str) -> str:
    """Kept by a browser that has signed in as this member."""
    return hmac.new(key, b"device|" + email.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def _name(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name
