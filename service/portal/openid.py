"""OpenID Connect: somebody goes to an issuer and comes back with a code, which the issuer turns into a signed name.

Bound to the browser by a sealed cookie that holds state, nonce and PKCE verifier; each issuer has a redirect address of
its own; tokens count only with an asymmetric signature by a key of that issuer (`id_tokens`). Source: OpenID Connect
Core 1.0 and Discovery 1.0, RFC 7636, RFC 9207, read 2026-11-20.
"""

import time
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import quote_plus, urlencode, urlsplit
from uuid import UUID

import msgspec
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749 import parameters  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from service.accounts.identities import Outsider
from service.connectors.sdk.faults import VendorFault
from service.connectors.transport import HttpTransport
from service.portal.errors import OpenIdError
from service.settings import Issuer

if TYPE_CHECKING:
    from joserfc.jwk import KeySet
    from joserfc.jwt import Token

T = TypeVar("T")

# Authlib has no type hints; what is used of it is named here, once.
_token: Final = cast(Callable[[int], str], generate_token)
_grant_uri: Final = cast(Callable[..., str], parameters.prepare_grant_uri)  # pyright: ignore[reportUnknownMemberType]
_challenge: Final = cast(Callable[[str], str], create_s256_code_challenge)

_TIMEOUT_S: Final = 10.0
_KNOWN_FOR_S: Final = 3600.0
_KEYS_AGAIN_AFTER_S: Final = 60.0


class Walk(msgspec.Struct, frozen=True):
    """On the way to an issuer and back, as it is sealed into the browser's cookie."""

    slug: str
    state: str
    nonce: str
    verifier: str
    following: str
    member_id: UUID | None
    """Who links a sign-in; None for who signs in."""


class Arrival(msgspec.Struct, frozen=True):
    """Who came back."""

    outsider: Outsider
    email: str
    """As the issuer says; proved to nobody."""


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class OpenId:
    """The issuers of this deployment, and what each says of itself."""

    def __init__(
        self, issuers: tuple[Issuer, ...], transport: HttpTransport, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuers = issuers
        self._by_slug = {issuer.slug: issuer for issuer in issuers}
        self._transport = transport
        self._monotonic = monotonic
        self._metadata: dict[str, tuple[float, _Metadata]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}

    def find(self, slug: str) -> Issuer | None:
        return self._by_slug.get(slug)

    def name_of(self, issuer: str) -> str:
        """The name of an issuer, also of one that is not set any more."""
        known = next((one.name for one in self.issuers if one.issuer == issuer), None)
        return known or urlsplit(issuer).hostname or issuer

    async def depart(
        self, issuer: Issuer, redirect_uri: str, following: str, member_id: UUID | None
    ) -> tuple[str, Walk]:
        """Where to send the browser, and what to seal into its cookie. Raises OpenIdError."""
        metadata = await self._read_metadata(issuer)
        walk = Walk(issuer.slug, _token(43), _token(43), _token(64), following, member_id)
        address = _grant_uri(
            metadata.authorization_endpoint,
            issuer.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope="openid email",
            state=walk.state,
            nonce=walk.nonce,
            code_challenge=_challenge(walk.verifier),
            code_challenge_method="S256",
        )
        return address, walk

    async def arrive(self, issuer: Issuer, walk: Walk, answer: dict[str, str], redirect_uri: str) -> Arrival:
        """Who came back with this answer. The caller has compared its state. Raises OpenIdError."""
        metadata = await self._read_metadata(issuer)
        if answer.get("iss", metadata.issuer) != metadata.issuer or (
            metadata.authorization_response_iss_parameter_supported and "iss" not in answer
        ):
            raise OpenIdError("the answer is another issuer's")
        if "code" not in answer:
            raise OpenIdError("the issuer gave no code")
        tokens = await self._redeem(issuer, metadata, answer["code"], redirect_uri, walk.verifier)
        claims = await self._read_claims(issuer, metadata, tokens, walk.nonce)
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            raise OpenIdError("the token names nobody")
        email = email if isinstance(email, str) and len(email) <= 254 and email.isprintable() else ""
        return Arrival(Outsider(metadata.issuer, subject, email), email)

    async def _redeem(
        self, issuer: Issuer, metadata: _Metadata, code: str, redirect_uri: str, verifier: str
    ) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(issuer.client_id)}:{quote_plus(issuer.client_secret)}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": issuer.client_id, "client_secret": issuer.client_secret}
        return await self._ask("POST", metadata.token_endpoint, headers, urlencode(form).encode(), _Tokens)

    async def _read_claims(self, issuer: Issuer, metadata: _Metadata, tokens: _Tokens, nonce: str) -> dict[str, Any]:
        from service.portal import id_tokens

        token = await self._verified(issuer, metadata, tokens.id_token)
        return id_tokens.checked_claims(token, issuer, metadata.issuer, nonce, tokens.access_token)

    async def _verified(self, issuer: Issuer, metadata: _Metadata, text: str) -> "Token":
        """The token once its signature fits; keys that the issuer may have changed are read again, now and then."""
        from service.portal import id_tokens

        read_at, keys = await self._read_keys(issuer, metadata)
        try:
            return id_tokens.read_signed(text, keys)
        except OpenIdError:
            if self._monotonic() - read_at < _KEYS_AGAIN_AFTER_S:
                raise
        del self._keys[issuer.slug]
        return id_tokens.read_signed(text, (await self._read_keys(issuer, metadata))[1])

    async def _read_keys(self, issuer: Issuer, metadata: _Metadata) -> "tuple[float, KeySet]":
        from service.portal import id_tokens

        kept = self._keys.get(issuer.slug)
        if kept is None or self._monotonic() - kept[0] > _KNOWN_FOR_S:
            found = await self._ask("GET", metadata.jwks_uri, {"accept": "application/json"}, None, _Keys)
            kept = self._keys[issuer.slug] = self._monotonic(), id_tokens.read_keys(found.keys)
        return kept

    async def _read_metadata(self, issuer: Issuer) -> _Metadata:
        kept = self._metadata.get(issuer.slug)
        if kept is None or self._monotonic() - kept[0] > _KNOWN_FOR_S:
            address = f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = await self._ask("GET", address, {"accept": "application/json"}, None, _Metadata)
            if found.issuer != issuer.issuer:
                raise OpenIdError("the issuer calls itself otherwise")
            scheme = urlsplit(issuer.issuer).scheme
            ends = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
            if any(urlsplit(end).scheme not in ("https", scheme) for end in ends):
                raise OpenIdError("the issuer names an address without TLS")
            kept = self._metadata[issuer.slug] = self._monotonic(), found
        return kept[1]

    async def _ask(self, method: str, address: str, headers: dict[str, str], body: bytes | None, kind: type[T]) -> T:
        try:
            answer = await self._transport.send(method, address, headers, body, _TIMEOUT_S)
            if answer.status != 200:
                raise OpenIdError(f"the issuer answered {answer.status}")
            return msgspec.json.decode(answer.body, type=kind)
        except VendorFault as fault:
            raise OpenIdError(f"the issuer cannot be reached: {type(fault).__name__}") from None
        except msgspec.DecodeError:
            raise OpenIdError("the issuer's answer cannot be read") from None
