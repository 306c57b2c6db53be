"""One secret of the settings, and a key of its own for each purpose."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derived_key(secret: bytes, purpose: str) -> bytes:
    """The key for a purpose (HKDF-SHA256): the same in every process, and telling nothing of any other."""
    return HKDF(SHA256(), 32, salt=None, info=f"tickmark {purpose}".encode()).derive(secret)
