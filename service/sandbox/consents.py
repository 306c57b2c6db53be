"""OAuth 2 as most vendors do it: a consent page that consents at once, and a token endpoint. They differ in paths,
in how the app says who it is, and in what stands beside the tokens."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlencode

import msgspec

from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET, Grants, InvalidGrantError, Tokens
from service.sandbox.http import Json, Request, Response, Router, json_response


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vendor's OAuth is, and its habits."""

    authorize: str
    token: str
    refresh: str | None = None
    """Where tokens are renewed, when that is not where codes are exchanged."""
    revoke: str | None = None
    client_auth: Literal["basic", "post"] = "post"
    scopes: frozenset[str] = frozenset()
    """Every scope there is; empty where the vendor has none."""
    needs_id_to_refresh: bool = True
    """Whether the app's id has to stand beside its secret in a renewal, too."""

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(path for path in (self.authorize, self.token, self.refresh, self.revoke) if path)


class Consents:
    """The OAuth endpoints of one vendor. `told` and `refused` write its answers from the usual ones."""

    def __init__(
        self, grants: Grants, endpoints: Endpoints, told: Callable[[Tokens, Json], Json], refused: Callable[[str], Json]
    ) -> None:
        self.endpoints = endpoints
        self._grants = grants
        self._told = told
        self._refused_as = refused

    def add_to(self, router: Router) -> None:
        ends = self.endpoints
        router.add("GET", ends.authorize, self.authorize)
        router.add("POST", ends.token, self.token)
        if ends.refresh is not None:
            router.add("POST", ends.refresh, self.token)
        if ends.revoke is not None:
            router.add("POST", ends.revoke, self.revoke)

    def authorize(self, request: Request, _: Mapping[str, str]) -> Response:
        """Consents at once, as the firm's administrator would, and sends the browser back with a code.

        PKCE is held to where the caller begins it.
        """
        query = request.query
        scopes = frozenset(query.get("scope", "").split())
        if query.get("response_type") != "code" or query.get("client_id") != CLIENT_ID or "redirect_uri" not in query:
            return self._refused(400, "invalid_request")
        if "code_challenge" in query and query.get("code_challenge_method") != "S256":
            return self._refused(400, "invalid_request")
        if scopes - self.endpoints.scopes:
            return self._refused(400, "invalid_scope")
        code = self._grants.new_code(scopes, query["redirect_uri"], query.get("code_challenge"))
        answer = urlencode({"code": code} | ({"state": query["state"]} if "state" in query else {}))
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return Response(302, b"", (("location", f"{query['redirect_uri']}{joint}{answer}"),))

    def token(self, request: Request, _: Mapping[str, str]) -> Response:
        """Tokens for a code or a refresh token."""
        form = request.form
        renews = form.get("grant_type") == "refresh_token"
        wanted = (self.endpoints.refresh or self.endpoints.token) if renews else self.endpoints.token
        if request.path != wanted:
            return self._refused(400, "unsupported_grant_type")
        if not self._is_our_app(request, form, needs_id=not renews or self.endpoints.needs_id_to_refresh):
            return self._refused(401, "invalid_client")
        try:
            if renews:
                tokens = self._grants.refresh(form.get("refresh_token", ""))
            elif form.get("grant_type") == "authorization_code":
                redirect, verifier = form.get("redirect_uri", ""), form.get("code_verifier")
                tokens = self._grants.redeem(form.get("code", ""), redirect, verifier)
            else:
                return self._refused(400, "unsupported_grant_type")
        except InvalidGrantError:
            return self._refused(400, "invalid_grant")
        return self._granted(tokens)

    def revoke(self, request: Request, _: Mapping[str, str]) -> Response:
        """Ends a consent by either of its tokens (RFC 7009): an unknown token is as good as ended."""
        if not self._is_our_app(request, request.form, needs_id=True):
            return self._refused(401, "invalid_client")
        self._grants.revoke(request.form.get("token", ""))
        return Response(200)

    def _is_our_app(self, request: Request, form: Mapping[str, str], *, needs_id: bool) -> bool:
        if self.endpoints.client_auth == "post":
            said = form.get("client_id", CLIENT_ID if not needs_id else None)
            return said == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            said = b64decode(text, validate=True).decode("utf-8", "replace")
        except NotBase64:
            return False
        return scheme.lower() == "basic" and said == f"{CLIENT_ID}:{CLIENT_SECRET}"

    def _granted(self, tokens: Tokens) -> Response:
        payload: Json = {
            "token_type": "Bearer",
            "access_token": tokens.access_token,
            "expires_in": int(tokens.access_s),
            "refresh_token": tokens.refresh_token,
        }
        return json_response(200, self._told(tokens, payload), ("cache-control", "no-store"))

    def _refused(self, status: int, error: str) -> Response:
        return json_response(status, self._refused_as(error), ("cache-control", "no-store"))
