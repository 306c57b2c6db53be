"""Problems: what we answer when a call cannot succeed (RFC 9457).

ApiProblem                     one raised problem: a kind, one sentence, what is wrong where
└── kind: Kind                 the catalogue below: stable code, status, title, hint, whose fault, retryable

400 the request cannot be read   malformed_json unknown_parameter invalid_parameter invalid_header invalid_cursor
                                 unsupported_filter unsupported_sort unsupported_selection connection_required
                                 account_required idempotency_key_required key_in_url
                                 webhook_forged webhook_too_old webhook_unreadable
401 who is calling?              missing_key invalid_key
402 no money left                spend_cap_reached
403 not with this key            insufficient_scope address_not_allowed key_mode_mismatch consent_missing
                                 approval_required not_turned_on
                                 mfa_too_weak passthrough_not_allowed
404 … 416, 431 the HTTP rim      not_found method_not_allowed body_too_slow body_too_large …
409 412 422 the write            event_changed conflict idempotency_in_flight version_mismatch validation_failed
                                 idempotency_key_reused
410 the list                     cursor_expired
424 the firm has to act          connection_needs_attention
429 our limits                   rate_limited too_many_concurrent
5xx ours or the vendor's         internal metering_unavailable platform_unavailable rail_unavailable vendor_cannot
                                 vendor_fault vendor_unreadable vendor_rate_limited vendor_unavailable vendor_timeout
                                 outcome_unknown
after a write in doubt           not_carried_out outcome_unsettled (both 409)
"""

from typing import Literal

from msgspec import Struct

DOCS_URL = "https://docs.tickmark.example/problems/"

Origin = Literal["client", "platform", "vendor", "connection"]


class Kind(Struct, frozen=True):
    """One sort of problem. `code` is stable for ever; `hint` tells the developer what to do next."""

    code: str
    status: int
    title: str
    hint: str
    origin: Origin = "client"
    retryable: bool = False


class FieldError(Struct, frozen=True):
    """One thing wrong with the request.

    `pointer` is a JSON pointer into the body (`/lines/0/amount`), or `query/<name>`, or `header/<name>`.
    """

    pointer: str
    code: str
    message: str


class VendorError(Struct, frozen=True, omit_defaults=True):
    """What the vendor said, redacted."""

    name: str
    http_status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None


class ApiProblem(Exception):  # noqa: N818 (the house's word)
    """Raised anywhere below the API edge; becomes one `application/problem+json` answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
        vendor: VendorError | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.vendor = vendor
        self.headers = headers


def missing() -> ApiProblem:
    """What anybody gets who asks for a thing that is not there, or not theirs: the two look alike."""
    return ApiProblem(NOT_FOUND, "There is no such thing, or this key may not see it.")


def wrong_field(pointer: str, says: str, code: str = "invalid") -> ApiProblem:
    """One thing wrong with a body: where, and in one sentence what has to stand there."""
    return ApiProblem(VALIDATION_FAILED, f"`{pointer}`: {says}", errors=(FieldError(pointer, code, says),))


MALFORMED_JSON = Kind("malformed_json", 400, "The body is not valid JSON", "Send a JSON object encoded in UTF-8.")
UNKNOWN_PARAMETER = Kind(
    "unknown_parameter",
    400,
    "A query parameter is not known",
    "Remove it, or use one of the parameters named in `errors`.",
)
INVALID_PARAMETER = Kind(
    "invalid_parameter", 400, "A parameter has an impossible value", "Correct the parameters named in `errors`."
)
UNSUPPORTED_FILTER = Kind(
    "unsupported_filter",
    400,
    "The vendor cannot filter by this",
    "Use a filter from the list in `errors`, or filter on your side. The coverage of the vendor names them all.",
)
UNSUPPORTED_SORT = Kind(
    "unsupported_sort",
    400,
    "The vendor cannot sort by this",
    "Use a sort from the list in `errors`, or leave `sort` out.",
)
UNSUPPORTED_SELECTION = Kind(
    "unsupported_selection", 400, "A selection is not possible here", "Correct `fields`, `expand` or `include`."
)
INVALID_CURSOR = Kind(
    "invalid_cursor",
    400,
    "The cursor does not belong to this list",
    "Send `next_cursor` back unchanged, with the same filters, connection and key; else start without a cursor.",
)
CONNECTION_REQUIRED = Kind(
    "connection_required",
    400,
    "The call does not say which connection",
    "Send the `Connection-Id` header with one of the ids in `errors`.",
)
ACCOUNT_REQUIRED = Kind(
    "account_required",
    400,
    "The connection has several accounts",
    "Send the `Account-Id` header with one of the ids in `errors`.",
)
IDEMPOTENCY_KEY_REQUIRED = Kind(
    "idempotency_key_required",
    400,
    "A write needs an Idempotency-Key",
    "Send an `Idempotency-Key` header with a fresh UUID, and the same one when you try again.",
)
INVALID_HEADER = Kind(
    "invalid_header", 400, "A header has an impossible value", "Correct the headers named in `errors`."
)
KEY_IN_URL = Kind(
    "key_in_url",
    400,
    "An API key stands in the URL",
    "Send it as `Authorization: Bearer …`. Roll this key: URLs end up in logs.",
)
WEBHOOK_FORGED = Kind(
    "webhook_forged",
    400,
    "The webhook is not signed as it should be",
    "Sign the exact bytes of the body with the endpoint's secret, as Stripe does.",
)
WEBHOOK_TOO_OLD = Kind(
    "webhook_too_old",
    400,
    "The webhook was signed too long ago",
    "Deliver it within five minutes of signing; check the sender's clock.",
)
WEBHOOK_UNREADABLE = Kind(
    "webhook_unreadable", 400, "The webhook is not an event", "Send one of Stripe's snapshot events."
)
EVENT_CHANGED = Kind(
    "event_changed",
    409,
    "The event's id is known with another content",
    "An event never changes; look at where it comes from.",
)
REPORT_FORGED = Kind(
    "report_forged",
    400,
    "The report is not signed as it should be",
    "Sign the exact bytes of the body with the key that the header names.",
)
REPORT_UNVERIFIED = Kind(
    "report_unverified",
    503,
    "The report cannot be verified at the moment",
    "Send it again in a moment.",
    origin="platform",
    retryable=True,
)
RAIL_UNAVAILABLE = Kind(
    "rail_unavailable",
    503,
    "Payments cannot be set up at the moment",
    "Try again in a moment.",
    origin="platform",
    retryable=True,
)
MISSING_KEY = Kind("missing_key", 401, "No API key was sent", "Send `Authorization: Bearer tm_live_…` or `tm_test_…`.")
INVALID_KEY = Kind(
    "invalid_key",
    401,
    "The API key is not valid",
    "Check for a cut or mistyped key, or mint a new one: it may be expired or revoked.",
)
SPEND_CAP_REACHED = Kind(
    "spend_cap_reached",
    402,
    "A budget is spent",
    "Raise or remove the budget with `PUT /v1/billing/budgets`, or wait until its day or month is over.",
)
INSUFFICIENT_SCOPE = Kind(
    "insufficient_scope", 403, "The key lacks a scope", "Use a key that has the scope named in `detail`, or mint one."
)
ADDRESS_NOT_ALLOWED = Kind(
    "address_not_allowed", 403, "The key may not be used from this address", "Add the address to the key's allow-list."
)
KEY_MODE_MISMATCH = Kind(
    "key_mode_mismatch",
    403,
    "Test and live do not mix",
    "Use a test key for sandbox connections, and a live key for all others and for what live calls obey.",
)
CONSENT_MISSING = Kind(
    "consent_missing",
    403,
    "The firm has not consented to this",
    "Ask the firm to renew its consent for the connection.",
    origin="connection",
)
PASSTHROUGH_NOT_ALLOWED = Kind(
    "passthrough_not_allowed",
    403,
    "This endpoint is not passed through",
    "Use one of the endpoints in `errors`; the coverage of the vendor names them all.",
)
MFA_TOO_WEAK = Kind(
    "mfa_too_weak",
    403,
    "The vendor's session is not protected well enough",
    "Have the firm's user switch to a stronger second factor at the vendor, or demand less with `min_mfa`.",
    origin="connection",
)
APPROVAL_REQUIRED = Kind(
    "approval_required",
    403,
    "The firm wants a second person for this",
    "Have somebody else decide the approval named in `errors`, then send the same request again with it.",
    origin="connection",
)
NOT_TURNED_ON = Kind(
    "not_turned_on",
    403,
    "The organization has not turned this on",
    "Have an owner or admin turn it on in the portal, where `detail` says, or do it there by hand.",
)
NOT_FOUND = Kind("not_found", 404, "There is no such thing", "Check the id and that this key may see it.")
METHOD_NOT_ALLOWED = Kind(
    "method_not_allowed", 405, "The path does not take this method", "Use a method named in the `Allow` header."
)
CONFLICT = Kind(
    "conflict",
    409,
    "The vendor's books stand against it",
    "Read the record again and decide; another record or a newer version is in the way.",
    origin="vendor",
)
TOO_MANY_ENDPOINTS = Kind(
    "too_many_endpoints",
    409,
    "There are as many webhook endpoints as there may be",
    "Delete one that is not needed any more, or let one endpoint take more types of events.",
)
IDEMPOTENCY_IN_FLIGHT = Kind(
    "idempotency_in_flight",
    409,
    "The same write is still under way",
    "Wait for the first call to end, then send this one again unchanged.",
    retryable=True,
)
CURSOR_EXPIRED = Kind("cursor_expired", 410, "The cursor has expired", "Start the list again without a cursor.")
VERSION_MISMATCH = Kind(
    "version_mismatch",
    412,
    "The record has changed since it was read",
    "Read it again and send its new version as `If-Match`.",
)
WRONG_REGION = Kind(
    "wrong_region",
    421,
    "The firm is served in another region",
    "Send the call to the deployment of that region, with a key made there. Nothing of it was kept here.",
)
BODY_TOO_SLOW = Kind(
    "body_too_slow",
    408,
    "The body did not come in time",
    "Send the whole body at once; nothing was carried out, so the same request may be sent again.",
    retryable=True,
)
BODY_TOO_LARGE = Kind("body_too_large", 413, "The body is too large", "Send less; the limit stands in `detail`.")
URI_TOO_LONG = Kind("uri_too_long", 414, "The URL is too long", "Use fewer or shorter filters.")
UNSUPPORTED_MEDIA_TYPE = Kind(
    "unsupported_media_type", 415, "The body has a media type we do not read", "Send `Content-Type: application/json`."
)
RANGE_NOT_SATISFIABLE = Kind(
    "range_not_satisfiable", 416, "The document has no such bytes", "Ask for bytes within the size in `Content-Range`."
)
VALIDATION_FAILED = Kind("validation_failed", 422, "The body is not valid", "Correct the fields named in `errors`.")
IDEMPOTENCY_KEY_REUSED = Kind(
    "idempotency_key_reused",
    422,
    "The Idempotency-Key belongs to another request",
    "Use a fresh key for a different request; send the very same request to have its answer again.",
)
CONNECTION_NEEDS_ATTENTION = Kind(
    "connection_needs_attention",
    424,
    "The connection does not work until the firm acts",
    "Ask the firm to connect again; `detail` says why.",
    origin="connection",
)
RATE_LIMITED = Kind(
    "rate_limited",
    429,
    "Too many calls with this key",
    "Wait for `Retry-After` seconds; watch the `RateLimit` header.",
    retryable=True,
)
TOO_MANY_CONCURRENT = Kind(
    "too_many_concurrent",
    429,
    "Too many calls at the same time with this key",
    "Wait for answers before sending more.",
    retryable=True,
)
HEADERS_TOO_LARGE = Kind("headers_too_large", 431, "The headers are too large", "Send fewer or shorter headers.")
INTERNAL = Kind(
    "internal",
    500,
    "Something broke on our side",
    "Try again; if it stays, tell us the request id.",
    origin="platform",
    retryable=True,
)
VENDOR_CANNOT = Kind(
    "vendor_cannot",
    501,
    "The vendor cannot do this",
    "See `/v1/vendors/{vendor}/coverage` for what it can do.",
    origin="vendor",
)
VENDOR_FAULT = Kind(
    "vendor_fault",
    502,
    "The vendor refused the call",
    "See `vendor`; if it stays, tell us the request id.",
    origin="vendor",
)
VENDOR_UNREADABLE = Kind(
    "vendor_unreadable",
    502,
    "The vendor's answer does not fit its contract",
    "Nothing to correct on your side: we have been told. Try again later.",
    origin="vendor",
    retryable=True,
)
VENDOR_RATE_LIMITED = Kind(
    "vendor_rate_limited",
    503,
    "The vendor's limit is reached",
    "Wait for `Retry-After` seconds; watch the `Upstream-RateLimit` header.",
    origin="vendor",
    retryable=True,
)
VENDOR_UNAVAILABLE = Kind(
    "vendor_unavailable",
    503,
    "The vendor does not work at the moment",
    "Try again later.",
    origin="vendor",
    retryable=True,
)
METERING_UNAVAILABLE = Kind(
    "metering_unavailable",
    503,
    "The call could not be recorded",
    "Try again: what cannot be recorded is neither answered nor billed.",
    origin="platform",
    retryable=True,
)
PLATFORM_UNAVAILABLE = Kind(
    "platform_unavailable",
    503,
    "A part of our service does not answer",
    "Try again in a moment.",
    origin="platform",
    retryable=True,
)
VENDOR_TIMEOUT = Kind(
    "vendor_timeout",
    504,
    "The vendor did not answer in time",
    "Try again, perhaps with a smaller page.",
    origin="vendor",
    retryable=True,
)
OUTCOME_UNKNOWN = Kind(
    "outcome_unknown",
    504,
    "The vendor did not say whether the write happened",
    "Ask the operation that `Location` names: we look at the vendor for what became of it. Or send the same request "
    "with the same Idempotency-Key: it is carried out at most once.",
    origin="vendor",
    retryable=True,
)
NOT_CARRIED_OUT = Kind(
    "not_carried_out",
    409,
    "The write has not happened",
    "Send it again under a new Idempotency-Key.",
    origin="vendor",
)
OUTCOME_UNSETTLED = Kind(
    "outcome_unsettled",
    409,
    "Nobody can say whether the write happened",
    "Look at the vendor, or read the record here: only if it is not as you meant it, write again under a new "
    "Idempotency-Key.",
    origin="vendor",
)

KINDS: tuple[Kind, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Kind))
"""Every problem we can answer."""
