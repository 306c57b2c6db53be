"""`/v1/consents`: what may be handed out."""

from typing import Final
from uuid import UUID

from service import errors, ids
from service.accounts.caller import Caller
from service.accounts.errors import UnknownFirmError
from service.api import parameters
from service.api.bodies import answer_of, decode_body, id_in_body, json_body
from service.api.call import Answer, Call
from service.api.modes import require_own_mode
from service.api.operation import Audit, ByTestKey, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, id_of, read_query, text
from service.clock import Clock, now
from service.connections.approvals.problems import approval_problem
from service.connections.errors import ApprovalError, ConnectionNotFoundError
from service.connections.open import Connections
from service.connections.store import ConnectionRecord, get_connection
from service.consent import store
from service.consent.enter import Terms, enter_consent
from service.consent.shapes import (
    CONSENT,
    NEW_CONSENT,
    Consent,
    NewConsent,
    to_consent,
    to_signature,
)
from service.consent.sign import ImpossibleConsentError, revoke_consent
from service.db.pool import Pool, as_organization
from service.errors import missing, wrong_field
from service.resources.common import Page

MAX_BODY_BYTES: Final = 64 * 1024
_FIRM_SCHEMA: Final = {"type": "string", "pattern": "^firm_[0-9a-hjkmnp-tv-z]{26}$"}


class ConsentRoutes:
    """The answers about consents. A key bound to firms or connections knows of theirs alone."""

    def __init__(self, pool: Pool, cursors: Cursors, connections: Connections, clock: Clock = now) -> None:
        self._pool = pool
        self._cursors = cursors
        self._connections = connections
        self._clock = clock

    async def page(self, call: Call) -> Answer:
        asked = read_query(
            call.scope["query_string"], {**PAGING, "filter[firm]": id_of("firm"), "filter[client]": text}
        )
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        firm, client = asked.get("filter[firm]"), asked.get("filter[client]")
        belongs_to = f"consents|{caller.key_id}|{firm}|{client}".encode()
        before = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await store.list_consents(
                connection,
                caller.org_id,
                before=before,
                limit=limit + 1,
                firm_ids=caller.firms_among(firm),
                connection_ids=None if caller.connection_ids is None else sorted(caller.connection_ids),
                client=client,
            )
        shown = found[:limit]
        call.rows = len(shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(found) > limit else None
        return answer_of(Page([to_consent(one) for one in shown], cursor is not None, cursor))

    async def create(self, call: Call) -> Answer:
        new = decode_body(await json_body(call, MAX_BODY_BYTES), NewConsent)
        caller = call.known_caller
        firm_id = id_in_body("firm", new.firm, "/firm")
        connection_id = None if new.connection is None else id_in_body("con", new.connection, "/connection")
        if caller.firm_ids is not None and firm_id not in caller.firm_ids:
            raise missing()
        if caller.connection_ids is not None and connection_id not in caller.connection_ids:
            raise missing()
        about = [
            await self._check_connection(caller, one, firm_id)
            for one in (connection_id, _home_of(new.client))
            if one is not None
        ]
        require_own_mode(call, is_sandbox=bool(about) and all(one.sandbox for one in about))
        terms = Terms(
            firm_id=firm_id,
            connection_id=connection_id,
            client=new.client,
            recipient=new.recipient,
            purpose=new.purpose,
            items=new.items,
            clients_consented=new.clients_consented,
            starts_at=new.from_,
            expires_at=new.to,
            signature=to_signature(new.signature),
        )
        try:
            made = await enter_consent(
                self._pool,
                caller.org_id,
                terms,
                by=new.requested_by,
                key_id=caller.key_id,
                approval_id=None if new.approval is None else id_in_body("apr", new.approval, "/approval"),
                at=self._clock(),
            )
        except ImpossibleConsentError as wrong:
            raise wrong_field(wrong.pointer, str(wrong)) from None
        except UnknownFirmError:
            raise missing() from None
        except ApprovalError as refusal:
            raise approval_problem(refusal) from None
        call.firm_id = firm_id
        call.rows = 1
        return answer_of(to_consent(made), 201)

    async def revoke(self, call: Call) -> Answer:
        caller = call.known_caller
        consent_id = call.named("cns")
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await store.get_consent(connection, caller.org_id, consent_id)
            if found is None or not caller.may_know(found.firm_id, found.connection_id):
                raise missing()
            home = found.connection_id or _home_of(found.client)
            about = None if home is None else await get_connection(connection, caller.org_id, home)
            require_own_mode(call, is_sandbox=about is not None and about.sandbox)
            by = ids.encode("key", caller.key_id)
            if await revoke_consent(connection, caller.org_id, consent_id, by, self._clock()):
                found = await store.get_consent(connection, caller.org_id, consent_id)
                assert found is not None
        call.firm_id = found.firm_id
        call.rows = 1
        return answer_of(to_consent(found))

    async def _check_connection(self, caller: Caller, connection_id: UUID, firm_id: UUID) -> ConnectionRecord:
        try:
            record = await self._connections.get(caller, connection_id)
        except ConnectionNotFoundError:
            raise missing() from None
        if record.firm_id != firm_id:
            raise wrong_field("/firm", "The connection or the client belongs to another firm.")
        return record


def consent_operations(pool: Pool, cursors: Cursors, connections: Connections) -> tuple[Operation, ...]:
    """What a key can ask about consents."""
    routes = ConsentRoutes(pool, cursors, connections)
    return (
        Operation(
            id="listConsents",
            method="GET",
            path="/v1/consents",
            tag="consents",
            summary="List consents",
            description="What firms and their clients have consented to, newest first, revoked ones among them.",
            scope="consents:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[Consent],
            parameters=(
                parameters.LIMIT,
                parameters.CURSOR,
                parameters.filter_by("firm", _FIRM_SCHEMA, "Only this firm's."),
                parameters.filter_by(
                    "client", {"type": "string", "minLength": 1, "maxLength": 200}, "Only this client's own."
                ),
            ),
            problems=PAGING_PROBLEMS,
            example=example_page(CONSENT),
            run=routes.page,
        ),
        Operation(
            id="createConsent",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/consents",
            tag="consents",
            summary="Enter a signed consent",
            description="In force from now, or later, never earlier: it validates no call that came before it. It is "
            "never edited; enter another one, or revoke it. Where the firm wants a second person for consents, "
            "`approval` names what that person agreed to.",
            scope="consents:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            status=201,
            answer=Consent,
            body=NewConsent,
            problems=(errors.NOT_FOUND, errors.APPROVAL_REQUIRED),
            example=CONSENT,
            body_example=NEW_CONSENT,
            run=routes.create,
        ),
        Operation(
            id="revokeConsent",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/consents/{id}/revoke",
            tag="consents",
            summary="Revoke a consent",
            description="Calls that rest on it alone answer 403 within a second. Revoking it again changes nothing.",
            scope="consents:write",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Consent,
            parameters=(parameters.path_id("id", "The consent's id, `cns_…`."),),
            problems=(errors.NOT_FOUND,),
            example=CONSENT | {"revoked_at": "2026-11-20T13:00:00Z"},
            run=routes.revoke,
        ),
    )


def _home_of(client: str | None) -> UUID | None:
    """The connection that a client's id leads to."""
    if client is None:
        return None
    try:
        return ids.parse_record_id("cli_", client).connection
    except ids.MalformedIdError:
        raise wrong_field("/client", "An id that starts with `cli_`.") from None
