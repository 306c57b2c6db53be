"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, instant and body, under each secret in use.

Source: github.com/standard-webhooks, specification 1.0.0, read 2026-11-20.
"""

import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """256 random bits, as receivers take them."""
    return PREFIX + b64encode(os.urandom(_SECRET_BYTES)).decode()


def signed_headers(event_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers; the signatures in the order of the secrets, with a blank between."""
    timestamp = str(int(at.timestamp()))
    signed = f"{event_id}.{timestamp}.".encode() + body
    signatures = " ".join(f"v1,{_sign(secret, signed)}" for secret in secrets)
    return {"webhook-id": event_id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def _sign(secret: str, signed: bytes) -> str:
    return b64encode(hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, "sha256")).decode()
