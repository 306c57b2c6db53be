"""Which accounts a consent at SmartVault reaches: the firms that the person belongs to (third party)."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Flow
from service.connectors.smartvault.nodes import MOST, NodeAnswer, children


class _Firm(Struct, frozen=True, gc=False):
    name: str
    dav_uri: str | None = None


_read: Final = json_reader(NodeAnswer[_Firm])


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """Every firm. Raises BrokenPaging for more than a page: none may be left out."""
    node = _read((yield children("/nodes/entity/SmartVault.Accounting.Firm", 0, MOST))).message
    firms = node.children or []
    if (node.total_children or 0) > len(firms):
        raise BrokenPaging("more firms than one page holds")
    return tuple(FoundAccount(firm.name, _named(firm)) for firm in firms)


def _named(firm: _Firm) -> str:
    return (firm.dav_uri or "").rstrip("/").rpartition("/")[2].strip() or firm.name
