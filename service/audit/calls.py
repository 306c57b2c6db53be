"""The audit row of a call: made of what the call has come to know, committed in its usage row's statement."""

from typing import Final

import asyncpg
import msgspec

from billing import Beside, BesideRow, Reason
from service.api.call import Answer, Call
from service.api.operation import Audit
from service.audit.entry import Entry, Personal, to_row
from service.audit.personal import PersonalKeys
from service.audit.store import INSERT_ROWS, INSERT_ROWS_AGAIN
from service.db.pool import AWAY
from service.ids import canonical

BESIDE: Final = Beside(INSERT_ROWS, INSERT_ROWS_AGAIN)
"""What the usage ledger is given, so that no call is counted without its audit row and no row is without its call."""

UNREACHABLE: Final = (asyncpg.PostgresError, *AWAY)
"""No row can be made: the call is answered 503."""


class _Answered(msgspec.Struct):
    id: str = ""


_id_in = msgspec.json.Decoder(_Answered).decode


class CallLog:
    """Makes the rows of calls."""

    def __init__(self, keys: PersonalKeys) -> None:
        self._keys = keys

    async def row(self, call: Call, answer: Answer, reason: Reason, address: str) -> BesideRow:
        """The row of a call with a known caller. Raises one of UNREACHABLE where the sealing key is not to be had."""
        caller, operation = call.known_caller, call.operation
        disclosed = call.consents if _discloses(call, answer.status) else ()
        personal = Personal(address or None, _records(call, answer))
        sealed = await self._keys.seal(caller.org_id, call.firm_id, call.request_id, personal)
        entry = Entry(
            org=caller.org_id,
            id=call.request_id,
            kind="call",
            actor=f"key:{canonical(caller.key_id)}",
            what=operation.id if operation is not None else "unknown",
            status=answer.status,
            outcome=call.problem.kind.code if call.problem is not None else reason.value,
            scope=operation.scope if operation is not None else None,
            firm=call.firm_id,
            connection=call.connection_id,
            vendor=call.vendor,
            rows=call.rows,
            consents=disclosed,
            purpose=call.purpose,
            ticket=call.ticket,
            by=call.settling.by if call.settling is not None else None,
            personal=sealed,
        )
        return to_row(entry)


def _discloses(call: Call, status: int) -> bool:
    """Whether client data went out: bytes or records of the firm, also when an earlier write is answered again."""
    return 200 <= status < 300 and status != 204 and not call.dry_run and (call.rows > 0 or call.replayed)


def _records(call: Call, answer: Answer) -> tuple[str, ...]:
    """The record that the path names, or that was created; those of a call that wrote several."""
    operation = call.operation
    if operation is None or operation.audit is not Audit.CLIENT_DATA:
        return ()
    if call.records:
        return call.records
    if operation.path.endswith("/{id}") or "{id}/" in operation.path:
        named = call.params.get("id")
        return (named[:512],) if isinstance(named, str) else ()
    if answer.status == 201:
        return (_made(answer.body),)
    return ()


def _made(body: bytes) -> str:
    try:
        return _id_in(body).id
    except msgspec.DecodeError:
        return ""
