"""`/connect/…`: the pages on which a firm's person consents and lets us in. They work without JavaScript.

Every page says `no-store`, forbids framing and loads nothing but our own stylesheet. Who holds the address of a page
may use it; what changes something must come from a page of ours, and a vendor's answer from the browser it was sent to.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from service import ids
from service.api.screen import field_with_number, has_number
from service.connections.errors import ConnectRefusedError
from service.connections.hosted import pages
from service.connections.hosted.journey import Journey, Signing
from service.connections.hosted.sessions import find_session
from service.connections.hosted.statement import ends_at
from service.connections.hosted.store import LinkSession, Step
from service.connections.linking import Linking
from service.telemetry import log_exception

_HERE: Final = Path(__file__).parent
_MAX_FORM_BYTES: Final = 64 * 1024
_COOKIE: Final = "tickmark-connect"
_ASSETS: Final = {"connect.css": "text/css", "icon.svg": "image/svg+xml"}
_HEX: Final = re.compile("[0-9a-f]{6}")
_HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "strict-transport-security": "max-age=31536000",
    "x-robots-tag": "noindex, nofollow",
}
AnyRequest = Request[Any, Any, Any]


class Pages:
    """Renders and takes forms."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking
        self._journey = Journey(linking)
        self._secure = linking.public_url.startswith("https://")
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def show(self, token: str, browser: str | None) -> Response[bytes]:
        """The page of the next step."""
        session = await find_session(self._linking, token)
        return await self._page(session, token, came_back=browser is not None)

    async def take(self, token: str, step: str, request: AnyRequest) -> Response[bytes]:
        """One form; a page with what is wrong, or on to the next page."""
        session = await find_session(self._linking, token)
        form = {name: [str(one) for one in values] for name, values in (await request.form()).dict().items()}
        try:
            _refuse_numbers(form, session)
            leads_to = await self._step(session, token, step, form)
        except ConnectRefusedError as refusal:
            session = await self._journey.again(session)
            return await self._page(session, token, error=str(refusal), typed=form)
        if step in ("key", "login"):
            session = await self._journey.again(session)
            if session.step is Step.CONNECT and session.notice:
                return await self._page(session, token, error=session.notice, typed=form)
        return leads_to or _on_to(f"/connect/{token}")

    async def arrive(self, request: AnyRequest) -> Response[bytes]:
        """Back from a vendor."""
        state = request.query_params.get("state", "")
        browser, _, token = request.cookies.get(_COOKIE, "").partition(".")
        session = await find_session(self._linking, state)
        query = request.scope["query_string"].decode("latin-1")
        await self._journey.arrive(session, f"{self._linking.redirect_uri}?{query}", state, browser)
        return _on_to(f"/connect/{token}")

    def failed(self, refusal: str, status: int = 410) -> Response[bytes]:
        return self._html("gone.html", status, notice=refusal, accent=None)

    def asset(self, name: str) -> Response[bytes]:
        """One of the two files that pages load."""
        media_type = _ASSETS.get(name)
        if media_type is None:
            return self.failed("There is nothing here.", 404)
        content = (_HERE / "static" / name).read_bytes()
        return Response(content, media_type=media_type, headers={**_HEADERS, "cache-control": "max-age=3600"})

    def accent(self, colour: str) -> Response[bytes]:
        """An organization's own colour; its stylesheet is two lines, so that no style stands in a page."""
        if not _HEX.fullmatch(colour):
            return self.failed("There is nothing here.", 404)
        sheet = f":root {{ --accent: #{colour}; --on-accent: {pages.readable_on(colour)}; }}\n".encode()
        return Response(sheet, media_type="text/css", headers={**_HEADERS, "cache-control": "max-age=86400"})

    async def _step(
        self, session: LinkSession, token: str, step: str, form: Mapping[str, list[str]]
    ) -> Response[bytes] | None:
        journey = self._journey
        one: Callable[[str], str] = lambda name: (form.get(name) or [""])[0]  # noqa: E731 (reads a field)
        match step:
            case "sign":
                said = Signing(
                    vendor=one("vendor") or (session.vendors[0] if len(session.vendors) == 1 else ""),
                    name=one("name"),
                    email=one("email"),
                    authorized=one("authorized") == "yes",
                    clients_consented=one("clients_consented") == "yes",
                )
                await journey.sign(session, said)
            case "go":
                url, browser = await journey.depart(session)
                return _on_to(url, cookie=self._cookie(f"{browser}.{token}"))
            case "key":
                await journey.with_key(
                    session, {name: values[0] for name, values in form.items() if values}, one("ends_on")
                )
            case "login":
                await journey.with_login(session, one("email"), one("password"), one("seed"))
            case "choose":
                every = [account.remote_id for account in (await journey.accounts(session)).accounts]
                await journey.choose(session, every if one("all") == "yes" else form.get("account", []))
            case "cancel":
                await journey.cancel(session)
            case _:
                raise ConnectRefusedError("There is no such step.")
        return None

    async def _page(
        self,
        session: LinkSession,
        token: str,
        *,
        error: str | None = None,
        typed: Mapping[str, list[str]] | None = None,
        came_back: bool = False,
    ) -> Response[bytes]:
        if session.step is Step.FINISHED and (came_back or session.expires_at > self._linking.clock()):
            until = pages.in_words(ends_at(session, session.signed_at or session.created_at))
            back = _return_to(session)
            return self._html("done.html", 200, session=session, back=back, until=until, accent=session.accent)
        if session.step in (Step.FINISHED, Step.CLOSED) or session.expires_at <= self._linking.clock():
            said = session.notice or "This link was used, or its half hour is over."
            return self._html("gone.html", 410, notice=said, accent=session.accent)
        shown = await pages.contents(self._linking, self._journey, session)
        hidden = pages.SECRETS | {asked.name for asked in shown.inputs if asked.secret}
        shows = {name: values[0] for name, values in (typed or {}).items() if name not in hidden and values}
        fields = {name: text for name, text in shows.items() if not has_number(name, text)}
        chosen = set((typed or {}).get("account", []))
        return self._html(
            f"{session.step.value}.html",
            422 if error else 200,
            goes_to=shown.goes_to,
            session=session,
            token=token,
            shown=shown,
            error=error,
            typed=fields,
            chosen=chosen,
            accent=session.accent,
        )

    def _html(self, template: str, status: int, *, goes_to: str = "", **values: Any) -> Response[bytes]:
        body = self._templates.get_template(template).render(**values).encode()
        policy = (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {goes_to}".rstrip()
        )
        headers = {**_HEADERS, "content-security-policy": policy}
        return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=headers)

    def _cookie(self, value: str) -> str:
        secure = "; Secure" if self._secure else ""
        return f"{_COOKIE}={value}; Path=/connect; Max-Age=1800; HttpOnly; SameSite=Lax{secure}"


def connect_app(linking: Linking) -> Litestar:
    """The pages as one ASGI application."""
    served = Pages(linking)
    own = urlsplit(linking.public_url)

    @get("/connect/static/{name:str}")
    async def asset(name: FromPath[str]) -> Response[bytes]:
        return served.asset(name)

    @get("/connect/accent/{colour:str}")
    async def accent(colour: FromPath[str]) -> Response[bytes]:
        return served.accent(colour.removesuffix(".css"))

    @get("/connect/callback")
    async def callback(request: AnyRequest) -> Response[bytes]:
        return await served.arrive(request)

    @get("/connect/{token:str}")
    async def page(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
        return await served.show(token, request.cookies.get(_COOKIE))

    @post("/connect/{token:str}/{step:str}", status_code=200)
    async def take(request: AnyRequest, token: FromPath[str], step: FromPath[str]) -> Response[bytes]:
        if not _is_ours(request, f"{own.scheme}://{own.netloc}"):
            return served.failed("This form was sent from another site.", 403)
        return await served.take(token, step, request)

    def refused(_: AnyRequest, refusal: ConnectRefusedError) -> Response[bytes]:
        return served.failed(str(refusal))

    def wrong(_: AnyRequest, error: HTTPException) -> Response[bytes]:
        return served.failed("There is nothing here.", error.status_code)

    def broke(_: AnyRequest, error: Exception) -> Response[bytes]:
        log_exception(error)
        return served.failed("Something broke on our side. Open the link again in a moment.", 500)

    return Litestar(
        route_handlers=[asset, accent, callback, page, take],
        exception_handlers={ConnectRefusedError: refused, HTTPException: wrong, Exception: broke},
        request_max_body_size=_MAX_FORM_BYTES,
        openapi_config=None,
        logging_config=None,
    )


def _refuse_numbers(form: Mapping[str, list[str]], session: LinkSession) -> None:
    """Raises ConnectRefusedError for what is kept as typed: a signature, not what opens a vendor."""
    typed = ((name, value) for name, values in form.items() for value in values)
    if session.step is Step.SIGN and field_with_number(typed) is not None:
        raise ConnectRefusedError("Leave card numbers and government ids out: they are never kept.")


def _is_ours(request: AnyRequest, own: str) -> bool:
    """Whether a form was sent from a page of ours, as far as the browser says."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    return origin in (None, own) and site in (None, "same-origin")


def _on_to(url: str, cookie: str | None = None) -> Response[bytes]:
    headers = {**_HEADERS, "location": url}
    if cookie is not None:
        headers["set-cookie"] = cookie
    return Response(b"", status_code=303, headers=headers)


def _return_to(session: LinkSession) -> str | None:
    """The app's own address, with what came of it; None where the page ends with us."""
    if session.return_url is None:
        return None
    url = urlsplit(session.return_url)
    assert session.connection_id is not None
    told = {"link_session": ids.encode("lks", session.id), "connection": ids.encode("con", session.connection_id)}
    query = urlencode({**{name: values[-1] for name, values in parse_qs(url.query).items()}, **told})
    return urlunsplit(url._replace(query=query))
