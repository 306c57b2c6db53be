"""Keys that a firm makes for us: what the connect page asks for, and where it goes in a call."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from service.connectors.sdk.auth import AppCredentials, Grant, TokenReply
from service.connectors.sdk.faults import ConnectionRefused
from service.connectors.sdk.flow import Flow

KEY: Final = "key"
"""The name of the key itself among the values that a person gives."""
_BETWEEN: Final = "\n"  # stands in no value: what goes into a header has no line breaks


class KeyField(Struct, frozen=True, kw_only=True):
    """One thing that the firm's person gives beside the key, in words that they read."""

    name: str
    """Of the form's field, and in what `discover` is told: `[a-z_]+`."""
    label: str
    hint: str
    """Where the person finds it."""
    header: str | None = None
    """What carries it in every call. None: it is told to `discover` alone, which makes an account of it, such as the
    one that stands in the host (`https://{account}.vendor.example`)."""
    pattern: str = "[!-~]{1,4000}"
    """What it has to look like, as a whole. Nothing but visible ASCII is ever let through."""
    wrong: str = "That does not look right. Copy it again, without blanks."
    """What is said when it does not."""
    secret: bool = True
    """Typed unseen and never shown again. What is not secret is told to `discover`."""


class ApiKey(Struct, frozen=True):
    """A key that the firm has made for us; it goes into one header and cannot be renewed.

    Where a call carries more than the key, a connection's access token is all of it, line by line: the key, then each
    field that has a header, in the order of `fields`.
    """

    header: str
    token_url: str | None = None
    prefix: str = ""
    """Stands before the key, as `Bearer ` does."""
    label: str = "API key"
    hint: str | None = None
    """Where the firm's person finds or makes one; said in general where nothing is known."""
    pattern: str = "[!-~]{8,4000}"
    fields: tuple[KeyField, ...] = ()
    lasts: timedelta | None = None
    """How long the vendor accepts a key, where it ends by itself: counted from the day it is given to us, unless the
    person says which day it ends."""

    def sign(self, access_token: str) -> tuple[tuple[str, str], ...]:
        if not self.fields:
            return ((self.header, self.prefix + access_token),)
        key, *others = access_token.split(_BETWEEN)
        headers = [field.header for field in self.fields if field.header is not None]
        if len(others) != len(headers):
            raise ConnectionRefused("the connection lacks what the vendor asks for beside the key")
        return ((self.header, self.prefix + key), *zip(headers, others, strict=True))

    def joined(self, given: Mapping[str, str]) -> str:
        """The access token of what was given: `key` and the fields by their names."""
        return _BETWEEN.join([given[KEY], *(given[field.name] for field in self.fields if field.header is not None)])

    def renew(self, grant: Grant, app: AppCredentials, now: Callable[[], datetime]) -> Flow[TokenReply]:
        del grant, app, now
        raise ConnectionRefused("the vendor does not accept the firm's API key any more")
        yield
