"""What can go wrong on the unified routes, by what a route does; the contract adds what all routes have in common."""

from service import errors

VENDOR_PROBLEMS = (
    errors.CONSENT_MISSING,
    errors.KEY_MODE_MISMATCH,
    errors.CONNECTION_NEEDS_ATTENTION,
    errors.VENDOR_CANNOT,
    errors.VENDOR_FAULT,
    errors.VENDOR_UNREADABLE,
    errors.VENDOR_RATE_LIMITED,
    errors.VENDOR_UNAVAILABLE,
    errors.VENDOR_TIMEOUT,
)
SELECTION_PROBLEMS = (errors.INVALID_PARAMETER, errors.UNSUPPORTED_SELECTION)
LIST_PROBLEMS = (
    *SELECTION_PROBLEMS,
    errors.UNSUPPORTED_FILTER,
    errors.UNSUPPORTED_SORT,
    errors.INVALID_CURSOR,
    errors.CURSOR_EXPIRED,
    errors.CONNECTION_REQUIRED,
    errors.ACCOUNT_REQUIRED,
    errors.NOT_FOUND,
    *VENDOR_PROBLEMS,
)
WRITE_PROBLEMS = (
    errors.INVALID_PARAMETER,
    errors.IDEMPOTENCY_KEY_REQUIRED,
    errors.NOT_FOUND,
    errors.CONFLICT,
    errors.IDEMPOTENCY_IN_FLIGHT,
    errors.VALIDATION_FAILED,
    errors.IDEMPOTENCY_KEY_REUSED,
    errors.OUTCOME_UNKNOWN,
    errors.OUTCOME_UNSETTLED,
    errors.NOT_CARRIED_OUT,
    *VENDOR_PROBLEMS,
)
