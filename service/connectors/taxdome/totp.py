"""One-time codes for the second factor (RFC 6238, SHA-1), from the seed that the firm has given us."""

import hmac
from base64 import b32decode
from datetime import datetime
from typing import Final

STEP_S: Final = 30


def seed_of(text: str) -> bytes:
    """The seed in base32 as apps show it: in groups, in either case, without padding. ValueError for anything else."""
    letters = text.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        seed = b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        seed = b""
    if not seed:
        raise ValueError("not a seed in base32")
    return seed


def totp(seed: bytes, at: datetime, digits: int = 6) -> str:
    """The code of the 30 seconds that `at` lies in."""
    counter = int(at.timestamp()) // STEP_S
    digest = hmac.digest(seed, counter.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"
