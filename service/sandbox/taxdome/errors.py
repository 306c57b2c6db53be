"""TaxDome's errors (assumed): `{error, message}`, and beside them what one error alone carries."""

from service.sandbox.http import Json, Response, json_response

_STATUS = {
    "bad_request": 400,
    "account_required": 400,
    "unauthorized": 401,
    "token_expired": 401,
    "session_expired": 401,
    "invalid_credentials": 401,
    "mfa_required": 401,
    "mfa_invalid": 401,
    "forbidden": 403,
    "account_not_linked": 403,
    "link_invalid": 403,
    "link_expired": 403,
    "not_found": 404,
    "account_switch": 409,
    "invoice_locked": 409,
    "payment_locked": 409,
    "document_sealed": 409,
    "organizer_sealed": 409,
    "time_entry_billed": 409,
    "idempotency_conflict": 409,
    "invalid": 422,
    "locked": 423,
    "rate_limited": 429,
}


class RefusalError(Exception):
    """The call is answered with an error."""

    def __init__(self, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.more = more

    @property
    def response(self) -> Response:
        """The error under the status of its code."""
        return failure(_STATUS[self.code], self.code, self.message, **self.more)


def failure(status: int, code: str, message: str, **more: object) -> Response:
    """An error body."""
    body: Json = {"error": code, "message": message, **more}
    return json_response(status, body)


def invalid(field: str, issue: str) -> RefusalError:
    """One field that cannot be accepted."""
    return RefusalError("invalid", f"{field}: {issue}", field=field)


def missing(noun: str) -> RefusalError:
    """No such row, or one of another account."""
    return RefusalError("not_found", f"No such row in {noun}.")
