"""Webhook signatures as values: HMAC-SHA256 over the raw bytes, compared in constant time.

CANOPY = Signature(header="x-signature", prefix="sha256=")
QUICKBOOKS = Signature(header="intuit-signature", encoding="base64")
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct


class Signature(Struct, frozen=True, kw_only=True):
    """How a vendor signs what it sends."""

    header: str
    """In lower case."""
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    """What stands before the signature in its header, such as `sha256=`."""
    timestamp_header: str | None = None
    """Unix seconds; signed with the body as `<timestamp>.<body>`, and bound to the replay window."""
    replay_window_s: int = 300

    def sign(self, body: bytes, secret: str, timestamp: str | None = None) -> str:
        """The header's value for this body."""
        signed = body if timestamp is None else timestamp.encode() + b"." + body
        digest = hmac.digest(secret.encode(), signed, "sha256")
        return self.prefix + (digest.hex() if self.encoding == "hex" else b64encode(digest).decode())

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
        """True when one of the live secrets signed exactly these bytes, recently enough.

        Several secrets are live while one replaces another; all are tried, whichever fits. Header names in lower case.
        """
        given = headers.get(self.header)
        timestamp = None
        if self.timestamp_header is not None:
            timestamp = headers.get(self.timestamp_header)
            if timestamp is None or not self._is_recent(timestamp, now):
                return False
        if given is None:
            return False
        fits = False
        for secret in secrets:
            if secret:
                fits |= hmac.compare_digest(given.encode(errors="replace"), self.sign(body, secret, timestamp).encode())
        return fits

    def _is_recent(self, timestamp: str, now: datetime) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return False
        return abs(now.timestamp() - int(timestamp)) <= self.replay_window_s
