"""A vendor behind OAuth and one limit, most of them only read: what such sandboxes have in common."""

from math import ceil

from service.sandbox.clock import VendorClock
from service.sandbox.consents import Consents, Endpoints
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Handler, Json, Request, Response, Router
from service.sandbox.limits import SlidingLimit
from service.sandbox.vendor import UnsupportedFaultError

_NEVER_S = 10 * 365 * 86_400


class ReadVendor:
    """The frame. A vendor adds its routes and says how its failures look."""

    name: str
    default_scopes: frozenset[str]

    def __init__(
        self,
        endpoints: Endpoints,
        clock: VendorClock,
        *,
        access_s: float,
        refresh_s: float,
        limit: tuple[str, int | None, float],
    ) -> None:
        self.clock = clock
        self.grants = Grants(clock.true_s, access_s=access_s, refresh_s=refresh_s, hard_s=_NEVER_S)
        self.writes = 0
        self.consents = Consents(self.grants, endpoints, self.token_answer, self.token_refusal)
        self.router = Router()
        self.consents.add_to(self.router)
        self._limit_name, calls, window_s = limit
        self._limit = SlidingLimit(calls, window_s, clock.true_s)

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        self.router.add(method, pattern, handler)

    def token_answer(self, tokens: Tokens, payload: Json) -> Json:
        """How the token endpoint writes its answer; `payload` is the usual one (RFC 6749)."""
        del tokens
        return payload

    def token_refusal(self, error: str) -> Json:
        """How the token endpoint writes a refusal."""
        return {"error": error}

    def token_of(self, request: Request) -> str | None:
        """The access token that a call carries."""
        return request.bearer

    def route(self, request: Request) -> str:
        found = self.router.find(request.method, request.path)
        return found[2] if found else "(nothing)"

    def handle(self, request: Request) -> Response:
        found = self.router.find(request.method, request.path)
        if self.is_oauth(request):
            return found[0](request, found[1]) if found else self.missing()
        token = self.token_of(request)
        if self.grants.scopes_of(token) is None:
            return self.unauthorized()
        verdict = self._limit.check(token or "")
        if not verdict.admitted:
            return self.throttled(str(ceil(verdict.reset_in_s)))
        self._limit.count(token or "")
        return found[0](request, found[1]) if found else self.missing()

    def reset(self) -> None:
        self._limit.reset()

    def limits(self) -> dict[str, int | None]:
        return {self._limit_name: self._limit.limit}

    def set_limits(self, limits: dict[str, int | None]) -> None:
        for name, value in limits.items():
            if name != self._limit_name:
                raise KeyError(name)
            self._limit.limit = value

    def facts(self, account: str) -> Json:
        """What a connection needs besides the tokens."""
        ends = self.consents.endpoints
        return {
            "account": account,
            "authorize_path": ends.authorize,
            "token_path": ends.refresh or ends.token,
            "revoke_path": ends.revoke,
        }

    def is_oauth(self, request: Request) -> bool:
        return request.path in self.consents.endpoints.paths

    def is_write(self, request: Request) -> bool:
        return not self.is_oauth(request) and request.method != "GET"

    def supports_fault(self, kind: str) -> bool:
        del kind
        return True

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        del request, payload
        raise UnsupportedFaultError(kind)

    def missing(self) -> Response:
        """The vendor's 404."""
        raise NotImplementedError

    def unauthorized(self) -> Response:
        """The vendor's answer to a token that is missing, unknown or expired."""
        raise NotImplementedError

    def throttled(self, retry_after: str | None) -> Response:
        """The vendor's 429."""
        raise NotImplementedError
