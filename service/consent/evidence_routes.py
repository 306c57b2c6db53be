"""`/v1/evidence`: the evidence pack of a firm and period. A bulk export: it needs a ticket and a scope of its own."""

import asyncio
from datetime import timedelta
from typing import Final

from service import errors, ids
from service.api.call import Answer, Call
from service.api.operation import Audit, Exports, Meter, Operation, Parameter
from service.api.query import id_of, instant, invalid, read_query
from service.audit.checkpoints import Signer
from service.clock import Clock, now
from service.connections.vault import Vault
from service.consent.evidence import pack
from service.consent.findings import MAX_ROWS, Asked, TooMuchError, collect
from service.consent.store import get_firm_name
from service.db.pool import Pool, as_organization
from service.errors import VALIDATION_FAILED, ApiProblem, FieldError, missing

LONGEST: Final = timedelta(days=366)
_ZIP: Final = b"application/zip"


class EvidenceRoutes:
    """The answer with the pack, signed with the key of checkpoints."""

    def __init__(self, pool: Pool, vault: Vault, signer: Signer, clock: Clock = now) -> None:
        self._pool = pool
        self._vault = vault
        self._signer = signer
        self._clock = clock

    async def pack(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], {"firm": id_of("firm"), "from": instant, "to": instant})
        for name in ("firm", "from"):
            if name not in asked:
                raise invalid(name, "missing", "Needed.")
        caller, at = call.known_caller, self._clock()
        since, until = asked["from"], min(asked.get("to", at), at)
        if not since < until <= since + LONGEST:
            raise invalid("from", "range", f"Before `to`, and at most {LONGEST.days} days.")
        if caller.firm_ids is not None and asked["firm"] not in caller.firm_ids:
            raise missing()
        if caller.connection_ids is not None:
            raise missing()  # a firm's evidence is about all of its connections
        async with as_organization(self._pool, caller.org_id) as connection:
            firm = await get_firm_name(connection, caller.org_id, asked["firm"])
            if firm is None:
                raise missing()
            what = Asked(
                org_id=caller.org_id,
                firm_id=asked["firm"],
                firm=firm,
                since=since,
                until=until,
                ticket=call.ticket or "",
                by=ids.encode("key", caller.key_id),
                at=at,
            )
            try:
                found = await collect(connection, self._vault, what, self._signer.public_key)
            except TooMuchError:
                raise ApiProblem(
                    VALIDATION_FAILED,
                    f"The period holds more than {MAX_ROWS:,} rows; ask for a shorter one.",
                    errors=(FieldError("query/from", "too_many", "Ask for a shorter period."),),
                ) from None
        call.firm_id, call.rows = asked["firm"], len(found.rows)
        name = f"evidence-{ids.encode('firm', asked['firm'])}-{since:%Y%m%d}-{until:%Y%m%d}.zip"
        body = await asyncio.to_thread(pack, what, found, self._signer)
        return Answer(200, body, _ZIP, ((b"content-disposition", f'attachment; filename="{name}"'.encode()),))


def evidence_operations(pool: Pool, vault: Vault, signer: Signer) -> tuple[Operation, ...]:
    """What a key can ask for as evidence."""
    routes = EvidenceRoutes(pool, vault, signer)
    return (
        Operation(
            id="getEvidence",
            method="GET",
            path="/v1/evidence",
            tag="consents",
            summary="Get an evidence pack",
            description="A zip for one firm and period: consents, disclosures, changes, who acted with which scopes, "
            "the rows of the audit log and the proof that they stand in it, and a summary to read as PDF and HTML. "
            "Rows of the last minute may not be proven yet. At most a year and 20,000 rows. The export is itself in "
            "the audit log, with its ticket.",
            scope="evidence:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=bytes,
            exports=Exports.FIRM,
            answer_media_type="application/zip",
            parameters=(
                Parameter(
                    name="firm",
                    place="query",
                    schema={"type": "string", "pattern": "^firm_[0-9a-hjkmnp-tv-z]{26}$"},
                    description="The firm.",
                    required=True,
                ),
                Parameter(
                    name="from",
                    place="query",
                    schema={"type": "string", "format": "date-time"},
                    description="The period's start.",
                    required=True,
                    example="2026-11-01T00:00:00Z",
                ),
                Parameter(
                    name="to",
                    place="query",
                    schema={"type": "string", "format": "date-time"},
                    description="Its end, not included; now when left out.",
                    example="2026-12-01T00:00:00Z",
                ),
            ),
            problems=(
                errors.UNKNOWN_PARAMETER,
                errors.INVALID_PARAMETER,
                errors.NOT_FOUND,
                errors.VALIDATION_FAILED,
            ),
            run=routes.pack,
        ),
    )
