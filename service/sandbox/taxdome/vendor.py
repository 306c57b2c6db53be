"""TaxDome, as its portal session is sketched and otherwise assumed: session, account scope and limits."""

from collections.abc import Mapping
from math import ceil

import msgspec

from service.sandbox.books import Books
from service.sandbox.clock import VendorClock
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Handler, Json, Request, Response, Router, json_response
from service.sandbox.limits import SlidingLimit
from service.sandbox.taxdome.auth import Auth
from service.sandbox.taxdome.errors import RefusalError, failure, missing
from service.sandbox.taxdome.logins import Door, Login, make_logins
from service.sandbox.taxdome.office import FIRM_ONLY, LISTS, Act, Caller, Office
from service.sandbox.taxdome.once import Once
from service.sandbox.taxdome.sessions import Session, Sessions
from service.sandbox.taxdome.wire import make_id
from service.sandbox.vendor import UnsupportedFaultError

CALLS_PER_MINUTE = 60
_ROSTER = frozenset({"accounts", "contacts", "pipelines", "users"})
_OF_THE_LOGIN = _ROSTER | {"me"}
_CLIENTS_WRITE = frozenset({"documents", "messages", "client-tasks", "answers", "submit", "select"})
"""What a client's login may write; all else is the firm's."""


class TaxDome:
    """One firm at TaxDome."""

    name = "taxdome"
    default_scopes = frozenset({"firm"})

    def __init__(self, books: Books, clock: VendorClock | None = None) -> None:
        self.clock = clock or VendorClock()
        self.writes = 0
        self._logins = make_logins(books)
        self._sessions = Sessions(self.clock.true_s, self._first_account)
        self.grants: Grants = self._sessions
        self._door = Door(self._logins, self.clock)
        self._office = Office(books, self.clock.said_s)
        self._once = Once(self.clock.true_s)
        self._limit = SlidingLimit(CALLS_PER_MINUTE, 60, self.clock.true_s)
        self._last_pages: dict[str, object] = {}
        self._caller: Caller
        self._session: Session
        self._router = Router()
        self._add_routes(Auth(self._sessions, self._door, self._logins))

    def route(self, request: Request) -> str:
        found = self._router.find(request.method, request.path)
        return found[2] if found else "(nothing)"

    def handle(self, request: Request) -> Response:
        found = self._router.find(request.method, request.path)
        try:
            if self.is_oauth(request) or request.path.startswith("/files/"):
                if found is None:
                    raise RefusalError("not_found", "Nothing lives here.")
                return found[0](request, found[1])
            return self._within_session(request)
        except RefusalError as refusal:
            response = refusal.response
            wait = refusal.more.get("retry_after")
            return response if wait is None else response.plus(("retry-after", str(wait)))

    def reset(self) -> None:
        self._office.reset()
        self._door.reset()
        self._once.reset()
        self._limit.reset()
        self._last_pages.clear()

    def limits(self) -> dict[str, int | None]:
        return {"per_minute": self._limit.limit}

    def set_limits(self, limits: dict[str, int | None]) -> None:
        for name, value in limits.items():
            if name != "per_minute":
                raise KeyError(name)
            self._limit.limit = value

    def grant_facts(self, tokens: Tokens) -> Json:
        login = self._logins[next(iter(tokens.scopes))]
        numbers = self._office.roster("accounts", login)
        return {
            "account": make_id("accounts", self._first_account(login.name)),
            "authorize_path": "/api/auth/session",
            "token_path": "/api/auth/refresh",
            "revoke_path": None,
            "login": {
                "email": login.email,
                "password": login.password,
                "totp_secret": login.totp_secret,
                "accounts": [make_id("accounts", number) for number in numbers[:100]],
            },
        }

    def is_oauth(self, request: Request) -> bool:
        return request.path.startswith("/api/auth/")

    def is_write(self, request: Request) -> bool:
        if self.is_oauth(request) or request.path.endswith("/select"):
            return False
        return request.method in {"POST", "PATCH", "PUT", "DELETE"}

    def is_page(self, request: Request) -> bool:
        last = request.path.rstrip("/").rpartition("/")[2]
        return request.method == "GET" and last in {*LISTS, *_ROSTER, "documents", "messages", "answers"}

    def throttled(self, retry_after: str | None) -> Response:
        response = failure(429, "rate_limited", "Too many requests in this session.")
        return response.plus(("retry-after", retry_after or "1"))

    def server_error(self, status: int) -> Response:
        return failure(status, "internal", "Something went wrong on our side.")

    def fault_in_200(self) -> Response:
        return failure(200, "internal", "Something went wrong on our side.")

    def records(self, payload: Json) -> list[Json]:
        return list(payload["items"]) if isinstance(payload.get("items"), list) else [payload]

    def supports_fault(self, kind: str) -> bool:
        return kind != "empty_middle_page"

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        match kind:
            case "repeated_cursor":
                return {**payload, "next_page": int(request.query.get("page", "1"))}
            case "duplicate_page":
                return {**payload, "items": self._last_pages.get(request.path, payload["items"])}
            case _:
                raise UnsupportedFaultError(kind)

    def takes_file(self, method: str, path: str) -> bool:
        """Whether the body of such a call is a file."""
        return method == "POST" and path == "/api/documents"

    def provoke(self, kind: str, request: Request) -> None:
        """Challenges, ends or switches the session of the call, or makes the door ask for a finger."""
        if kind == "biometric_only":
            self._door.only_biometric_once = True
            return
        if kind == "session_revoked":
            self._sessions.revoke(request.bearer or "")
            return
        try:
            session = self._sessions.enter(request.bearer)
        except RefusalError:
            return
        login = self._logins[session.login]
        if kind == "totp_challenge":
            session.is_challenged = login.totp_secret is not None
            return
        numbers = self._office.roster("accounts", login)
        session.account = next((number for number in numbers if number != session.account), session.account)

    def _within_session(self, request: Request) -> Response:
        session = self._sessions.enter(request.bearer)
        login = self._logins[session.login]
        if session.is_challenged:
            raise self._door.challenge(login)
        verdict = self._limit.check(session.key)
        if not verdict.admitted:
            return self.throttled(str(ceil(verdict.reset_in_s)))
        self._limit.count(session.key)
        found = self._router.find(request.method, request.path)
        if found is None:
            raise RefusalError("not_found", "Nothing lives here.")
        noun = request.path.split("/")[2]
        _demand_right(login, noun, request)
        self._session = session
        account = -1 if noun in _OF_THE_LOGIN else self._scope(session, login, request)
        self._caller = Caller(login, account)
        handler, path, _ = found
        if not self.is_write(request):
            return self._seen(request, handler(request, path))
        return self._once.perform(request, session.login, lambda: self._written(handler(request, path)))

    def _written(self, response: Response) -> Response:
        self.writes += 1
        return response

    def _seen(self, request: Request, response: Response) -> Response:
        """Remembers the page before this one, for the fault that sends it again."""
        if self.is_page(request):
            now = f"{request.path} now"
            items: list[Json] = msgspec.json.decode(response.body)["items"]
            self._last_pages[request.path] = self._last_pages.pop(now, items)
            self._last_pages[now] = items
        return response

    def _scope(self, session: Session, login: Login, request: Request) -> int:
        """The account of a call; RefusalError when the session is at another one."""
        wanted = request.headers.get("x-account-id")
        if wanted is None:
            raise RefusalError("account_required", "The header X-Account-Id is missing.")
        number = self._office.account_number(login, wanted)
        if number is None:
            raise RefusalError("account_not_linked", "This login has no such account.")
        if number != session.account:
            selected = make_id("accounts", session.account)
            raise RefusalError(
                "account_switch",
                "The session is at another account. Select this one and repeat the call.",
                account_id=wanted,
                selected_account_id=selected,
            )
        return number

    def _select(self, request: Request, path: Mapping[str, str]) -> Response:
        number = self._office.account_number(self._caller.login, path["id"])
        if number is None:
            raise missing("accounts")
        self._session.account = number
        return json_response(200, {"account_id": path["id"]})

    def _first_account(self, name: str) -> int:
        login = self._logins.get(name)
        if login is None:
            raise ValueError(f"there is no login {name}")
        return login.first

    def _add_routes(self, auth: Auth) -> None:
        add = self._router.add
        office = self._office
        add("POST", "/api/auth/session", auth.open)
        add("POST", "/api/auth/refresh", auth.renew)
        add("GET", "/files/{id}", lambda request, path: office.fetch(request, path["id"]))
        add("POST", "/api/accounts/{id}/select", self._select)
        for method, pattern, act in office.routes():
            add(method, pattern, self._as_handler(act))

    def _as_handler(self, act: Act) -> Handler:
        return lambda request, path: act(request, path, self._caller)


def _demand_right(login: Login, noun: str, request: Request) -> None:
    if login.is_firm:
        return
    if noun in FIRM_ONLY or noun in {"pipelines", "users"}:
        raise RefusalError("forbidden", "Clients do not see the firm's work.")
    words = set(request.path.split("/"))
    if request.method != "GET" and not words & _CLIENTS_WRITE:
        raise RefusalError("forbidden", "This is for the firm to write.")
    if noun == "documents" and request.method in {"PATCH", "DELETE"}:
        raise RefusalError("forbidden", "This is for the firm to write.")
