"""`/v1/audit`: what was done and by whom, the proof that nobody touched it, and the file to prove it without us."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

from service import errors
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.download import Download
from service.api.operation import Audit, ByTestKey, Exports, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, instant, invalid, one_of, read_query, text
from service.audit.checking import export_log, verify_log
from service.audit.search import Search, search
from service.audit.shapes import EXAMPLE, VERDICT, AuditEntry, AuditVerdict, to_actor, to_entry, to_verdict
from service.audit.verify import Verdict
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import missing
from service.ids import MalformedIdError
from service.resources.common import Page

NDJSON: Final = b"application/x-ndjson"
NAMED: Final = ((b"content-disposition", b'attachment; filename="audit-log.ndjson"'),)
_KINDS: Final = ("call", "act")


class AuditRoutes:
    """The answers about the log. A key bound to firms or connections sees its own calls alone, and no file."""

    def __init__(self, pool: Pool, cursors: Cursors, public_key: str, clock: Clock = now) -> None:
        self._pool = pool
        self._cursors = cursors
        self._public_key = public_key
        self._clock = clock

    async def entries(self, call: Call) -> Answer:
        asked = read_query(
            call.scope["query_string"],
            {
                **PAGING,
                "since": instant,
                "until": instant,
                "filter[kind]": one_of(_KINDS),
                "filter[actor]": text,
                "filter[what]": text,
            },
        )
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        try:
            actor = to_actor(asked["filter[actor]"]) if "filter[actor]" in asked else None
        except MalformedIdError:
            raise invalid("filter[actor]", "form", "`key_…`, `mem_…` or a word such as `operator`.") from None
        own = f"key:{caller.key_id}" if caller.is_bound else None
        if own is not None and actor not in (None, own):
            return answer_of(Page[AuditEntry]([], False, None))
        only = Search(
            kind=asked.get("filter[kind]"),
            actor=actor or own,
            what=asked.get("filter[what]"),
            since=asked.get("since"),
            until=asked.get("until"),
        )
        belongs_to = f"audit|{caller.key_id}|{only}".encode()
        before = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await search(connection, caller.org_id, only, before=before, limit=limit)
        call.rows = len(found.entries)
        cursor = None if found.onward is None else self._cursors.write(found.onward.hex, belongs_to)
        return answer_of(Page([to_entry(one) for one in found.entries], cursor is not None, cursor))

    async def verification(self, call: Call) -> Answer:
        if call.known_caller.is_bound:
            raise missing()
        async for step in verify_log(self._pool, call.known_caller.org_id, self._public_key, self._clock()):
            if isinstance(step, Verdict):
                return answer_of(to_verdict(step))
        raise AssertionError("a verification ends with its verdict")

    async def export(self, call: Call) -> Any:
        if call.known_caller.is_bound:
            raise missing()
        parts: AsyncIterator[bytes] = export_log(self._pool, call.known_caller.org_id, self._public_key, self._clock())
        return Download(Answer(200, b"", NDJSON, NAMED), parts)


def audit_operations(pool: Pool, cursors: Cursors, public_key: str) -> tuple[Operation, ...]:
    """What a key can ask of the log."""
    routes = AuditRoutes(pool, cursors, public_key)
    shared: dict[str, Any] = {"tag": "audit", "scope": "audit:read", "meter": Meter.NONE, "audit": Audit.MANAGEMENT}
    taken: dict[str, Any] = {**shared, "scope": "audit:export"}
    return (
        Operation(
            **shared,
            id="listAuditEntries",
            method="GET",
            path="/v1/audit",
            summary="List the audit log",
            description="Every call and every act, newest first. A page looks at 10,000 entries at most: for a rare "
            "filter it may have fewer than `limit`, or none, and still a `next_cursor`. A key that is bound to firms "
            "or connections sees its own calls alone.",
            answer=Page[AuditEntry],
            parameters=(
                parameters.LIMIT,
                parameters.CURSOR,
                parameters.SINCE,
                parameters.UNTIL,
                parameters.filter_by("kind", {"type": "string", "enum": list(_KINDS)}, "Only calls, or only acts."),
                parameters.filter_by(
                    "actor", {"type": "string", "minLength": 1, "maxLength": 200}, "Only what this key or member did."
                ),
                parameters.filter_by(
                    "what", {"type": "string", "minLength": 1, "maxLength": 200}, "Only this operation or act."
                ),
            ),
            problems=PAGING_PROBLEMS,
            example=example_page(EXAMPLE),
            run=routes.entries,
        ),
        Operation(
            **shared,
            id="verifyAuditLog",
            by_test_key=ByTestKey.FREELY,
            method="POST",
            path="/v1/audit/verify",
            summary="Verify the audit log",
            description="Reads the whole log up to its newest checkpoint and checks each row's hash, the chain, and "
            "every checkpoint's signature: by the code that verifies a downloaded log without us.",
            answer=AuditVerdict,
            problems=(errors.NOT_FOUND,),
            example=VERDICT,
            run=routes.verification,
        ),
        Operation(
            **taken,
            id="exportAuditLog",
            method="GET",
            path="/v1/audit/export",
            summary="Download the audit log",
            description="The whole log up to its newest checkpoint as lines of JSON, with the checkpoints: "
            "`tickmark audit verify FILE --key KEY` verifies it without us. It needs a scope of its own and a ticket.",
            answer=bytes,
            exports=Exports.ORGANIZATION,
            answer_media_type="application/x-ndjson",
            problems=(errors.NOT_FOUND,),
            run=routes.export,
        ),
    )
