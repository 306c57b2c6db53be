"""The control calls under `/_sandbox/`: faults, reset, limits, stats, grants. For loopback only; no vendor has them."""

from collections.abc import Callable

import msgspec

from service.sandbox import http
from service.sandbox.faults import OWN_KINDS, Fault, FaultQueue
from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.stats import Stats
from service.sandbox.vendor import Vendor

PREFIX = "/_sandbox/"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class GrantWish(msgspec.Struct, forbid_unknown_fields=True):
    """A consent to mint; what is not said is as the vendor usually does it."""

    scopes: list[str] | None = None
    access_s: float | None = None
    refresh_s: float | None = None


class Control:
    """Answers the control calls of one vendor."""

    def __init__(self, vendor: Vendor, faults: FaultQueue, stats: Stats) -> None:
        self._vendor = vendor
        self._faults = faults
        self._stats = stats
        self.latency_s = 0.0
        self._initial_limits = vendor.limits()
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "faults"): self._add_fault,
            ("GET", "faults"): self._list_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "reset"): self._reset,
            ("POST", "limits"): self._set_limits,
            ("GET", "limits"): self._get_limits,
            ("GET", "stats"): self._get_stats,
            ("POST", "grants"): self._mint,
        }

    def answer(self, request: Request, client_host: str) -> Response:
        """The answer to a control call; 404 for anybody who is not on this machine."""
        handler = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if handler is None or client_host not in _LOOPBACK:
            return json_response(404, {"error": "no such control call"})
        try:
            return handler(request)
        except (msgspec.DecodeError, ValueError, KeyError) as error:
            return json_response(422, {"error": str(error)})

    def _add_fault(self, request: Request) -> Response:
        fault = msgspec.json.decode(request.body, type=Fault)
        owner = OWN_KINDS.get(fault.kind, self._vendor.name)
        if owner != self._vendor.name or not self._vendor.supports_fault(fault.kind):
            raise ValueError(f"{fault.kind} has no meaning at {self._vendor.name}")
        self._faults.waiting.append(fault)
        return json_response(201, fault)

    def _list_faults(self, request: Request) -> Response:
        return json_response(200, {"faults": self._faults.waiting})

    def _clear_faults(self, request: Request) -> Response:
        self._faults.waiting.clear()
        return Response(204)

    def _reset(self, request: Request) -> Response:
        self._vendor.reset()
        self._vendor.set_limits(self._initial_limits)
        self._vendor.writes = 0
        self._vendor.grants.refreshes = 0
        self._faults.reset()
        self._stats.reset()
        self.latency_s = 0.0
        return Response(204)

    def _set_limits(self, request: Request) -> Response:
        wished = msgspec.json.decode(request.body, type=dict[str, int | None])
        latency_ms = wished.pop("latency_ms", self.latency_s * 1000)
        if any(value is not None and value < 0 for value in wished.values()):
            raise ValueError("limits must not be negative")
        self._vendor.set_limits(wished)
        self.latency_s = (latency_ms or 0) / 1000
        return self._get_limits(request)

    def _get_limits(self, request: Request) -> Response:
        limits: dict[str, float | None] = {**self._vendor.limits(), "latency_ms": self.latency_s * 1000}
        return json_response(200, limits)

    def _get_stats(self, request: Request) -> Response:
        table: Json = self._stats.table()
        table["writes"] = self._vendor.writes
        table["token_refreshes"] = self._vendor.grants.refreshes
        table["consents_alive"] = self._vendor.grants.alive
        table["faults_fired"] = dict(self._faults.fired)
        return json_response(200, table)

    def _mint(self, request: Request) -> Response:
        wish = msgspec.json.decode(request.body or b"{}", type=GrantWish)
        scopes = self._vendor.default_scopes if wish.scopes is None else frozenset(wish.scopes)
        tokens = self._vendor.grants.consent(scopes, wish.access_s, wish.refresh_s)
        facts: http.Json = {
            "vendor": self._vendor.name,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_in": tokens.access_s,
            "refresh_expires_in": tokens.refresh_s,
            "scopes": sorted(tokens.scopes),
        }
        return json_response(201, facts | self._vendor.grant_facts(tokens))
