"""One answered call of an authenticated caller: what the request log keeps and what money is counted from."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Meter(StrEnum):
    """What can be counted and priced."""

    READ = "read"
    WRITE = "write"
    DOCUMENT = "document"
    PASSTHROUGH = "passthrough"


class Reason(StrEnum):
    """Why a call was billed (`success`) or was not (all others)."""

    SUCCESS = "success"
    NOT_MODIFIED = "not_modified"
    REPLAY = "replay"
    DRY_RUN = "dry_run"
    TEST_KEY = "test_key"
    CLIENT_ERROR = "client_error"
    PLATFORM_ERROR = "platform_error"
    VENDOR_ERROR = "vendor_error"
    MANAGEMENT = "management"
    BROKEN_OFF = "broken_off"
    """Begun as a success; its bytes never arrived whole, so it was taken off the bill."""


class VoidReason(StrEnum):
    """Why a call that was, or may have been, written as billable is not billed."""

    ANSWERED_503 = "answered_503"
    BROKEN_OFF = "broken_off"


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it is about to be answered.

    `request_id` is the UUIDv7 minted by our server when the call arrived: it is the identity of the row and its
    milliseconds are `occurred_at`, so the two cannot disagree. Durations are integer microseconds.
    A billable call has a meter and at least one unit; any other has none (PostgreSQL refuses the row otherwise).
    """

    org_id: UUID
    request_id: UUID
    key_id: UUID
    connection_id: UUID | None = None
    vendor: str | None = None
    operation: str
    status: int
    meter: Meter | None = None
    units: int = 0
    billable: bool = False
    reason: Reason
    rows: int = 0
    vendor_us: int = 0
    platform_us: int = 0

    @property
    def occurred_at(self) -> datetime:
        """When the call arrived; decides its billing period."""
        return occurred_at(self.request_id)


def occurred_at(request_id: UUID) -> datetime:
    """The instant in a UUIDv7, to the millisecond, in UTC."""
    return datetime.fromtimestamp((request_id.int >> 80) / 1000, UTC)
