"""`/api/auth/session` and `/api/auth/refresh`, after the published sketch of the portal session."""

from collections.abc import Mapping

import msgspec

from service.sandbox.grants import InvalidGrantError
from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.taxdome.errors import RefusalError, invalid
from service.sandbox.taxdome.logins import Credentials, Door, Login
from service.sandbox.taxdome.sessions import Sessions
from service.sandbox.taxdome.wire import read_object


class Auth:
    """Opens and renews sessions."""

    def __init__(self, sessions: Sessions, door: Door, logins: Mapping[str, Login]) -> None:
        self._sessions = sessions
        self._door = door
        self._logins = logins

    def open(self, request: Request, _: Mapping[str, str]) -> Response:
        """`{email, password, device_id}`, and with a challenge also `{totp_code, challenge_id}`."""
        try:
            sent = msgspec.convert(read_object(request), Credentials)
        except msgspec.ValidationError as error:
            raise invalid("body", str(error)) from error
        tokens = self._sessions.consent(frozenset({self._door.admit(sent).name}))
        body: Json = {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_in": int(tokens.access_s),
        }
        return json_response(200, body)

    def renew(self, request: Request, _: Mapping[str, str]) -> Response:
        """`{refresh_token}` → another access token; no other refresh token is given."""
        refresh_token = read_object(request).get("refresh_token")
        if not isinstance(refresh_token, str):
            raise invalid("refresh_token", "is required")
        session = self._sessions.by_refresh_token(refresh_token)
        if session is not None and session.is_challenged:
            raise self._door.challenge(self._logins[session.login])
        try:
            tokens = self._sessions.refresh(refresh_token)
        except InvalidGrantError as error:
            raise RefusalError("session_expired", "The session has ended. Log in again.") from error
        return json_response(200, {"access_token": tokens.access_token, "expires_in": int(tokens.access_s)})
