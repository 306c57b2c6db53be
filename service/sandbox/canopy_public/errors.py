"""Refusals as the public API writes them: `{errors: {code, message, userMessage, httpStatusCode, details}}`.

What the numbers in `code` mean is published nowhere; here they are the status (assumed).
"""

from service.sandbox.http import Response, json_response

_USER_MESSAGES = {
    400: "Please check what you entered.",
    401: "Please sign in again.",
    403: "You do not have permission to do that.",
    404: "We could not find that.",
    429: "Please slow down.",
}


class RefusalError(Exception):
    """The call is answered with a refusal."""

    def __init__(self, status: int, message: str, *details: str) -> None:
        super().__init__(message)
        self.response = refusal(status, message, *details)


def refusal(status: int, message: str, *details: str) -> Response:
    """A refusal under a status, which its body repeats."""
    errors = {
        "code": status,
        "message": message,
        "userMessage": _USER_MESSAGES.get(status, "Something went wrong."),
        "httpStatusCode": status,
        "details": list(details),
    }
    return json_response(status, {"errors": errors})


def invalid(detail: str) -> RefusalError:
    """A body, or a parameter of the query, that the API does not take."""
    return RefusalError(400, "Invalid Request", detail)
