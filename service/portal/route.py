"""Pages: each with who may see it and how often its form may be sent, and the way every request goes.

in    our own host → who is signed in → role → recent proof → the form's token → the throttle → the page
out   page, or the page that says what to do instead → cookies → security headers
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, cast
from urllib.parse import parse_qsl, quote, urlsplit

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Struct, structs

from service.accounts.roles import Permission
from service.accounts.sessions import read_session
from service.api.asgi import App, Receive, Scope, Send
from service.api.auth import Proxies, client_address
from service.api.call import Call
from service.api.limits import subscriber
from service.api.operation import Exports
from service.api.screen import field_with_number
from service.connectors.sdk.budget import Limit
from service.portal.cookies import DEVICE, SESSION, VISITOR, cookie, form_token, new_visitor, read_cookies, same
from service.portal.parts import Parts
from service.portal.throttle import FORMS
from service.portal.visit import Form, Header, Refusal, Reply, Visit
from service.telemetry import log_exception

MAX_FORM_BYTES: Final = 64 * 1024
UNSEEN: Final = frozenset({"token", "password", "secret", "link", "halfway", "answer", "body"})
"""Fields that are proofs, not texts; `body` is sent on to the API, which looks itself."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_STATE: Final = "tickmark.portal"

Run = Callable[[Visit], Awaitable[Reply]]


class Route(Struct, frozen=True, kw_only=True):
    """One page, or one form that is sent."""

    method: Literal["GET", "POST"]
    path: str
    run: Run
    needs: Permission | None
    """What the member's role must allow; None only with `anyone` or `member`."""
    anyone: bool = False
    """No sign-in needed."""
    member: bool = False
    """Any signed-in member."""
    recent: bool = False
    """Only a short while after the member has proved who it is."""
    exports: Exports | None = None
    """For what gives a file: whose data is in it, so whose second persons are asked first."""
    limits: tuple[Limit, ...] = FORMS
    """How often an address may send it."""


def page(path: str, run: Run, needs: Permission | None = None, **more: Any) -> Route:
    """A page that is looked at."""
    return Route(method="GET", path=path, run=run, needs=needs, **more)


def form(path: str, run: Run, needs: Permission | None = None, **more: Any) -> Route:
    """A form that is sent."""
    return Route(method="POST", path=path, run=run, needs=needs, **more)


class Portal:
    """All pages as one ASGI application."""

    def __init__(self, parts: Parts, routes: tuple[Route, ...], proxies: Proxies = ()) -> None:
        self._parts = parts
        self._proxies = proxies
        self._roots = frozenset(_root(route.path) for route in routes)
        for route in routes:
            _refuse_unclassified(route)
        self.litestar = Litestar(
            route_handlers=[self._handler(route) for route in routes],
            exception_handlers={Exception: self._failed},
            openapi_config=None,
            logging_config=None,
        )

    def serves(self, path: str) -> bool:
        """Whether the path is one of ours, by its first part."""
        return path == "/" or (_root(path) or None) in self._roots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await cast(App, self.litestar)(scope, receive, send)

    def _handler(self, route: Route) -> HTTPRouteHandler:
        async def handle(request: Request[Any, Any, Any]) -> ASGIApp:
            return cast(ASGIApp, await self._answer(route, cast(Scope, request.scope), cast(Receive, request.receive)))

        name = f"{route.method.lower()}{route.path}"
        handle.__name__ = name
        return HTTPRouteHandler(
            route.path.replace("}", ":str}"),
            http_method=route.method,
            name=name,
            status_code=200,  # for the framework's own checks: what goes out is the Reply, with its own status
            include_in_schema=False,
        )(handle)

    async def _answer(self, route: Route, scope: Scope, receive: Receive) -> Reply:
        visit = self._visit(scope, receive)
        try:
            if visit is None:
                return _elsewhere()
            reply = await self._carry_out(route, visit, scope, receive)
        except Refusal as refusal:
            assert visit is not None
            reply = refused(visit, refusal)
        except Exception as error:  # the last resort: nothing of it is shown
            log_exception(error)
            assert visit is not None
            reply = refused(visit, _BROKEN)
        return _with_headers(reply, visit)

    async def _carry_out(self, route: Route, visit: Visit, scope: Scope, receive: Receive) -> Reply:
        await self._recognize(visit)
        if not route.anyone and visit.signed_in is None:
            back = visit.path if route.method == "GET" else "/home"
            return visit.go(f"/sign-in?next={quote(back)}")
        if route.needs is not None and not visit.may(route.needs):
            raise Refusal(403, "Your role does not allow this", "Ask an owner or admin of your organization.")
        if route.method == "POST":
            await self._parts.throttle.spend("form", route.limits, route.path, subscriber(visit.address))
            visit.form = await _read_form(scope, receive)
            _check_origin(scope, visit)
            if not same(visit.form.raw("token"), visit.csrf):
                raise Refusal(403, "This form is too old", "Go back, load the page again, and send it once more.")
        if route.recent and not visit.me.is_recent(self._parts.clock):
            back = visit.path if route.method == "GET" else visit.form.text("back") or "/home"
            return visit.go(f"/confirm?next={quote(back)}")
        reply = await route.run(visit)
        if route.exports is None and any(name == b"content-disposition" for name, _ in reply.headers):
            raise AssertionError(f"{route.method} {route.path} gives a file, and says not whose second person is asked")
        return reply

    def _visit(self, scope: Scope, receive: Receive) -> Visit | None:
        host = next((str(v, "latin-1") for k, v in scope["headers"] if k == b"host"), "")
        public = self._parts.public_url
        if public is None:
            if not is_loopback(host):
                return None
            origin = f"http://{host}"
        else:
            origin = public
        address = client_address(Call(scope, receive), self._proxies)
        return Visit(self._parts, scope, address, origin, read_cookies(scope, secure=is_secure(origin)))

    async def _recognize(self, visit: Visit) -> None:
        token = visit.cookies.get(SESSION)
        if token is not None:
            visit.signed_in = await read_session(self._parts.pool, token, clock=self._parts.clock)
        holder = token if visit.signed_in is not None and token is not None else visit.cookies.get(VISITOR)
        if holder is None:
            holder = new_visitor()
            visit.set_cookies.append(cookie(VISITOR, holder, secure=is_secure(visit.origin)))
        visit.csrf = form_token(self._parts.cookie_key, holder)

    def _failed(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """What the framework itself refuses: no such page, or not this method."""
        scope = cast(Scope, request.scope)
        visit = self._visit(scope, cast(Receive, request.receive))
        if visit is None:
            return _as_response(_elsewhere())
        if isinstance(error, MethodNotAllowedException):
            refusal = Refusal(405, "This page is not reached that way", "Go back and follow a link.")
        elif isinstance(error, HTTPException) and error.status_code < 500:
            refusal = Refusal(404, "There is no such page", "Check the address, or start again from home.")
        else:
            log_exception(error)
            refusal = _BROKEN
        return _as_response(_with_headers(refused(visit, refusal), visit))


def _as_response(reply: Reply) -> Response[bytes]:
    """What the framework takes from a handler of exceptions."""
    headers = {str(name, "ascii"): str(value, "latin-1") for name, value in reply.headers}
    return Response(reply.body, status_code=reply.status, media_type=reply.media_type.decode(), headers=headers)


_BROKEN: Final = Refusal(
    500, "Something broke on our side", "Nothing was lost. Try again; if it stays, tell us when it happened."
)


def refused(visit: Visit, refusal: Refusal) -> Reply:
    """The page that says what is wrong and what to do."""
    return visit.page("refused.html", refusal.status, refusal=refusal)


def is_loopback(host: str) -> bool:
    """Whether a `Host` names this machine itself, with or without a port."""
    return host.rpartition(":")[0] in _LOOPBACK or host in _LOOPBACK


def is_secure(origin: str) -> bool:
    """Whether the browser sees us over TLS."""
    return origin.startswith("https://")


def sign_in_cookies(visit: Visit, token: str, device: str | None) -> None:
    """Makes the browser the member's: the session under its (new) token, and a device known from now on."""
    secure = is_secure(visit.origin)
    visit.set_cookies.append(cookie(SESSION, token, secure=secure))
    visit.set_cookies.append(cookie(VISITOR, "", secure=secure))
    visit.csrf = form_token(visit.parts.cookie_key, token)  # for the forms of a page that is given right away
    if device is not None:
        know_browser(visit, device)


def know_browser(visit: Visit, device: str) -> None:
    """Whoever uses this browser has shown that it is the member, or holds its address: counted apart from strangers."""
    set_cookie(visit, DEVICE, device)


def set_cookie(visit: Visit, name: str, value: str) -> None:
    """One of our cookies; an empty value takes it away."""
    visit.set_cookies.append(cookie(name, value, secure=is_secure(visit.origin)))


def sign_out_cookies(visit: Visit) -> None:
    """Makes the browser nobody's."""
    visit.set_cookies.append(cookie(SESSION, "", secure=is_secure(visit.origin)))


async def _read_form(scope: Scope, receive: Receive) -> Form:
    media_type = next((v for k, v in scope["headers"] if k == b"content-type"), b"")
    if media_type.partition(b";")[0].strip().lower() != b"application/x-www-form-urlencoded":
        raise Refusal(415, "This is not a form of ours", "Load the page again and send it once more.")
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if len(body) > MAX_FORM_BYTES:
            raise Refusal(413, "That is too much text", f"A form may have {MAX_FORM_BYTES // 1024} kB.")
        if not message.get("more_body", False):
            break
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=300)
    except ValueError:
        raise Refusal(400, "This form cannot be read", "Load the page again and send it once more.") from None
    if field_with_number(pairs, UNSEEN) is not None:
        raise Refusal(
            422,
            "That number cannot be taken",
            "Card numbers and government ids are never kept. Go back and leave it out.",
        )
    return Form(pairs)


def _check_origin(scope: Scope, visit: Visit) -> None:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    site = headers.get(b"sec-fetch-site")
    if (origin is not None and str(origin, "latin-1") != visit.origin) or site in (b"cross-site", b"same-site"):
        raise Refusal(403, "This form comes from elsewhere", "Open the page here and send it from here.")


def _with_headers(reply: Reply, visit: Visit | None) -> Reply:
    headers: list[Header] = [*_SAFETY, *reply.headers]
    if visit is not None:
        headers += visit.set_cookies
        if is_secure(visit.origin):
            headers.append(_HSTS)
    if not any(name == b"cache-control" for name, _ in reply.headers):
        headers.append((b"cache-control", b"no-store"))
    return structs.replace(reply, headers=tuple(headers))


_SAFETY: Final[tuple[Header, ...]] = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        b"microphone=(), midi=(), payment=(), usb=(), browsing-topics=()",
    ),
)
_HSTS: Final[Header] = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


def _elsewhere() -> Reply:
    """Under a name that nobody said is ours no page is given: links in mails would lead there."""
    return Reply(421, b"The portal is not served under this name. Set TICKMARK_PORTAL_URL.\n", b"text/plain")


def _root(path: str) -> str:
    return path.split("/", 2)[1].partition(".")[0] if path.startswith("/") else path


def _refuse_unclassified(route: Route) -> None:
    if sum((route.needs is not None, route.anyone, route.member)) != 1:
        raise ValueError(f"{route.method} {route.path}: say who may see it, in one way")
    if urlsplit(route.path).path != route.path:
        raise ValueError(f"{route.path} is not a path")
