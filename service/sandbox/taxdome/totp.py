"""Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds, as authenticator apps make them."""

import hashlib
import hmac
from base64 import b32decode, b32encode

STEP_S = 30


def code(secret: str, at_s: float) -> str:
    """The code of the step an instant lies in."""
    return code_of_step(secret, int(at_s) // STEP_S)


def code_of_step(secret: str, step: int) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    digest = hmac.new(b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def secret_of(name: str) -> str:
    """A secret that follows from a name."""
    return b32encode(hashlib.sha256(name.encode()).digest()[:20]).decode()
