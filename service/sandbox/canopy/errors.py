"""Canopy's error envelope (assumed): `{error: {code, message, details: [{field, issue}], request_id}}`."""

import secrets

from service.sandbox.http import Json, Response, json_response

_STATUS = {
    "bad_request": 400,
    "bad_cursor": 400,
    "unauthorized": 401,
    "forbidden_scope": 403,
    "not_found": 404,
    "type_immutable": 409,
    "invoice_locked": 409,
    "idempotency_conflict": 409,
    "validation_failed": 422,
    "rate_limited": 429,
}


class RefusalError(Exception):
    """The call is answered with an error envelope."""

    def __init__(self, code: str, message: str, *details: tuple[str, str]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    @property
    def response(self) -> Response:
        """The envelope under the status of its code."""
        return envelope(_STATUS[self.code], self.code, self.message, *self.details)


def invalid(field: str, issue: str) -> RefusalError:
    """A `validation_failed` over one field."""
    return RefusalError("validation_failed", "The request is not valid.", (field, issue))


def envelope(status: int, code: str, message: str, *details: tuple[str, str]) -> Response:
    """An error envelope."""
    error: Json = {
        "code": code,
        "message": message,
        "details": [{"field": field, "issue": issue} for field, issue in details],
        "request_id": f"req_{secrets.token_hex(8)}",
    }
    return json_response(status, {"error": error})
