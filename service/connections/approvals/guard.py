"""Operations that give a file with firms' data: for a ticket alone, and once the firms' second persons have agreed."""

import re
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

from msgspec.structs import replace

from service import errors, ids
from service.api.call import Answer, Call, Route
from service.api.operation import Exports, Operation, Parameter
from service.api.query import pairs
from service.api.screen import refuse_numbers_in
from service.connections.approvals.exporting import (
    MOST_APPROVALS,
    ExportNeedsApprovalError,
    Taking,
    is_wanted,
    list_missing,
)
from service.connections.approvals.problems import approval_problem
from service.connections.errors import ApprovalError
from service.connections.linking import Linking
from service.db.pool import as_organization
from service.errors import ApiProblem, FieldError

_PERSON: Final = re.compile(r"(?=.{3,320}$)[^@\s]+@[^@\s]+")
_TICKET: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?")
_PARAMETERS: Final = (
    Parameter(
        name="Ticket-Reference",
        place="header",
        schema={"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[\\x21-\\x7e]"},
        description="Your ticket that this export belongs to; kept in the audit log.",
        required=True,
        example="GRC-2041",
    ),
    Parameter(
        name="Requested-By",
        place="header",
        schema={"type": "string", "minLength": 3, "maxLength": 320, "pattern": "^[^@\\s]+@[^@\\s]+$"},
        description="The person who asks, by e-mail address; needed where a firm wants a second person for exports.",
    ),
    Parameter(
        name="Approval",
        place="header",
        schema={"type": "string", "pattern": "^apr_[0-9a-hjkmnp-tv-z]{26}(, ?apr_[0-9a-hjkmnp-tv-z]{26})*$"},
        description="The second person's approval, `apr_…`, once given; one for each firm that wants it, with commas.",
    ),
)
GUARDED: Final = frozenset({Exports.FIRM, Exports.FIRMS, Exports.ORGANIZATION})
"""What an operation says of its file so that it is held here."""
_PROBLEMS: Final = (errors.APPROVAL_REQUIRED, errors.VALIDATION_FAILED, errors.INVALID_HEADER)


def as_export(operation: Operation, linking: Linking) -> Operation:
    """The operation, which then asks for a ticket, and for the second person where a firm in the file wants one."""
    return replace(
        operation,
        parameters=(*operation.parameters, *_PARAMETERS),
        problems=(*operation.problems, *(one for one in _PROBLEMS if one not in operation.problems)),
        run=_guarded(operation, linking),
    )


def _guarded(operation: Operation, linking: Linking) -> Route:
    async def run(call: Call) -> Answer:
        call.ticket = _ticket(call)
        # Then the route: nobody is asked about a file that cannot be. Of its bytes none has left, nor been read yet
        # where it is long.
        answer = await operation.run(call)
        try:
            await _agree(call, operation, linking)
        except ApprovalError as refusal:
            call.rows = 0
            if isinstance(refusal, ExportNeedsApprovalError):
                raise _needed(refusal) from None
            raise approval_problem(refusal) from None
        return answer

    return run


async def _agree(call: Call, operation: Operation, linking: Linking) -> None:
    caller = call.known_caller
    firm_ids: frozenset[UUID] | None = None
    connection_ids: frozenset[UUID] | None = None
    if operation.exports is Exports.FIRM:
        assert call.firm_id is not None, f"{operation.id} does not say whose data it gives"
        firm_ids = frozenset({call.firm_id})
    elif operation.exports is Exports.FIRMS:
        firm_ids, connection_ids = caller.firm_ids, _narrowed(call)
    query = unquote_plus(str(call.scope["query_string"], "ascii"))
    refuse_numbers_in(query, "query")  # it is kept with the approval
    taking = Taking(
        org_id=caller.org_id,
        firm_ids=firm_ids,
        connection_ids=connection_ids,
        what=(operation.id, call.path, query, call.ticket or ""),
        detail=_in_words(call, operation, query),
        by=_person(call) or "",
        key_id=caller.key_id,
        approval_ids=_approvals(call),
    )
    async with as_organization(linking.pool, caller.org_id) as connection:
        if not taking.by and await is_wanted(connection, taking):
            raise _unnamed("A firm wants a second person for this: name who asks, by e-mail address.")
        missing = await list_missing(connection, taking, linking.clock())
    if missing:
        raise ExportNeedsApprovalError(missing)


def _ticket(call: Call) -> str:
    """What the export is for; a problem where nobody says."""
    ticket = (call.header(b"ticket-reference") or "").strip()
    if _TICKET.fullmatch(ticket) is None:
        message = "Name the ticket that this export belongs to: 1 to 100 printable ASCII characters."
        raise ApiProblem(
            errors.VALIDATION_FAILED,
            f"`Ticket-Reference`: {message}",
            errors=(FieldError("header/ticket-reference", "missing", message),),
        )
    refuse_numbers_in(ticket, "header/ticket-reference")
    return ticket


def _person(call: Call) -> str | None:
    """Who asks, if it is said; a problem for what is no e-mail address."""
    by = call.header(b"requested-by")
    if by is not None and _PERSON.fullmatch(by) is None:
        raise _unnamed("An e-mail address.")
    refuse_numbers_in(by or "", "header/requested-by")
    return by


def _unnamed(says: str) -> ApiProblem:
    where = "header/requested-by"
    return ApiProblem(
        errors.VALIDATION_FAILED, f"`Requested-By`: {says}", errors=(FieldError(where, "required", says),)
    )


def _narrowed(call: Call) -> frozenset[UUID] | None:
    """The connections that the file is about: the one it is filtered by, else those that the key is bound to."""
    named = dict(pairs(call.scope["query_string"])).get("filter[connection]")
    return call.known_caller.connection_ids if named is None else frozenset({ids.decode("con", named)})


def _in_words(call: Call, operation: Operation, query: str) -> str:
    asked = f"{call.header(b'requested-by')} wants to {operation.summary[0].lower()}{operation.summary[1:]}"
    narrowed = f", {query}" if query else ""
    return f"{asked}{narrowed}{f', ticket {call.ticket}' if call.ticket else ''}"


def _approvals(call: Call) -> tuple[UUID, ...]:
    header = call.header(b"approval")
    if header is None:
        return ()
    named = [one.strip() for one in header.split(",")]
    try:
        if len(named) > MOST_APPROVALS:
            raise ids.MalformedIdError
        return tuple(ids.decode("apr", one) for one in named)
    except ids.MalformedIdError:
        says = f"Ids that start with `apr_`, at most {MOST_APPROVALS}, with commas."
        raise ApiProblem(
            errors.INVALID_HEADER, f"`Approval`: {says}", errors=(FieldError("header/approval", "invalid", says),)
        ) from None


def _needed(refusal: ExportNeedsApprovalError) -> ApiProblem:
    said = str(refusal)
    return ApiProblem(
        errors.APPROVAL_REQUIRED,
        f"{said[0].upper()}{said[1:]}.",
        errors=tuple(FieldError("header/approval", "required", ids.encode("apr", one)) for one in refusal.approval_ids),
    )
