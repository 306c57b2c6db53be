"""Senta's client by its internal names. Each practice adds fields of its own, so most of a client has no fixed name.

Known from others who call it: https://github.com/PipedreamHQ/pipedream/tree/master/components/senta, read 2026-11-20.
"""

import re
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType, field


class WirePerson(Struct, frozen=True, gc=False):
    """Somebody at the client."""

    email: str | None = None
    mobile: str | None = None


class WireClient(Struct, frozen=True, gc=False):
    """A client: in a list its id and title alone."""

    id: str = field(name="_id")
    title: str | None
    clientstate: str | None | UnsetType = UNSET
    clienttype: str | None | UnsetType = UNSET
    telephone: str | None = None
    web: str | None | UnsetType = UNSET
    address1: str | None = None
    address2: str | None = None
    town: str | None = None
    district: str | None = None
    postcode: str | None = None
    contacts: list[WirePerson] | None = None


class Found(Struct, frozen=True, gc=False):
    """All clients at once: there are no pages."""

    docs: list[WireClient]


class One(Struct, frozen=True, gc=False):
    """One client; a saved list, whose ids stand at the same addresses, has `docs`."""

    doc: WireClient | UnsetType = UNSET
    docs: list[object] | UnsetType = UNSET


class Whole(Struct, frozen=True, gc=False):
    """The same, with every field that the practice has."""

    doc: dict[str, Any]


def own_fields(doc: dict[str, Any]) -> dict[str, Any]:
    """The fields that have no place of their own, but for numbers that a government gave."""
    return {name: value for name, value in doc.items() if name not in _KNOWN and _GOVERNMENT.search(name) is None}


_KNOWN: Final = frozenset(WireClient.__struct_encode_fields__)
_GOVERNMENT: Final = re.compile(
    r"utr|nino|ni_?number|national_?insurance|auth_?code|authentication_?code", re.IGNORECASE
)
