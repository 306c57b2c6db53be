"""The overrides in force, as one process holds them: felt within a second, and nothing where there are none."""

from typing import Final
from uuid import UUID

import msgspec

from service.db.recent import Recent
from service.db.together import Together
from service.unified.overrides import store
from service.unified.overrides.rules import Rule

Places = dict[tuple[str, str, str], tuple[Rule, ...]]
"""Rules by noun, vendor and connection; "" stands for all."""

read_rules: Final = msgspec.json.Decoder(tuple[Rule, ...]).decode
_NONE: Final[tuple[Rule, ...]] = ()


class HeldOverrides:
    """The rules of the organizations in use."""

    def __init__(self, reads: Together) -> None:
        self._reads = reads
        self._held: Recent[UUID, Places] = Recent()

    async def rules(self, org_id: UUID, noun: str, vendor: str, connection: UUID) -> tuple[Rule, ...]:
        """The organization's rules, then the vendor's, then the connection's."""
        places = self._held.peek(org_id)
        if places is None:
            places = await self._held.get(org_id, lambda: self._read(org_id))
        if not places:
            return _NONE
        return (
            *places.get((noun, "", ""), _NONE),
            *places.get((noun, vendor, ""), _NONE),
            *places.get((noun, vendor, connection.hex), _NONE),
        )

    def forget(self, org_id: UUID) -> None:
        """They have changed."""
        self._held.forget(org_id)

    async def _read(self, org_id: UUID) -> Places:
        rows = await self._reads.read(org_id, lambda connection: store.list_overrides(connection, org_id))
        return {(row.noun, row.vendor, row.connection): rules for row in rows if (rules := read_rules(row.rules))}
