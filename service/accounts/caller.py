"""Who calls."""

import ipaddress
from datetime import date, datetime
from uuid import UUID

import msgspec

from service.accounts.errors import AddressNotAllowedError
from service.accounts.tokens import Mode


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls and what they may do. `None` for firms or connections means all of the organization's."""

    org_id: UUID
    key_id: UUID
    mode: Mode
    scopes: frozenset[str]
    firm_ids: frozenset[UUID] | None
    connection_ids: frozenset[UUID] | None
    api_version: date
    ip_allow: tuple[str, ...]
    expires_at: datetime | None
    calls_per_minute: int | None = None
    """None for as many as keys may here."""

    @property
    def is_bound(self) -> bool:
        """It reaches some firms or connections of its organization and not the others."""
        return self.firm_ids is not None or self.connection_ids is not None

    def may_know(self, firm_id: UUID, connection_id: UUID | None) -> bool:
        """Whether it may know of what belongs to this firm and connection; None where it belongs to no connection."""
        if self.firm_ids is not None and firm_id not in self.firm_ids:
            return False
        return self.connection_ids is None or connection_id in self.connection_ids

    def firms_among(self, firm: UUID | None) -> list[UUID] | None:
        """The firms to look among, where one may have been asked for; None for all of the organization's."""
        if firm is None:
            return None if self.firm_ids is None else sorted(self.firm_ids)
        return [firm] if self.firm_ids is None or firm in self.firm_ids else []


def check_address(caller: Caller, address: str) -> None:
    """Raises AddressNotAllowedError unless the key may be used from this IP address."""
    if not caller.ip_allow:
        return
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise AddressNotAllowedError from None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    if not any((mapped or found) in ipaddress.ip_network(network) for network in caller.ip_allow):
        raise AddressNotAllowedError
