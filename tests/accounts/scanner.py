"""Somebody who looks for secrets in public places, with keys of its own."""

from base64 import b64encode

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Scanner:
    """Signs reports as GitHub does."""

    def __init__(self, key_id: str = "scanner-1") -> None:
        self.key_id = key_id
        self._key = generate_private_key(SECP256R1())

    def document(self) -> bytes:
        """Its public keys, as it publishes them."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return msgspec.json.encode({"public_keys": [{"key_identifier": self.key_id, "key": pem, "is_current": True}]})

    def sign(self, body: bytes) -> str:
        return b64encode(self._key.sign(body, ECDSA(SHA256()))).decode()

    def headers(self, body: bytes) -> dict[str, str]:
        """What it sends along."""
        return {
            "Content-Type": "application/json",
            "Github-Public-Key-Identifier": self.key_id,
            "Github-Public-Key-Signature": self.sign(body),
        }
