"""One request of a browser: who it is from, what was typed, and the answers it can be given."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from msgspec import Struct

from service import ids
from service.accounts.members_store import Member
from service.accounts.roles import Permission, may
from service.accounts.sessions import SignedIn
from service.api.asgi import Receive, Scope, Send

if TYPE_CHECKING:
    from service.portal.parts import Parts

Header = tuple[bytes, bytes]
HTML: Final = b"text/html; charset=utf-8"
JSON: Final = b"application/json"
PLAIN: Final = b"text/plain; charset=utf-8"
MARKDOWN: Final = b"text/markdown; charset=utf-8"


class Refusal(Exception):  # noqa: N818 (what a page says, not a fault of ours)
    """A page cannot be given: the status, what is wrong, and what to do."""

    def __init__(self, status: int, title: str, advice: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.advice = advice


class Reply(Struct, frozen=True):
    """What goes back to the browser; an ASGI application."""

    status: int
    body: bytes = b""
    media_type: bytes = HTML
    headers: tuple[Header, ...] = ()
    parts: AsyncIterator[bytes] | None = None
    """A body that is written as it is sent."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        if self.parts is not None:
            await self._stream(self.parts, send)
            return
        headers = [
            (b"content-type", self.media_type),
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    async def _stream(self, parts: AsyncIterator[bytes], send: Send) -> None:
        headers = [(b"content-type", self.media_type), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Form:
    """What was typed, by field."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(pairs)

    def text(self, name: str) -> str:
        """The field without blanks around it; empty when it is not there."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The field as it was typed, for passwords."""
        return next((value for key, value in self._pairs if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may be chosen several times."""
        return tuple(value for key, value in self._pairs if key == name and value)

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self._pairs)


class Visit:
    """One request under way."""

    def __init__(self, parts: "Parts", scope: Scope, address: str, origin: str, cookies: Mapping[str, str]) -> None:
        self.parts = parts
        self.address = address
        self.origin = origin
        """Scheme and host under which the browser sees us."""
        self.cookies = cookies
        self.path = str(scope["path"])
        self.params: Mapping[str, Any] = scope.get("path_params", {})
        self.query_string = scope["query_string"].decode("latin-1")
        self.query = Form(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=50))
        self.form = Form()
        self.user_agent = next((str(v, "latin-1") for k, v in scope["headers"] if k == b"user-agent"), "")
        self.takes_gzip = any(k == b"accept-encoding" and b"gzip" in v for k, v in scope["headers"])
        self.signed_in: SignedIn | None = None
        self.csrf = ""
        self.set_cookies: list[Header] = []

    @property
    def me(self) -> SignedIn:
        """The session, on pages behind sign-in."""
        assert self.signed_in is not None
        return self.signed_in

    @property
    def org_id(self) -> UUID:
        return self.me.org_id

    @property
    def member(self) -> Member:
        """Who is signed in."""
        session = self.me.session
        return Member(
            org_id=self.me.org_id,
            id=session.member_id,
            email=session.email,
            name=session.name,
            role=session.role,
            has_totp=session.has_totp,
            created_at=session.member_since,
        )

    def may(self, permission: Permission | str) -> bool:
        """Whether the member's role allows it."""
        return self.signed_in is not None and may(self.signed_in.session.role, Permission(permission))

    def vendor(self, slug: str) -> str:
        """What people call a vendor."""
        return next((one.name for one in self.parts.connectors if one.slug == slug), slug)

    def id_in_path(self, prefix: str) -> UUID:
        """The id in the path; the page of a missing thing for anything else."""
        return self.read_id(prefix, str(self.params["id"]))

    def read_id(self, prefix: str, text: str) -> UUID:
        """One of our ids; the page of a missing thing for anything else."""
        try:
            return ids.decode(prefix, text)
        except ids.MalformedIdError:
            raise missing() from None

    def page(self, template: str, status: int = 200, /, **facts: Any) -> Reply:
        """A page made from a template."""
        html = self.parts.templates.render(template, visit=self, me=self.signed_in, **facts)
        return Reply(status, html.encode(), HTML)

    def text(self, body: str, media_type: bytes = PLAIN) -> Reply:
        """A page for programs."""
        return Reply(200, body.encode(), media_type)

    def go(self, path: str) -> Reply:
        """To another of our pages."""
        return Reply(303, b"", HTML, ((b"location", local_path(path, "/home").encode("ascii", "ignore")),))

    def leave(self, address: str) -> Reply:
        """To somebody else's page: an address of our own making alone."""
        return Reply(303, b"", HTML, ((b"location", address.encode("ascii")),))


def missing() -> Refusal:
    """What anybody gets who asks for a thing that is not there, or not theirs: the two look alike."""
    return Refusal(404, "There is no such page", "It may have been removed, or it belongs to somebody else.")


def local_path(path: str, otherwise: str) -> str:
    """The path if it stays with us, so that a link cannot send anybody elsewhere after signing in."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable() or "\\" in path:
        return otherwise
    parts = urlsplit(path)
    return path if not parts.scheme and not parts.netloc else otherwise
