"""How Sodium refuses (assumed): problem+json with `errors` for fields that are wrong, `{message}` for all else."""

import msgspec

from service.sandbox.http import Json, Response, json_response

_TITLE = "One or more validation errors occurred."


class RefusalError(Exception):
    """The call is answered with a status and a reason; `fields` makes it a validation problem."""

    def __init__(self, status: int, message: str, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = fields

    @property
    def response(self) -> Response:
        """The answer."""
        if self.fields is None:
            return refused(self.status, self.message)
        problem: Json = {
            "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
            "title": _TITLE,
            "status": self.status,
            "errors": self.fields,
        }
        head = (("content-type", "application/problem+json; charset=utf-8"),)
        return Response(self.status, msgspec.json.encode(problem), head, problem)


def refused(status: int, message: str) -> Response:
    """A refusal that is about no field."""
    return json_response(status, {"message": message})


def invalid(field: str, issue: str) -> RefusalError:
    """One field, or query parameter, is wrong."""
    return RefusalError(400, _TITLE, {field: [issue]})


def missing(what: str) -> RefusalError:
    """There is no such record in this tenant."""
    return RefusalError(404, f"{what} not found")


def conflict(message: str) -> RefusalError:
    """The record's state does not allow it; a 400, as no other status was seen."""
    return RefusalError(400, message)
