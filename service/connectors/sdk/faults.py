"""What vendors do wrong, sorted by what the engine must do about it.

    VendorFault
    ├── CredentialsExpired      refresh once, then send again
    ├── ConnectionRefused       ask a human: the grant is gone, or lacks what this call needs
    ├── RateLimited             wait, then send again
    ├── Unavailable             send again (reads and repeatable writes), later
    │   ├── Unreachable         it never got there
    │   └── TimedOut            it may have got there: a write's outcome is unknown
    ├── Refused                 give up: the vendor understood and said no
    │   ├── NotFound
    │   ├── Conflict            another record, or the state of this one, stands in the way
│   │   └── StaleVersion    changed by somebody else since it was read
    │   └── Invalid             names the fields
    ├── Unreadable              give up and report: we cannot trust what came
    │   ├── Malformed           not JSON, cut off, too large, a redirect
    │   ├── SchemaDrift         readable, but a field is missing or of another type; names its path, never its value
    │   └── BrokenPaging        a cursor that repeats or runs in a circle
    ├── OutcomeUnknown          a write that was sent and never answered
    └── NotWritten              a write that may have been done was looked for, and is not there

`message` is the vendor's own text for operators and logs are free of it: vendors quote client names in it.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class FieldFault(Struct, frozen=True):
    """One field that the vendor refused, by its unified JSON pointer where the connector knows it."""

    pointer: str
    code: str
    message: str


class VendorFault(Exception):  # noqa: N818 (the house's word: a fault is the vendor's, a problem is ours)
    """Something a vendor did; `status`, `code` and `request_id` are the vendor's own."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        fields: tuple[FieldFault, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.fields = fields


class CredentialsExpired(VendorFault):
    """The access token is not accepted any more."""


class ConnectionRefused(VendorFault):
    """The firm's consent is gone or too narrow: revoked, lapsed, or without the scope this call needs."""


class RateLimited(VendorFault):
    """The vendor's limit is reached; `retry_after_s` where it said how long."""


class Unavailable(VendorFault):
    """The vendor failed on its side (5xx)."""


class Unreachable(Unavailable):
    """The request never reached the vendor."""


class TimedOut(Unavailable):
    """No whole answer in time; the request may have been carried out."""


class Refused(VendorFault):
    """The vendor understood the request and said no."""


class NotFound(Refused):
    """The vendor has no such record, or hides it from this connection."""


class Conflict(Refused):
    """Another record, or the state of this one, stands in the way."""


class StaleVersion(Conflict):
    """The record has another version than the one that was to be changed."""


class Invalid(Refused):
    """The vendor refused the values; `fields` names them where it did."""


class Unreadable(VendorFault):
    """An answer that cannot be trusted."""


class Malformed(Unreadable):
    """Not the announced format, cut off, too large, or a redirect."""


class SchemaDrift(Unreadable):
    """A field is missing or of another type than the contract says; `path` says where, never what."""

    def __init__(self, path: str, expected: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(f"{expected} at {path}", status=status, request_id=request_id)
        self.path = path
        self.expected = expected


class BrokenPaging(Unreadable):
    """The vendor's cursor repeats or runs in a circle."""


class OutcomeUnknown(VendorFault):
    """A write was sent, no answer came, and it may not be repeated: it may or may not have happened."""


class NotWritten(VendorFault):
    """What an earlier try may have written was looked for: it was not carried out."""


_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}
_NOTHING: Final[Mapping[int, type[VendorFault]]] = {}


def kind_of_status(status: int, own: Mapping[int, type[VendorFault]] = _NOTHING) -> type[VendorFault]:
    """What the status of a bad answer means at most vendors; `own` holds what one vendor means otherwise."""
    return own.get(status) or _BY_STATUS.get(status) or (Unavailable if status >= 500 else Refused)
