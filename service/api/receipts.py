"""Receipts: the headers that say what a call was, what it cost and where the time went."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from billing import Reason
from service.accounts.tokens import Mode
from service.api.call import Call
from service.api.limits import rate_limit_headers
from service.api.operation import Meter
from service.connectors.sdk.budget import Remaining

_SAFETY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_BILLABLE: Final = (b"usage-billable", b"?1")
_FREE: Final = (b"usage-billable", b"?0")
_REASON: Final = {reason: (b"usage-reason", reason.value.encode()) for reason in Reason}
_METER: Final = {meter: (b"usage-meter", meter.value.encode()) for meter in Meter}


def reason_of(call: Call, status: int) -> Reason:
    """Why this call is billed (`success`) or not."""
    operation = call.operation
    if status >= 400:
        if status != 403 and call.problem is not None and call.problem.kind.origin in ("vendor", "connection"):
            return Reason.VENDOR_ERROR  # which a 403 never says
        return Reason.CLIENT_ERROR if status < 500 else Reason.PLATFORM_ERROR
    if operation is None or operation.meter is Meter.NONE or call.deferred:
        return Reason.MANAGEMENT
    if call.replayed:
        return Reason.REPLAY
    if call.faulted:
        return Reason.VENDOR_ERROR
    if call.dry_run:
        return Reason.DRY_RUN
    if call.known_caller.mode is Mode.TEST:
        return Reason.TEST_KEY
    return Reason.NOT_MODIFIED if status == 304 else Reason.SUCCESS


def receipt_headers(call: Call, reason: Reason, units: int) -> list[tuple[bytes, bytes]]:
    """What every answer carries, whatever became of the call."""
    billable = reason is Reason.SUCCESS
    headers = [
        (b"request-id", call.request_ref.encode()),
        _BILLABLE if billable else _FREE,
        (b"usage-units", b"%d" % units),
        _METER[call.operation.meter if call.operation is not None else Meter.NONE],
        _REASON[reason],
        (b"server-timing", _server_timing(call)),
        *_SAFETY,
    ]
    if call.caller is not None:
        headers.append((b"api-version", call.caller.api_version.isoformat().encode()))
    if call.admitted is not None:
        declared, state = rate_limit_headers(call.admitted)
        headers += ((b"ratelimit-policy", declared), (b"ratelimit", state))
    remaining = call.leg.remaining
    if remaining is not None:
        headers.append((b"upstream-ratelimit", _upstream(remaining)))
    if call.leg.status is not None:
        headers.append((b"data-source", b"live"))
        headers.append((b"data-as-of", _instant(call.started_at_ns // 1_000_000_000)))
    return headers


def _upstream(remaining: Remaining) -> bytes:
    """As `RateLimit` says it, and with `spent` where all will be spent in so many seconds at this pace."""
    said = b'"vendor";r=%d;t=%d' % (remaining.remaining, max(0, round(remaining.reset_s)))
    return said if remaining.spent_in_s is None else said + b";spent=%d" % round(remaining.spent_in_s)


def _server_timing(call: Call) -> bytes:
    total_ns = call.admission_ns + call.mapping_ns + call.metering_ns
    return b"platform;dur=%.3f, upstream;dur=%.3f" % (total_ns / 1e6, call.leg.vendor_ns / 1e6)


@lru_cache(8)
def _instant(at_s: int) -> bytes:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
