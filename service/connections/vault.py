"""Envelope encryption of what vendors let us in with.

Each firm has a data key (AES-256-GCM); it is stored wrapped by a key-encryption key that never touches the database.
A sealed value is bound to its table, column, row and key version, so it opens nowhere else.
"""

from base64 import b64decode
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.connections.errors import SecretUnreadableError
from service.noise import Noise

_NONCE_BYTES = 12
_KEYS_HELD = 10_000
_nonce = Noise(_NONCE_BYTES).take


class KeyEncryptionKey(Protocol):
    """Wraps data keys: a local secret here, a key management service elsewhere. `context` must match at unwrapping."""

    @property
    def name(self) -> str: ...
    async def wrap(self, data_key: bytes, context: bytes) -> bytes: ...
    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes: ...


class LocalKey:
    """A key-encryption key of 32 bytes from the environment or a file; named by a digest that tells nothing of it."""

    __slots__ = ("_key", "name")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("a key-encryption key is 32 bytes")
        self._key = AESGCM(secret)
        self.name = "local:" + sha256(b"tickmark key-encryption key" + secret).hexdigest()[:16]

    @classmethod
    def from_base64(cls, text: str) -> "LocalKey":
        """ValueError unless the text is 32 bytes in base64."""
        try:
            secret = b64decode(text.strip(), validate=True)
        except ValueError:
            raise ValueError("a key-encryption key is written in base64") from None
        return cls(secret)

    async def wrap(self, data_key: bytes, context: bytes) -> bytes:
        return _seal(self._key, data_key, context)

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return _open(self._key, wrapped, context)


class DataKey(msgspec.Struct, frozen=True):
    """A firm's data key as stored: wrapped."""

    org_id: UUID
    firm_id: UUID
    version: int
    wrapping_key: str
    wrapped: bytes


class Place(msgspec.Struct, frozen=True):
    """Where a sealed value stands; `row` is the row's whole primary key as text."""

    table: str
    column: str
    row: str


class Sealer:
    """A data key that is at hand: seals without asking anybody."""

    __slots__ = ("_cipher", "version")

    def __init__(self, cipher: AESGCM, version: int) -> None:
        self._cipher = cipher
        self.version = version

    def seal(self, place: Place, plain: bytes) -> bytes:
        return _seal(self._cipher, plain, _associated(place, self.version))


class Vault:
    """Seals and opens; remembers unwrapped data keys in this process by what their wrapped form is.

    The first key-encryption key wraps new data keys; the others still open old ones until `rewrap` is done.
    """

    def __init__(self, *keys: KeyEncryptionKey) -> None:
        if not keys:
            raise ValueError("a vault needs a key-encryption key")
        self._newest = keys[0]
        self._keys = {key.name: key for key in keys}
        self._unwrapped: dict[DataKey, AESGCM] = {}

    @property
    def newest(self) -> str:
        """The name of the key-encryption key that wraps new data keys."""
        return self._newest.name

    async def new_data_key(self, org_id: UUID, firm_id: UUID, version: int) -> DataKey:
        """A fresh key for the firm, to be stored by the caller before anything sealed with it."""
        wrapped = await self._newest.wrap(AESGCM.generate_key(256), _context(org_id, firm_id, version))
        return DataKey(org_id, firm_id, version, self._newest.name, wrapped)

    async def rewrap(self, key: DataKey) -> DataKey:
        """The same data key under the newest key-encryption key; what it sealed stays as it is."""
        context = _context(key.org_id, key.firm_id, key.version)
        plain = await self._wrapper(key).unwrap(key.wrapped, context)
        wrapped = await self._newest.wrap(plain, context)
        return msgspec.structs.replace(key, wrapping_key=self._newest.name, wrapped=wrapped)

    async def check(self, key: DataKey) -> None:
        """Raises SecretUnreadableError unless a key-encryption key at hand opens the data key."""
        await self._unwrap(key)

    async def sealer(self, key: DataKey) -> Sealer:
        return Sealer(await self._unwrap(key), key.version)

    async def seal(self, key: DataKey, place: Place, plain: bytes) -> bytes:
        return (await self.sealer(key)).seal(place, plain)

    async def open(self, key: DataKey, place: Place, sealed: bytes) -> bytes:
        """Raises SecretUnreadableError if the value was altered or was sealed for another place or key."""
        return _open(await self._unwrap(key), sealed, _associated(place, key.version))

    async def _unwrap(self, key: DataKey) -> AESGCM:
        cipher = self._unwrapped.get(key)
        if cipher is None:
            context = _context(key.org_id, key.firm_id, key.version)
            cipher = AESGCM(await self._wrapper(key).unwrap(key.wrapped, context))
            if len(self._unwrapped) >= _KEYS_HELD:
                del self._unwrapped[next(iter(self._unwrapped))]
            self._unwrapped[key] = cipher
        return cipher

    def _wrapper(self, key: DataKey) -> KeyEncryptionKey:
        wrapper = self._keys.get(key.wrapping_key)
        if wrapper is None:
            raise SecretUnreadableError(f"key-encryption key {key.wrapping_key} is not configured")
        return wrapper


def _seal(cipher: AESGCM, plain: bytes, associated: bytes) -> bytes:
    nonce = _nonce()
    return nonce + cipher.encrypt(nonce, plain, associated)


def _open(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadableError("a sealed value does not belong where it stands, or was altered") from error


def _associated(place: Place, version: int) -> bytes:
    return f"{place.table}\0{place.column}\0{place.row}\0{version}".encode()


def _context(org_id: UUID, firm_id: UUID, version: int) -> bytes:
    return f"firm_data_keys\0{org_id}\0{firm_id}\0{version}".encode()
