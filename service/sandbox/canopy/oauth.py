"""Canopy's OAuth (assumed): authorization code with PKCE and rotating refresh tokens, under `/oauth/`."""

from collections.abc import Mapping
from urllib.parse import urlencode

from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET, Grants, InvalidGrantError, Tokens
from service.sandbox.http import Request, Response, json_response

SCOPES = frozenset(
    {
        "clients:read", "clients:write", "tasks:read", "tasks:write", "documents:read", "documents:write",
        "billing:read", "billing:write", "engagements:read", "engagements:write", "time:read", "time:write",
    }
)  # fmt: skip
"""What a consent holds unless it asks for less; to write bills, time and engagements is assumed to be asked for like
the rest."""

KNOWN_SCOPES = SCOPES | {"tasks:*", "documents:*"}


class OAuth:
    """The two OAuth endpoints."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    def authorize(self, request: Request, _: Mapping[str, str]) -> Response:
        """Consents at once, as the firm's administrator would, and sends the browser back with a code."""
        query = request.query
        scopes = frozenset(query.get("scope", "").split()) or SCOPES
        if query.get("response_type") != "code" or query.get("client_id") != CLIENT_ID or "redirect_uri" not in query:
            return _refused(400, "invalid_request")
        if query.get("code_challenge_method", "S256") != "S256" or "code_challenge" not in query:
            return _refused(400, "invalid_request")
        if scopes - KNOWN_SCOPES:
            return _refused(400, "invalid_scope")
        code = self._grants.new_code(scopes, query["redirect_uri"], query["code_challenge"])
        answer = urlencode({"code": code} | ({"state": query["state"]} if "state" in query else {}))
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return Response(302, b"", (("location", f"{query['redirect_uri']}{joint}{answer}"),))

    def token(self, request: Request, _: Mapping[str, str]) -> Response:
        """Tokens for a code or a refresh token; the client's id and secret stand in the form."""
        form = request.form
        if form.get("client_id") != CLIENT_ID or form.get("client_secret", CLIENT_SECRET) != CLIENT_SECRET:
            return _refused(401, "invalid_client")
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    tokens = self._grants.redeem(
                        form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier")
                    )
                case "refresh_token":
                    tokens = self._grants.refresh(form.get("refresh_token", ""))
                case _:
                    return _refused(400, "unsupported_grant_type")
        except InvalidGrantError:
            return _refused(400, "invalid_grant")
        return _granted(tokens)


def _granted(tokens: Tokens) -> Response:
    payload = {
        "token_type": "Bearer",
        "access_token": tokens.access_token,
        "expires_in": int(tokens.access_s),
        "refresh_token": tokens.refresh_token,
        "scope": " ".join(sorted(tokens.scopes)),
    }
    return json_response(200, payload, ("cache-control", "no-store"))


def _refused(status: int, error: str) -> Response:
    return json_response(status, {"error": error}, ("cache-control", "no-store"))
