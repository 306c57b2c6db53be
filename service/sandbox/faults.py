"""What can be made to go wrong: a queue of faults, each waiting for the calls it matches."""

from enum import StrEnum
from fnmatch import fnmatchcase

import msgspec
from msgspec import UNSET, UnsetType

from service.sandbox.http import Request
from service.sandbox.vendor import Vendor


class FaultKind(StrEnum):
    """The kinds, in the order in which a call could meet them."""

    # The call is never performed.
    EXPIRE_TOKEN = "expire_token"  # noqa: S105
    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    NOT_JSON = "not_json"
    FAULT_IN_200 = "fault_in_200"
    REDIRECT = "redirect"
    HUGE_BODY = "huge_body"
    # It is performed, and its answer changed.
    CLOCK_SKEW = "clock_skew"
    WRONG_SHAPE = "wrong_shape"
    DRIFT = "drift"
    MISSING_FIELD = "missing_field"
    UNKNOWN_ENUM = "unknown_enum"
    DUPLICATE_PAGE = "duplicate_page"
    REPEATED_CURSOR = "repeated_cursor"
    EMPTY_MIDDLE_PAGE = "empty_middle_page"
    # It is performed, and its answer does not arrive as it should.
    SLOW_DRIP = "slow_drip"
    TRUNCATED = "truncated"
    LOST_ANSWER = "lost_answer"
    # One vendor's own: its state is changed, then the call is performed.
    TOTP_CHALLENGE = "totp_challenge"
    ACCOUNT_SWITCH = "account_switch"
    SESSION_REVOKED = "session_revoked"
    BIOMETRIC_ONLY = "biometric_only"


OWN_KINDS = {
    FaultKind.TOTP_CHALLENGE: "taxdome",
    FaultKind.ACCOUNT_SWITCH: "taxdome",
    FaultKind.SESSION_REVOKED: "taxdome",
    FaultKind.BIOMETRIC_ONLY: "taxdome",
}
"""The faults that one vendor alone has."""

_LOGIN_KINDS = frozenset({FaultKind.BIOMETRIC_ONLY})
PAGE_KINDS = frozenset({FaultKind.DUPLICATE_PAGE, FaultKind.REPEATED_CURSOR, FaultKind.EMPTY_MIDDLE_PAGE})
_USUAL_SECONDS = {FaultKind.TIMEOUT: 30.0, FaultKind.SLOW_DRIP: 10.0, FaultKind.CLOCK_SKEW: 3600.0}
FIELD_KINDS = frozenset({FaultKind.DRIFT, FaultKind.MISSING_FIELD, FaultKind.UNKNOWN_ENUM})


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One fault. `count` None means until the next reset; the first `after` calls that match are let through."""

    kind: FaultKind
    count: int | None = 1
    after: int = 0
    method: str | None = None
    path: str | None = None  # a shell pattern over the whole path
    retry_after: int | None | UnsetType = UNSET  # throttle, server_error: unset = the vendor's way, null = no header
    as_date: bool = False  # throttle, server_error: Retry-After as an HTTP date
    seconds: float | None = None  # timeout, lost_answer: held so long; slow_drip: takes so long; clock_skew: ahead by
    status: int | None = None  # server_error, not_json, redirect
    field: str | None = None  # drift, missing_field, unknown_enum: a dotted path inside a record
    to: str | None = None  # drift: the field's new name
    value: str | bool = "unheard_of"  # unknown_enum
    body: object = None  # wrong_shape: the JSON to send; null = an empty list
    location: str = "http://169.254.169.254/latest/meta-data/"  # redirect
    size_bytes: int = 64 * 1024 * 1024  # huge_body

    def __post_init__(self) -> None:
        if (self.count is not None and self.count < 1) or self.after < 0:
            raise ValueError("count must be at least 1 or null, after at least 0")
        if self.kind in FIELD_KINDS and not self.field:
            raise ValueError(f"{self.kind} needs a field")

    @property
    def for_s(self) -> float:
        """`seconds`, or what is usual: 30 for timeout, 10 for slow_drip, 3600 for clock_skew, else none."""
        return _USUAL_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    def matches(self, request: Request, vendor: Vendor) -> bool:
        """Whether this is a call the fault waits for. Unless a path names it, the token endpoint is never touched."""
        if self.method is not None and self.method.upper() != request.method:
            return False
        if self.kind in PAGE_KINDS and not vendor.is_page(request):
            return False
        if self.path is not None:
            return fnmatchcase(request.path, self.path)
        if vendor.is_oauth(request) or self.kind in _LOGIN_KINDS:
            return vendor.is_oauth(request) and self.kind in _LOGIN_KINDS
        return self.method is not None or self.kind is not FaultKind.LOST_ANSWER or vendor.is_write(request)


class FaultQueue:
    """The faults that wait. A call meets one at most: the oldest that matches it."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.fired: dict[str, int] = {}

    def reset(self) -> None:
        """No faults, and none counted."""
        self.waiting.clear()
        self.fired.clear()

    def take(self, request: Request, vendor: Vendor) -> Fault | None:
        """The fault this call meets, if any; used up by being taken."""
        for fault in list(self.waiting):
            if not fault.matches(request, vendor):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count == 0:
                    self.waiting.remove(fault)
            self.fired[fault.kind] = self.fired.get(fault.kind, 0) + 1
            return fault
        return None
