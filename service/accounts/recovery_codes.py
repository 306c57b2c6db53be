"""Recovery codes: ten words of chance on paper, each good once in place of an authenticator's code."""

import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

COUNT: Final = 10

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_CHARACTERS: Final = 10
"""50 bits: what is guessed is counted, and the hash is under a key that is not in the database."""
_READ_AS: Final = str.maketrans("oil", "011", " -")


def new_codes() -> tuple[str, ...]:
    """`k3v9t-0w8xq` and nine more."""
    drawn = ("".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS)) for _ in range(COUNT))
    return tuple(f"{code[:5]}-{code[5:]}" for code in drawn)


def is_recovery_code(text: str) -> bool:
    """Whether it looks like one; blanks, dashes, capitals and O, I, L for 0, 1, 1 are forgiven."""
    plain = _plain(text)
    return len(plain) == _CHARACTERS and all(character in _ALPHABET for character in plain)


def hash_code(key: bytes, org_id: UUID, member_id: UUID, code: str) -> bytes:
    """What is kept instead of the code; each member's are its own."""
    text = b"recovery code|" + org_id.bytes + member_id.bytes + _plain(code).encode()
    return hmac.digest(key, text, hashlib.sha256)


def _plain(text: str) -> str:
    return text.strip().lower().translate(_READ_AS)
