"""How a setting is written in the environment, and what it becomes."""

import ipaddress
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

_LOOPBACK = ("http", "127.0.0.1")
_DIGITS = re.compile(r"[0-9]{1,12}")


class Unreadable(ValueError):  # noqa: N818 (never leaves the settings)
    """What is wrong with a text, as the end of a sentence; nothing of the text itself."""


class Secret(msgspec.Struct, frozen=True):
    """Bytes that no log, error or traceback shows by accident."""

    value: bytes

    @property
    def text(self) -> str:
        return self.value.decode()

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


class Issuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where members may sign in by OpenID Connect, and how we are registered there."""

    name: str
    """For the button, such as `Google`."""
    issuer: str
    """Exactly as its tokens say it."""
    client_id: str
    client_secret: str

    @property
    def slug(self) -> str:
        """The name as it stands in our addresses, and hence in the redirect address that the issuer knows."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def __repr__(self) -> str:
        return f"Issuer({self.name!r})"


class Form(msgspec.Struct, frozen=True):
    """`looks` is what is told to people; `read` gives the value or raises Unreadable."""

    looks: str
    read: Callable[[str], Any]
    secret: bool = False


def number(low: int, high: int) -> Form:
    """A whole number, both ends included."""

    def read(text: str) -> int:
        if not _DIGITS.fullmatch(text) or not low <= int(text) <= high:
            raise Unreadable(f"is not a whole number from {low} to {high}")
        return int(text)

    return Form(f"number, {low} to {high}", read)


def url(*schemes: str) -> Form:
    """An address with one of the schemes."""
    beginnings = " or ".join(f"{scheme}://" for scheme in schemes)

    def read(text: str) -> str:
        try:
            fits = urlsplit(text).scheme in schemes
        except ValueError:
            fits = False
        if not fits:
            raise Unreadable(f"is not a URL that begins with {beginnings}")
        return text

    return Form(f"{schemes[0]}://…", read)


def one_of(*words: str) -> Form:
    """One of a few words, in any case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise Unreadable(f"is none of {', '.join(words)}")
        return text.lower()

    return Form(" | ".join(words), read)


def _text(text: str) -> str:
    return text


def _text_secret(text: str) -> Secret:
    return Secret(text.encode())


def _text_secrets(text: str) -> tuple[Secret, ...]:
    parts = text.replace(",", " ").split()
    if len(parts) > 2:
        raise Unreadable("holds more than two")
    return tuple(Secret(part.encode()) for part in parts)


def _base64_secret(text: str) -> Secret:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise Unreadable("is not base64") from None
    if len(value) != 32:
        raise Unreadable(f"holds {len(value)} bytes instead of 32")
    return Secret(value)


def _base64_secrets(text: str) -> tuple[Secret, ...]:
    secrets = tuple(_base64_secret(part) for part in text.replace(",", " ").split())
    if not secrets:
        raise Unreadable("is empty")
    return secrets


def _file_secrets(text: str) -> tuple[Secret, ...]:
    try:
        return _base64_secrets(Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        raise Unreadable(f"names a file that cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Unreadable("names a file that is not text") from None


def _peppers(text: str) -> Mapping[int, Secret]:
    peppers: dict[int, Secret] = {}
    for part in text.replace(",", " ").split():
        version, _, secret = part.partition(":")
        if not _DIGITS.fullmatch(version) or not 1 <= int(version) <= 32767:
            raise Unreadable("has a part without a version from 1 to 32767")
        peppers[int(version)] = _base64_secret(secret)
    if not peppers:
        raise Unreadable("is empty")
    return peppers


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Unreadable("is not a number from 0 to 1")
    return value


def _claim(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise Unreadable("is neither true nor false")
    return text.lower() == "true"


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(part)) for part in text.replace(",", " ").split())
    except ValueError:
        raise Unreadable("has a part that is no network") from None


def _addresses(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in text.replace(",", " ").split():
        region, _, address = part.partition("=")
        if not re.fullmatch("[a-z]{2}", region) or not address.startswith(("https://", "http://")):
            raise Unreadable("has a part that is not a region and its address")
        found[region] = address
    return found


def _issuers(text: str) -> tuple[Issuer, ...]:
    try:
        issuers = msgspec.json.decode(text, type=tuple[Issuer, ...])
    except msgspec.DecodeError as error:
        raise Unreadable(f"is not the JSON that is expected ({error})") from None
    for one in issuers:
        parts = urlsplit(one.issuer)
        if parts.scheme != "https" and (parts.scheme, parts.hostname) not in (("http", "localhost"), _LOOPBACK):
            raise Unreadable("names an issuer that does not begin with https://")
        if not one.slug or not one.client_id or not one.client_secret:
            raise Unreadable("has an issuer without a name in letters, a client id or a client secret")
    if len({one.slug for one in issuers}) != len(issuers):
        raise Unreadable("has two issuers of the same name")
    return issuers


TEXT = Form("text", _text)
SECRET_TEXT = Form("text", _text_secret, secret=True)
SECRET_KEY = Form("32 bytes in base64", _base64_secret, secret=True)
SECRET_TEXTS = Form("text, two with a comma while one replaces the other", _text_secrets, secret=True)
SECRET_KEYS = Form("32 bytes in base64, several with commas", _base64_secrets, secret=True)
SECRET_KEYS_FILE = Form("path", _file_secrets)
NUMBERED_KEYS = Form("1:base64,2:base64, 32 bytes each", _peppers, secret=True)
SHARE = Form("0 to 1", _share)
CLAIM = Form("true | false", _claim)
ADDRESSES = Form("eu=https://…,gb=https://…", _addresses)
NETWORKS = Form("network,network", _networks)
OPENID_ISSUERS = Form('[{"name": …, "issuer": …, "client_id": …, "client_secret": …}]', _issuers, secret=True)
