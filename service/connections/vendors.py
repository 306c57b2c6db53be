"""The vendors' doors: which address is whose, and the exchanges that let us in, before there is a connection."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

from service.clock import Clock, now
from service.connections.credentials import Credentials
from service.connections.errors import GrantRefusedError
from service.connections.open import OpenConnection
from service.connections.store import Account
from service.connectors.sdk.auth import AppCredentials, Grant, TokenReply
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.engine import Transport
from service.connectors.sdk.faults import ConnectionRefused
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import at_account

T = TypeVar("T")
_TIMEOUT_S = 15.0


class VendorSetup(Struct, frozen=True):
    """What an operator configures for one vendor."""

    app: AppCredentials
    base_url: str | None = None
    """Overrides the connector's published address."""
    token_url: str | None = None
    authorize_url: str | None = None
    revoke_url: str | None = None


class Door(Struct, frozen=True):
    """One vendor as one connection reaches it."""

    connector: Connector
    base_url: str
    setup: VendorSetup
    is_own: bool
    """The connection has an address of its own: every exchange goes there, none to a published address."""

    def at(self, account: str) -> "Door":
        """The door to one account, where accounts have hosts of their own. Raises Refused for no such host."""
        return replace(self, base_url=at_account(self.base_url, account))

    @property
    def token_url(self) -> str | None:
        """Where tokens are had; None: at the path that the exchange itself names."""
        return None if self.is_own else self.setup.token_url or self.connector.auth.token_url


class Vendors:
    """Every vendor, as this deployment reaches it."""

    def __init__(
        self,
        transport: Transport,
        connectors: tuple[Connector, ...],
        setups: Mapping[str, VendorSetup],
        region: str = "us",
        clock: Clock = now,
    ) -> None:
        self._transport = transport
        self._connectors = {connector.slug: connector for connector in connectors}
        self._setups = setups
        self._region = region
        self._clock = clock

    def door(self, vendor: str, *, sandbox: bool, base_url: str | None = None) -> Door | None:
        """None where no such vendor is known, or nobody has said where it is."""
        connector = self._connectors.get(vendor)
        if connector is None:
            return None
        setup = self._setups.get(vendor) or VendorSetup(AppCredentials("", ""))
        address = base_url or setup.base_url or connector.base_urls.get("sandbox" if sandbox else self._region)
        return None if address is None else Door(connector, address.rstrip("/"), setup, base_url is not None)

    def stand_in(self, vendor: str) -> str:
        """Our word for an account that the vendor did not name; empty where it always does."""
        connector = self._connectors.get(vendor)
        return "" if connector is None else connector.stand_in or ""

    def reachable(self, *, sandbox: bool) -> list[Connector]:
        """The vendors that a firm can connect here, by name."""
        found = [door.connector for slug in self._connectors if (door := self.door(slug, sandbox=sandbox)) is not None]
        return sorted(found, key=lambda connector: connector.name)

    async def renew(self, door: Door, stored: Credentials) -> TokenReply:
        """New tokens, as the vendor's scheme says they are had. Raises GrantRefusedError when refused for good."""
        try:
            return await self.let_in(door, stored)
        except ConnectionRefused as refusal:
            raise GrantRefusedError(refusal.message) from None

    async def let_in(self, door: Door, stored: Credentials) -> TokenReply:
        """The same, but what the vendor holds against it is told. Raises VendorFault."""
        grant = Grant(access_token=stored.access_token, refresh_token=stored.refresh_token, extra=stored.extra)
        flow = door.connector.auth.renew(grant, door.setup.app, self._clock)
        return await self.exchange(flow, door, door.token_url)

    async def exchange(self, flow: Flow[T], door: Door, url: str | None) -> T:
        """Runs a flow without credentials, at `url` or at the paths it names. Raises VendorFault."""
        return await self._run(flow, door, lambda request: url or door.base_url + request.path)

    async def ask(self, flow: Flow[T], door: Door, access_token: str, root: str = "") -> T:
        """Runs a flow with an access token, its paths below `root`. No retries: a person waits. Raises VendorFault."""
        signed = door.connector.auth.sign(access_token)
        return await self._run(flow, door, lambda request: _address(door, root, request), signed, classified=True)

    async def _run(
        self,
        flow: Flow[T],
        door: Door,
        url: Callable[[Request], str],
        signed: tuple[tuple[str, str], ...] = (),
        *,
        classified: bool = False,
    ) -> T:
        try:
            request = next(flow)
            while True:
                headers = {"accept": request.accept, "content-type": request.content_type}
                headers |= dict(signed) | dict(request.headers)
                answer = await self._transport.send(request.method, url(request), headers, request.body, _TIMEOUT_S)
                if classified and door.connector.as_json is not None:
                    answer = door.connector.as_json(answer)
                fault = door.connector.classify(request, answer) if classified else None
                request = flow.send(answer) if fault is None else flow.throw(fault)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()


def _address(door: Door, root: str, request: Request) -> str:
    query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
    return door.base_url + root + request.path + query


def budget_key(opened: OpenConnection, connector: Connector, account: Account) -> str:
    """What the vendor's limits are counted for."""
    match connector.budget.scope:
        case "account":
            return f"{connector.slug}:{opened.id.hex}:{account.remote_id}"
        case "connection":
            return f"{connector.slug}:{opened.id.hex}"
        case _:
            return connector.slug
