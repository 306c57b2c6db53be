"""Intuit's OAuth: consent, bearer tokens over HTTP Basic, rotating refresh tokens, revocation."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET, Grants, InvalidGrantError, Tokens
from service.sandbox.http import Json, Request, Response, json_response

SCOPES = frozenset({"com.intuit.quickbooks.accounting"})
KNOWN_SCOPES = SCOPES | {"com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address"}
AUTHORIZE, TOKEN, REVOKE = "/connect/oauth2", "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke"
PATHS = frozenset({AUTHORIZE, TOKEN, REVOKE})

_HARD_HEADER = "x-include-refresh-token-hard-expires-in"


class OAuth:
    """The three OAuth endpoints. `client_secret_post` works too, as the discovery document says."""

    def __init__(self, grants: Grants, realm_id: str) -> None:
        self._grants = grants
        self._realm_id = realm_id

    def authorize(self, request: Request, _: Mapping[str, str]) -> Response:
        """Consents at once; the browser goes back with `code`, `state` and `realmId`."""
        query = request.query
        if query.get("response_type") != "code" or query.get("client_id") != CLIENT_ID or "redirect_uri" not in query:
            return _refused(400, "invalid_request")
        scopes = frozenset(query.get("scope", "").split())
        if not scopes or scopes - KNOWN_SCOPES:
            return _refused(400, "invalid_scope")
        code = self._grants.new_code(scopes, query["redirect_uri"], None)
        answer = urlencode({"code": code, "state": query.get("state", ""), "realmId": self._realm_id})
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return Response(302, b"", (("location", f"{query['redirect_uri']}{joint}{answer}"),))

    def token(self, request: Request, _: Mapping[str, str]) -> Response:
        """Tokens for a code or a refresh token."""
        form = request.form
        if not _is_our_app(request, form):
            return _refused(401, "invalid_client")
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    tokens = self._grants.redeem(form.get("code", ""), form.get("redirect_uri", ""), None)
                case "refresh_token":
                    tokens = self._grants.refresh(form.get("refresh_token", ""))
                case _:
                    return _refused(400, "unsupported_grant_type")
        except InvalidGrantError:
            return _refused(400, "invalid_grant")
        return _granted(tokens, request.headers.get(_HARD_HEADER, "").lower() == "true")

    def revoke(self, request: Request, _: Mapping[str, str]) -> Response:
        """Ends a consent by either of its tokens, in a form or in JSON."""
        form = request.form
        if not _is_our_app(request, form):
            return _refused(401, "invalid_client")
        token = form.get("token")
        if token is None:
            try:
                token = msgspec.json.decode(request.body, type=dict[str, str]).get("token")
            except msgspec.DecodeError:
                token = None
        return Response(200) if token and self._grants.revoke(token) else _refused(400, "invalid_request")


def _is_our_app(request: Request, form: Mapping[str, str]) -> bool:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
    try:
        return b64decode(text, validate=True) == f"{CLIENT_ID}:{CLIENT_SECRET}".encode()
    except NotBase64:
        return False


def _granted(tokens: Tokens, with_hard_end: bool) -> Response:
    payload: Json = {
        "token_type": "bearer",
        "expires_in": int(tokens.access_s),
        "refresh_token": tokens.refresh_token,
        "x_refresh_token_expires_in": round(tokens.refresh_s),
        "access_token": tokens.access_token,
    }
    if with_hard_end:
        payload["x_refresh_token_hard_expires_in"] = round(tokens.hard_s)
    return json_response(200, payload, ("cache-control", "no-cache, no-store"))


def _refused(status: int, error: str) -> Response:
    return json_response(status, {"error": error})
