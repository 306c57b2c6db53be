"""Consent in the path of a call: nothing of a firm is handed out that no consent in force covers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from service.api.call import Call
from service.connections.open import OpenConnection
from service.connections.store import ConnectionRecord
from service.consent.ledger import ConsentLackingError, ConsentLedger
from service.consent.store import Grant
from service.errors import CONSENT_MISSING, ApiProblem


class Consented:
    """Refuses calls without consent, and notes on the others the consents that they rest on."""

    def __init__(self, ledger: ConsentLedger) -> None:
        self._ledger = ledger

    async def require(self, call: Call, opened: OpenConnection, item: str) -> bool:
        """Before the vendor is asked. A 403 problem; True where single clients alone have consented, so that every
        record has to be checked."""
        try:
            cover = await self._ledger.cover(opened.org_id, opened.firm_id, opened.id, item, _began(call))
        except ConsentLackingError:
            raise _lacking(f"No consent in force lets {item} of this firm go out through this connection.") from None
        if cover.consent is not None:
            _note(call, cover.consent)
            return False
        if call.operation is not None and (call.operation.scope or "").endswith(":write"):
            raise _lacking(f"Writing {item} needs the firm's consent; single clients' consents are for reading.")
        return True

    async def still(self, call: Call, record: ConnectionRecord, item: str) -> bool:
        """Whether what was read or written before, and kept, may be handed out now: by the firm's own consent."""
        try:
            cover = await self._ledger.cover(record.org_id, record.firm_id, record.id, item, _began(call))
        except ConsentLackingError:
            return False
        if cover.consent is not None:
            _note(call, cover.consent)
        return cover.consent is not None

    async def check(self, call: Call, opened: OpenConnection, item: str, records: Sequence[Any]) -> None:
        """Before records go out, where single clients alone have consented: a 403 problem unless all of them have."""
        began = _began(call)
        for client in {_client_of(item, record) for record in records}:
            try:
                if client is None:
                    raise ConsentLackingError(item)
                grant = await self._ledger.cover_client(opened.org_id, opened.firm_id, opened.id, client, item, began)
            except ConsentLackingError:
                raise _lacking(
                    f"Some of these {item} are of a client without a consent in force; filter by one that has it."
                ) from None
            _note(call, grant)


def _client_of(item: str, record: Any) -> str | None:
    client = record.id if item == "clients" else getattr(record, "client", None)
    return client if isinstance(client, str) else None


def _note(call: Call, grant: Grant) -> None:
    if grant.id not in call.consents:
        call.consents = (*call.consents, grant.id)
        call.purpose = call.purpose or grant.purpose


def _began(call: Call) -> datetime:
    return datetime.fromtimestamp(call.started_at_ns / 1e9, UTC)


def _lacking(detail: str) -> ApiProblem:
    return ApiProblem(CONSENT_MISSING, detail)
