"""`/v1/link-sessions` and `/v1/connect-settings`: the customer's side of hosted connect."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from service import errors, ids
from service.accounts.tokens import Mode
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, Operation
from service.api.operation import Meter as Metered
from service.api.parameters import path_id
from service.connections.hosted import store
from service.connections.hosted.sessions import Wish, WishError, checked_return_url, create_session, read_session
from service.connections.hosted.store import ConnectSettings, LinkSession, Step
from service.connections.linking import Linking
from service.consent.items import ITEMS
from service.db.pool import as_organization
from service.errors import VALIDATION_FAILED, ApiProblem, FieldError, missing

MAX_BODY_BYTES: Final = 64 * 1024
_READ: Final = (errors.MALFORMED_JSON, errors.BODY_TOO_LARGE, errors.UNSUPPORTED_MEDIA_TYPE, errors.VALIDATION_FAILED)
Url = Annotated[str, Meta(min_length=1, max_length=1000)]
Slug = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$")]


class NewLinkSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page on which a firm can connect."""

    firm: str
    """Whose records, `firm_…`."""
    return_url: Url
    """Where the page leads back to: one of the organization's return URLs, with any query."""
    purpose: Annotated[str, Meta(min_length=1, max_length=500)]
    """What the data are for, in words that the firm's person reads and signs."""
    vendors: Annotated[tuple[Slug, ...], Meta(max_length=20)] = ()
    """The vendors to choose from; every one that can be connected when left out."""
    items: Annotated[tuple[str, ...], Meta(max_length=40)] = ()
    """The nouns of this API that are asked for; all when left out."""
    consent_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """How long the consent lasts."""
    connection: str | None = None
    """Connect this one again, `con_…`: its id and the ids of its records stay."""


class LinkSessionView(Struct, frozen=True, kw_only=True, tag_field="object", tag="link_session"):
    """A page on which a firm can connect, once, within half an hour."""

    id: str
    """`lks_…`"""
    firm: str
    """`firm_…`"""
    status: Literal["open", "signed", "choosing", "finished", "cancelled", "expired"]
    """How far the firm's person has come."""
    url: str | None
    """The page's address, at its making alone: whoever holds it can use the page."""
    vendors: tuple[str, ...]
    """The vendors to choose from."""
    vendor: str | None
    """The one that was chosen."""
    connection: str | None
    """The connection, once it is finished."""
    return_url: str
    """Where the page leads back to; `link_session` and `connection` are put into its query."""
    created_at: datetime
    """When it was made."""
    expires_at: datetime
    """When it ends."""


class ConnectSettingsView(Struct, frozen=True, kw_only=True, tag_field="object", tag="connect_settings"):
    """How the organization's connect pages behave."""

    return_urls: tuple[str, ...]
    """Where pages may lead back to, without query."""
    accent: str | None
    """The pages' colour, six hex digits."""


class ConnectSettingsUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change."""

    return_urls: Annotated[tuple[Url, ...], Meta(max_length=50)] | UnsetType = UNSET
    """The whole list."""
    accent: Annotated[str, Meta(pattern="^[0-9a-f]{6}$")] | None | UnsetType = UNSET
    """Six hex digits; null for ours."""


class HostedRoutes:
    """The answers about link sessions."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def create(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), NewLinkSession)
        caller = call.known_caller
        firm_id = _named("firm", asked.firm, "/firm")
        relinks = None if asked.connection is None else _named("con", asked.connection, "/connection")
        if caller.firm_ids is not None and firm_id not in caller.firm_ids:
            raise _wrong("/firm", "The organization has no such firm.")
        if caller.connection_ids is not None and relinks not in caller.connection_ids:
            raise _wrong("/connection", "This key is bound to connections: name one of them to connect it again.")
        unknown = sorted(set(asked.items) - set(ITEMS))
        if unknown:
            raise _wrong("/items", f"Name some of: {', '.join(ITEMS)}.")
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
            raise _wrong(wrong.pointer, str(wrong)) from None
        call.firm_id = firm_id
        call.rows = 1
        return answer_of(self._view(made, url), 201)

    async def one(self, call: Call) -> Answer:
        caller = call.known_caller
        try:
            session_id = ids.decode("lks", call.params["id"])
        except ids.MalformedIdError:
            raise missing() from None
        found = await read_session(self._linking, caller.org_id, session_id)
        if found is None or (caller.firm_ids is not None and found.firm_id not in caller.firm_ids):
            raise missing()
        if caller.connection_ids is not None and not {found.relinks, found.connection_id} & caller.connection_ids:
            raise missing()
        call.rows = 1
        return answer_of(self._view(found, None))

    async def settings(self, call: Call) -> Answer:
        async with as_organization(self._linking.pool, call.known_caller.org_id) as connection:
            found = await store.get_settings(connection, call.known_caller.org_id)
        return answer_of(ConnectSettingsView(return_urls=found.return_urls, accent=found.accent))

    async def change_settings(self, call: Call) -> Answer:
        asked = decode_body(await json_body(call, MAX_BODY_BYTES), ConnectSettingsUpdate)
        org_id = call.known_caller.org_id
        async with as_organization(self._linking.pool, org_id) as connection:
            before = await store.get_settings(connection, org_id)
            urls = before.return_urls
            if asked.return_urls is not UNSET:
                try:
                    urls = tuple(dict.fromkeys(checked_return_url(url) for url in asked.return_urls))
                except WishError as wrong:
                    raise _wrong(wrong.pointer, str(wrong)) from None
            after = ConnectSettings(urls, before.accent if asked.accent is UNSET else asked.accent)
            await store.upsert_settings(connection, org_id, after, self._linking.clock())
        return answer_of(ConnectSettingsView(return_urls=after.return_urls, accent=after.accent))

    def _view(self, session: LinkSession, url: str | None) -> LinkSessionView:
        is_over = session.expires_at <= self._linking.clock()
        open_ones: dict[Step, Literal["open", "signed", "choosing"]] = {
            Step.SIGN: "open",
            Step.CONNECT: "signed",
            Step.CHOOSE: "choosing",
        }
        ended: Literal["finished", "cancelled"] = "finished" if session.step is Step.FINISHED else "cancelled"
        going = open_ones.get(session.step)
        return LinkSessionView(
            id=ids.encode("lks", session.id),
            firm=ids.encode("firm", session.firm_id),
            status=ended if going is None else "expired" if is_over else going,
            url=url,
            vendors=session.vendors,
            vendor=session.vendor,
            connection=None if session.connection_id is None else ids.encode("con", session.connection_id),
            return_url=session.return_url,
            created_at=session.created_at,
            expires_at=session.expires_at,
        )


def hosted_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about link sessions."""
    routes = HostedRoutes(linking)
    return (
        Operation(
            id="createLinkSession",
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
            problems=_READ,
            example=_SESSION,
            body_example=_NEW,
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
            parameters=(path_id("id", "The session's id, `lks_…`."),),
            problems=(errors.UNKNOWN_PARAMETER, errors.NOT_FOUND),
            example=_SESSION | {"url": None, "status": "finished", "vendor": "quickbooks", "connection": _CON},
            run=routes.one,
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
            problems=(errors.UNKNOWN_PARAMETER,),
            example=_SETTINGS,
            run=routes.settings,
        ),
        Operation(
            id="updateConnectSettings",
            method="PATCH",
            path="/v1/connect-settings",
            tag="link_sessions",
            summary="Change the connect settings",
            description="Return URLs are compared letter by letter, without their query.",
            scope="connections:write",
            meter=Metered.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectSettingsView,
            body=ConnectSettingsUpdate,
            problems=_READ,
            example=_SETTINGS,
            body_example={"return_urls": ["https://app.ledgerline.example/connected"]},
            run=routes.change_settings,
        ),
    )


def _named(prefix: str, text: str, pointer: str) -> UUID:
    try:
        return ids.decode(prefix, text)
    except ids.MalformedIdError:
        raise _wrong(pointer, f"An id that starts with `{prefix}_`.") from None


def _wrong(pointer: str, says: str) -> ApiProblem:
    return ApiProblem(VALIDATION_FAILED, f"`{pointer}`: {says}", errors=(FieldError(pointer, "invalid", says),))


_CON: Final = "con_01k3sd2pjhfmh9pgwzpxrqsk7k"
_SETTINGS: Final[dict[str, Any]] = {
    "object": "connect_settings",
    "return_urls": ["https://app.ledgerline.example/connected"],
    "accent": "1c5d47",
}
_NEW: Final[dict[str, Any]] = {
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "return_url": "https://app.ledgerline.example/connected?user=42",
    "purpose": "Matching invoices with payments",
    "vendors": ["quickbooks"],
    "items": ["clients", "invoices", "payments"],
}
_SESSION: Final[dict[str, Any]] = {
    "object": "link_session",
    "id": "lks_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "status": "open",
    "url": "https://connect.tickmark.example/connect/0f4c…",
    "vendors": ["quickbooks"],
    "vendor": None,
    "connection": None,
    "return_url": "https://app.ledgerline.example/connected?user=42",
    "created_at": "2026-11-20T12:00:00Z",
    "expires_at": "2026-11-20T12:30:00Z",
}
