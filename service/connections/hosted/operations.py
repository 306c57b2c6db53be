"""`/v1/link-sessions` and `/v1/connect-settings`: the customer's side of hosted connect."""

from typing import Final
from uuid import UUID

from service import errors, ids
from service.accounts.tokens import Mode
from service.api import parameters
from service.api.bodies import answer_of, decode_body, id_in_body, json_body
from service.api.call import Answer, Call
from service.api.modes import require_own_mode
from service.api.operation import Audit, ByTestKey, Operation, Parameter
from service.api.operation import Meter as Metered
from service.api.pagination import example_page
from service.api.query import DEFAULT_LIMIT, id_of, read_query, whole_number
from service.connections.hosted import store
from service.connections.hosted.branding import change_settings
from service.connections.hosted.sessions import (
    Wish,
    WishError,
    cancel_session,
    create_session,
    read_session,
)
from service.connections.hosted.shapes import (
    CON,
    NEW,
    SESSION,
    SETTINGS,
    ConnectSettingsUpdate,
    ConnectSettingsView,
    LinkSessionView,
    NewLinkSession,
    to_link_session,
)
from service.connections.hosted.store import LinkSession
from service.connections.linking import Linking
from service.connections.store import get_connection
from service.consent.items import ITEMS
from service.db.pool import as_organization
from service.errors import INSUFFICIENT_SCOPE, ApiProblem, missing, wrong_field
from service.resources.common import Page

MAX_BODY_BYTES: Final = 64 * 1024


class HostedRoutes:
    """The answers about link sessions."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def create(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), NewLinkSession)
        caller = call.known_caller
        firm_id = id_in_body("firm", asked.firm, "/firm")
        relinks = None if asked.connection is None else id_in_body("con", asked.connection, "/connection")
        if caller.firm_ids is not None and firm_id not in caller.firm_ids:
            raise wrong_field("/firm", "The organization has no such firm.")
        if caller.connection_ids is not None and relinks not in caller.connection_ids:
            raise wrong_field("/connection", "This key is bound to connections: name one of them to connect it again.")
        if relinks is not None:
            await self._require_own_mode(call, relinks)
        unknown = sorted(set(asked.items) - set(ITEMS))
        if unknown:
            raise wrong_field("/items", f"Name some of: {', '.join(ITEMS)}.")
        wish = Wish(
            firm_id=firm_id,
            vendors=asked.vendors,
            return_url=asked.return_url,
            purpose=asked.purpose,
            items=asked.items,
            consent_days=asked.consent_days,
            relinks=relinks,
        )
        try:
            made, url = await create_session(
                self._linking, caller.org_id, caller.key_id, wish, sandbox=caller.mode is Mode.TEST
            )
        except WishError as wrong:
            raise wrong_field(wrong.pointer, str(wrong)) from None
        call.firm_id = firm_id
        call.rows = 1
        return answer_of(to_link_session(made, url, self._linking.clock()), 201)

    async def one(self, call: Call) -> Answer:
        found = await self._named(call)
        call.rows = 1
        return answer_of(to_link_session(found, None, self._linking.clock()))

    async def page(self, call: Call) -> Answer:
        asked = read_query(
            call.scope["query_string"],
            {"limit": whole_number(1, 200), "before": id_of("lks"), "filter[firm]": id_of("firm")},
        )
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        async with as_organization(self._linking.pool, caller.org_id) as connection:
            found = await store.list_sessions(
                connection,
                caller.org_id,
                asked.get("before"),
                limit + 1,
                firm_id=asked.get("filter[firm]"),
                firm_ids=None if caller.firm_ids is None else sorted(caller.firm_ids),
                connection_ids=None if caller.connection_ids is None else sorted(caller.connection_ids),
            )
        shown = found[:limit]
        call.rows = len(shown)
        cursor = ids.encode("lks", shown[-1].id) if len(found) > limit else None
        at = self._linking.clock()
        return answer_of(Page([to_link_session(one, None, at) for one in shown], cursor is not None, cursor))

    async def cancel(self, call: Call) -> Answer:
        found = await self._named(call)
        require_own_mode(call, is_sandbox=found.sandbox)
        after = await cancel_session(self._linking, found)
        call.firm_id, call.rows = found.firm_id, 1
        return answer_of(to_link_session(after, None, self._linking.clock()))

    async def _require_own_mode(self, call: Call, connection_id: UUID) -> None:
        """A test key connects sandboxes again alone; what cannot be is found out later."""
        async with as_organization(self._linking.pool, call.known_caller.org_id) as connection:
            known = await get_connection(connection, call.known_caller.org_id, connection_id)
        if known is not None:
            require_own_mode(call, is_sandbox=known.sandbox)

    async def _named(self, call: Call) -> LinkSession:
        """The session in the path; the plain 404 for every other."""
        caller = call.known_caller
        found = await read_session(self._linking, caller.org_id, call.named("lks"))
        if found is None or (caller.firm_ids is not None and found.firm_id not in caller.firm_ids):
            raise missing()
        if caller.connection_ids is not None and not {found.relinks, found.connection_id} & caller.connection_ids:
            raise missing()
        return found

    async def settings(self, call: Call) -> Answer:
        async with as_organization(self._linking.pool, call.known_caller.org_id) as connection:
            found = await store.get_settings(connection, call.known_caller.org_id)
        return answer_of(ConnectSettingsView(return_urls=found.return_urls, accent=found.accent))

    async def change_settings(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), ConnectSettingsUpdate)
        if call.known_caller.is_bound:  # they hold for the pages of every firm
            raise ApiProblem(INSUFFICIENT_SCOPE, "A key that is bound to firms or connections cannot change this.")
        org_id = call.known_caller.org_id
        try:
            after = await change_settings(self._linking, org_id, return_urls=asked.return_urls, accent=asked.accent)
        except WishError as wrong:
            raise wrong_field(wrong.pointer, str(wrong)) from None
        return answer_of(ConnectSettingsView(return_urls=after.return_urls, accent=after.accent))


def hosted_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about link sessions."""
    routes = HostedRoutes(linking)
    return (
        Operation(
            id="createLinkSession",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/link-sessions",
            tag="link_sessions",
            summary="Create a link session",
            description="A page for one firm, good for half an hour and one connection: there somebody at the firm "
            "sees who asks for what, signs the consent and connects. Send them to `url`.",
            scope="connections:write",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=LinkSessionView,
            status=201,
            body=NewLinkSession,
            example=SESSION,
            body_example=NEW,
            run=routes.create,
        ),
        Operation(
            id="getLinkSession",
            method="GET",
            path="/v1/link-sessions/{id}",
            tag="link_sessions",
            summary="Get a link session",
            description="How far the firm's person has come, and the connection once it is there.",
            scope="connections:read",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=LinkSessionView,
            parameters=(parameters.path_id("id", "The session's id, `lks_…`."),),
            problems=(errors.NOT_FOUND,),
            example=SESSION | {"url": None, "status": "finished", "vendor": "quickbooks", "connection": CON},
            run=routes.one,
        ),
        Operation(
            id="listLinkSessions",
            method="GET",
            path="/v1/link-sessions",
            tag="link_sessions",
            summary="List link sessions",
            description="The pages that were made, newest first, and how far the firms' people have come. Never their "
            "addresses.",
            scope="connections:read",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[LinkSessionView],
            parameters=(
                parameters.LIMIT,
                Parameter(
                    name="before",
                    place="query",
                    schema={"type": "string", "pattern": "^lks_[0-9a-hjkmnp-tv-z]{26}$"},
                    description="`next_cursor` of the page before.",
                ),
                parameters.filter_by(
                    "firm", {"type": "string", "pattern": "^firm_[0-9a-hjkmnp-tv-z]{26}$"}, "Only this firm's."
                ),
            ),
            problems=(errors.INVALID_PARAMETER,),
            example=example_page(SESSION | {"url": None}),
            run=routes.page,
        ),
        Operation(
            id="cancelLinkSession",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/link-sessions/{id}/cancel",
            tag="link_sessions",
            summary="Cancel a link session",
            description="The page's address works no more; what it held is dropped. One that is over stays as it is.",
            scope="connections:write",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=LinkSessionView,
            parameters=(parameters.path_id("id", "The session's id, `lks_…`."),),
            problems=(errors.NOT_FOUND,),
            example=SESSION | {"url": None, "status": "cancelled"},
            run=routes.cancel,
        ),
        Operation(
            id="getConnectSettings",
            method="GET",
            path="/v1/connect-settings",
            tag="link_sessions",
            summary="Get the connect settings",
            description="Where connect pages may lead back to, and their colour.",
            scope="connections:read",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectSettingsView,
            example=SETTINGS,
            run=routes.settings,
        ),
        Operation(
            id="updateConnectSettings",
            by_test_key=ByTestKey.NEVER,
            method="PATCH",
            path="/v1/connect-settings",
            tag="link_sessions",
            summary="Change the connect settings",
            description="Return URLs are compared letter by letter, without their query. A bound key "
            "cannot change them.",
            scope="connections:write",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectSettingsView,
            body=ConnectSettingsUpdate,
            example=SETTINGS,
            body_example={"return_urls": ["https://app.ledgerline.example/connected"]},
            run=routes.change_settings,
        ),
    )
