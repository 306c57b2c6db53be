"""OAuth 2 as the firm's person walks it: authorization code with PKCE, an exact redirect, a state that works once."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, cast

from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749 import parameters  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.errors import MissingCodeException, OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from msgspec import Struct

from service.connections.vendors import Door
from service.connectors.sdk.auth import AppCredentials, OAuth2, TokenReply
from service.connectors.sdk.faults import Refused, Unavailable
from service.connectors.sdk.flow import Flow

# Authlib has no type hints; what is used of it is named here, once.
_token: Final = cast(Callable[[int], str], generate_token)
_grant_uri: Final = cast(Callable[..., str], parameters.prepare_grant_uri)  # pyright: ignore[reportUnknownMemberType]
_parse_answer: Final = cast(
    Callable[[str, str], dict[str, str]],
    parameters.parse_authorization_code_response,  # pyright: ignore[reportUnknownMemberType]
)
_challenge: Final = cast(Callable[[str], str], create_s256_code_challenge)
_REFUSALS: Final[tuple[type[Exception], ...]] = (cast(Any, OAuth2Error), cast(Any, MissingCodeException))


class Departure(Struct, frozen=True):
    """A walk to the vendor's consent page, and what proves that it is the same person who comes back."""

    url: str
    state: str
    verifier: str

    def __repr__(self) -> str:
        return "Departure(…)"


class NotGivenError(Exception):
    """The vendor sent the person back without a code; the text is the vendor's short word for why, if it is one."""


def depart(auth: OAuth2, door: Door, redirect_uri: str) -> Departure:
    """Where to send the person. Raises Refused where nobody has said where the vendor's consent page is."""
    own = door.base_url + auth.authorize_path if auth.authorize_path is not None else None
    published = door.setup.authorize_url or (None if door.setup.base_url else auth.authorize_url)
    address = own if door.is_own else published or own
    if address is None or not door.setup.app.client_id:
        raise Refused("no consent page is configured")
    state, verifier = _token(43), _token(64)
    url = _grant_uri(
        address,
        door.setup.app.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=" ".join(auth.scopes),
        state=state,
        code_challenge=_challenge(verifier),
        code_challenge_method="S256",
    )
    return Departure(url, state, verifier)


def arrive(callback_url: str, state: str) -> dict[str, str]:
    """What came back with the person: the code and whatever else the vendor says. Raises NotGivenError."""
    try:
        return _parse_answer(callback_url, state)
    except _REFUSALS:
        raise NotGivenError from None


def redeem(auth: OAuth2, app: AppCredentials, code: str, redirect_uri: str, verifier: str) -> Flow[TokenReply]:
    """Tokens for a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return auth.granted((yield auth.form(auth.token_path, form, app)))


def revoke(auth: OAuth2, app: AppCredentials, token: str) -> Flow[bool]:
    """Ends a consent at the vendor (RFC 7009). A token that it does not know any more is ended as well.

    False where there is nothing to ask at that address: then nothing has ended.
    """
    answer = yield auth.form(auth.revoke_path or "", {"token": token}, app)
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable("the revocation endpoint failed", status=answer.status)
    if answer.status in (401, 403):
        raise Refused("the vendor does not accept our own registration", status=answer.status)
    return answer.status not in (404, 405)


def digest(secret: str) -> bytes:
    """How a secret that comes back later is kept: it is random, so a plain hash tells nothing of it."""
    return sha256(secret.encode()).digest()


def new_secret() -> str:
    """A random word for a URL or a cookie, of more than 256 bits."""
    return _token(43)
