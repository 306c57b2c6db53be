"""Which practice a consent at Ignition was given for: the token's own, which no call names (third party).

What a practice's deals go through are stages of its own, all of them in one short list: they say whose token it is.
Assumed: a practice whose plan has no deals may not see them, and nothing says whose its token is.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.ignition.clients import WireClient
from service.connectors.ignition.lists import WireList
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import ConnectionRefused, Refused, Unreadable
from service.connectors.sdk.flow import Flow, Request

STAND_IN: Final = "practice"
_ROOT: Final = "/external/api/v1/reporting"
_MOST: Final = "100"


class _Stage(Struct, frozen=True, gc=False):
    slug: str


_read: Final = json_reader(WireList[WireClient])
_read_stages: Final = json_reader(WireList[_Stage])


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one practice, once a call has shown that its plan and the person's role let us read it."""
    _read((yield _get("clients", "1")))
    try:
        stages = _read_stages((yield _get("deal_stages", _MOST))).data
    except (ConnectionRefused, Refused, Unreadable):
        stages = []
    return (FoundAccount(STAND_IN, "Ignition practice", marks=tuple(stage.slug for stage in stages)),)


def _get(name: str, limit: str) -> Request:
    return Request(method="GET", path=f"{_ROOT}/{name}", query=(("limit", limit),), lane="read")
