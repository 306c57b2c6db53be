"""Which URLs an endpoint may have, as far as their text tells."""

from typing import Final
from urllib.parse import urlsplit

from service.accounts.tokens import Mode
from service.addresses import is_loopback, may_be_public
from service.events.errors import ImpossibleEndpointError

MAX_URL_CHARACTERS: Final = 2000


def checked_url(url: str, mode: Mode, *, loopback: bool) -> str:
    """The URL, if events may be sent there. Raises ImpossibleEndpointError.

    Where its name leads is looked at whenever something is sent; here only what the text says of itself.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise ImpossibleEndpointError("url", "this is not a URL") from None
    if len(url) > MAX_URL_CHARACTERS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ImpossibleEndpointError("url", f"a URL has at most {MAX_URL_CHARACTERS} ASCII characters, without blanks")
    if not host or port == 0 or parts.username is not None or parts.password is not None or "#" in url:
        raise ImpossibleEndpointError("url", "a URL names a host, no user or password, and no fragment")
    if loopback and mode is Mode.TEST and is_loopback(host):
        if parts.scheme not in ("http", "https"):
            raise ImpossibleEndpointError("url", "the URL begins with http:// or https://")
        return url
    if parts.scheme != "https":
        raise ImpossibleEndpointError("url", "the URL begins with https://")
    if not may_be_public(host) or is_loopback(host):
        raise ImpossibleEndpointError("url", "the host has to be a public one")
    return url
