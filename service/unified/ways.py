"""Ways: from a caller's words (a header, a record's id) to an open link into one account at a vendor."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from service import ids
from service.accounts.caller import Caller
from service.api.call import Call
from service.connections.credentials import Credentials
from service.connections.errors import (
    ConnectionModeError,
    ConnectionNeedsAttentionError,
    ConnectionNotFoundError,
    ConnectionNotUsableError,
    ConsentMissingError,
    LinkError,
)
from service.connections.open import Connections, OpenConnection
from service.connections.refresh import CredentialKeeper
from service.connections.store import Account
from service.connections.vendors import Door, Vendors, VendorSetup, budget_key
from service.connectors.sdk.auth import TokenReply
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.engine import Link, Transport
from service.connectors.sdk.faults import ConnectionRefused
from service.errors import (
    ACCOUNT_REQUIRED,
    CONNECTION_NEEDS_ATTENTION,
    CONNECTION_REQUIRED,
    CONSENT_MISSING,
    INVALID_HEADER,
    KEY_MODE_MISMATCH,
    ApiProblem,
    FieldError,
    missing,
)
from service.unified.consented import Consented

_REMEMBERED_LINKS = 10_000


class Way(Struct, frozen=True):
    """An open way into one account."""

    connection: OpenConnection
    connector: Connector
    link: Link
    book: ids.Book
    home: ids.RecordId
    """Where records of this account live: connection and account, no remote id."""

    @property
    def home_bytes(self) -> bytes:
        """The account, for what is bound to it: cursors, and the fingerprints of writes."""
        return self.home.connection.bytes + self.home.account.to_bytes(2, "big")


class Ways:
    """Opens ways and keeps their links, with breakers and retry budgets, for the life of the process."""

    def __init__(
        self,
        connections: Connections,
        credentials: CredentialKeeper,
        transport: Transport,
        connectors: tuple[Connector, ...],
        setups: Mapping[str, VendorSetup],
        consented: Consented,
        region: str = "us",
    ) -> None:
        self.consented = consented
        self._connections = connections
        self._credentials = credentials
        self._vendors = Vendors(transport, connectors, setups, region)
        self._connectors = {connector.slug: connector for connector in connectors}
        self._kept: dict[tuple[UUID, int], Way] = {}

    async def named(self, call: Call) -> Way:
        """The way that `Connection-Id` (and `Account-Id`) name, or the only one there is for this key."""
        connection_id = _header_id(call) or await self._only_connection(call.known_caller)
        opened = await self._open(call, connection_id)
        return self._way(opened, _account(call, opened))

    async def of_record(self, call: Call, prefix: str, record_id: str) -> tuple[Way, str]:
        """The way to the record with this id, and its remote id. Whatever is not the caller's is a plain 404."""
        try:
            found = ids.parse_record_id(prefix, record_id)
        except ids.MalformedIdError:
            raise missing() from None
        opened = await self._open(call, found.connection)
        for account in opened.accounts:
            if account.ordinal == found.account:
                return self._way(opened, account), found.remote_id
        raise missing()

    async def _open(self, call: Call, connection_id: UUID) -> OpenConnection:
        try:
            opened = await self._connections.open(call.known_caller, connection_id)
        except LinkError as refusal:
            if isinstance(refusal, ConsentMissingError):
                call.connection_id = connection_id
            raise _to_problem(refusal) from None
        call.connection_id = opened.id
        call.vendor = opened.vendor
        call.firm_id = opened.firm_id
        assert call.operation is not None
        call.by_client = await self.consented.require(call, opened, call.operation.tag)
        return opened

    async def _only_connection(self, caller: Caller) -> UUID:
        known = await self._connections.visible(caller)
        if len(known) == 1:
            return known[0].id
        if not known:
            raise ApiProblem(CONNECTION_REQUIRED, "This key can see no connection yet; connect a firm first.")
        choices = tuple(
            FieldError("header/connection-id", "choice", f"{ids.encode('con', one.id)} ({one.vendor})")
            for one in known[:20]
        )
        raise ApiProblem(CONNECTION_REQUIRED, f"This key can see {len(known)} connections.", errors=choices)

    def _way(self, opened: OpenConnection, account: Account) -> Way:
        kept = self._kept.get((opened.id, account.ordinal))
        if kept is not None and kept.connection is opened:
            return kept
        connector = self._connectors.get(opened.vendor)
        if connector is None:
            raise missing()
        door = self._door(opened, connector)
        credentials = _Credentials(self, opened, door)
        link = Link(connector, door.base_url, account.remote_id, budget_key(opened, connector, account), credentials)
        if kept is not None:
            link.adopt(kept.link)
        elif len(self._kept) >= _REMEMBERED_LINKS:
            self._kept.clear()
        way = Way(
            opened,
            connector,
            link,
            ids.Book(opened.id, account.ordinal, account.remote_id, account.currency),
            ids.RecordId(opened.id, account.ordinal, ""),
        )
        self._kept[opened.id, account.ordinal] = way
        return way

    def _door(self, opened: OpenConnection, connector: Connector) -> Door:
        door = self._vendors.door(opened.vendor, sandbox=opened.sandbox, base_url=opened.base_url)
        if door is None:
            raise ApiProblem(
                CONNECTION_NEEDS_ATTENTION, f"No address is configured for {connector.name}; an operator has to set it."
            )
        return door

    def held_token(self, opened: OpenConnection) -> str | None:
        """The connection's token, if it is at hand and good."""
        held = self._credentials.held(opened)
        return held.access_token if held is not None else None

    async def token(self, opened: OpenConnection, door: Door, refused: str | None) -> str:
        """A good access token of the connection; renewed at the vendor where it has to be."""

        async def exchange(stored: Credentials) -> TokenReply:
            return await self._vendors.renew(door, stored)

        try:
            found = await self._credentials.fresh_credentials(opened, exchange, force_after=refused)
        except ConnectionNotUsableError as refusal:
            raise ConnectionRefused(str(refusal), code="needs_attention") from None
        return found.access_token


class _Credentials:
    """The engine's view of one connection's tokens."""

    __slots__ = ("_door", "_opened", "_ways")

    def __init__(self, ways: Ways, opened: OpenConnection, door: Door) -> None:
        self._ways = ways
        self._opened = opened
        self._door = door

    def held(self) -> str | None:
        return self._ways.held_token(self._opened)

    async def access_token(self) -> str:
        return await self._ways.token(self._opened, self._door, None)

    async def renewed(self, refused: str) -> str:
        return await self._ways.token(self._opened, self._door, refused)


def _header_id(call: Call) -> UUID | None:
    text = call.header(b"connection-id")
    if text is None:
        return None
    try:
        return ids.decode("con", text)
    except ids.MalformedIdError:
        raise ApiProblem(
            INVALID_HEADER,
            "`Connection-Id` is not a connection's id.",
            errors=(FieldError("header/connection-id", "format", "An id that starts with `con_`."),),
        ) from None


def _account(call: Call, opened: OpenConnection) -> Account:
    asked = call.header(b"account-id")
    if asked is None and len(opened.accounts) == 1:
        return opened.accounts[0]
    for account in opened.accounts:
        if account.remote_id == asked:
            return account
    choices = tuple(FieldError("header/account-id", "choice", one.remote_id) for one in opened.accounts[:20])
    detail = "`Account-Id` is needed." if asked is None else "The connection has no account with this `Account-Id`."
    raise ApiProblem(ACCOUNT_REQUIRED, detail, errors=choices)


def _to_problem(refusal: LinkError) -> ApiProblem:
    match refusal:
        case ConnectionNotFoundError():
            return missing()
        case ConnectionModeError():
            return ApiProblem(KEY_MODE_MISMATCH, f"Not with this key: {refusal}.")
        case ConsentMissingError():
            return ApiProblem(CONSENT_MISSING, "No consent of the firm is in force for this connection.")
        case ConnectionNeedsAttentionError() | ConnectionNotUsableError():
            reason = f": {refusal.reason}" if refusal.reason else ""
            return ApiProblem(CONNECTION_NEEDS_ATTENTION, f"The connection is {refusal.state}{reason}.")
        case _:
            return ApiProblem(CONNECTION_NEEDS_ATTENTION, "The connection cannot be opened.")
