"""Sealed values open where they were sealed and nowhere else."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest

from service.connections.errors import SecretUnreadableError
from service.connections.vault import DataKey, LocalKey, Place, Vault

T = TypeVar("T")
ORG, FIRM, OTHER_FIRM = UUID(int=1), UUID(int=2), UUID(int=3)
HERE = Place("connection_secrets", "sealed", "row-1")


def run(step: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(step)


@pytest.fixture
def vault() -> Vault:
    return Vault(LocalKey(b"k" * 32))


@pytest.fixture
def key(vault: Vault) -> DataKey:
    return run(vault.new_data_key(ORG, FIRM, 1))


def test_sealed_value_opens_in_its_place(vault: Vault, key: DataKey) -> None:
    sealed = run(vault.seal(key, HERE, b"refresh token"))

    assert b"refresh token" not in sealed
    assert run(vault.open(key, HERE, sealed)) == b"refresh token"


def test_equal_values_are_sealed_differently(vault: Vault, key: DataKey) -> None:
    assert run(vault.seal(key, HERE, b"same")) != run(vault.seal(key, HERE, b"same"))


@pytest.mark.parametrize(
    "elsewhere", [Place("connection_secrets", "sealed", "row-2"), Place("connection_secrets", "other", "row-1")]
)
def test_ciphertext_moved_to_another_row_or_column_fails(vault: Vault, key: DataKey, elsewhere: Place) -> None:
    sealed = run(vault.seal(key, HERE, b"secret"))

    with pytest.raises(SecretUnreadableError):
        run(vault.open(key, elsewhere, sealed))


def test_data_key_moved_to_another_firm_fails(vault: Vault, key: DataKey) -> None:
    with pytest.raises(SecretUnreadableError):
        run(vault.seal(msgspec.structs.replace(key, firm_id=OTHER_FIRM), HERE, b"secret"))


def test_data_key_under_another_version_fails(vault: Vault, key: DataKey) -> None:
    with pytest.raises(SecretUnreadableError):
        run(vault.seal(msgspec.structs.replace(key, version=2), HERE, b"secret"))


def test_every_altered_byte_is_noticed(vault: Vault, key: DataKey) -> None:
    sealed = run(vault.seal(key, HERE, b"secret"))

    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(SecretUnreadableError):
            run(vault.open(key, HERE, bytes(altered)))
    with pytest.raises(SecretUnreadableError):
        run(vault.open(key, HERE, b""))


def test_rewrapped_key_opens_what_it_sealed_without_the_old_key(vault: Vault, key: DataKey) -> None:
    sealed = run(vault.seal(key, HERE, b"secret"))
    newer = LocalKey(b"n" * 32)

    rewrapped = run(Vault(newer, LocalKey(b"k" * 32)).rewrap(key))

    assert run(Vault(newer).open(rewrapped, HERE, sealed)) == b"secret"
    with pytest.raises(SecretUnreadableError, match="not configured"):
        run(Vault(newer).open(key, HERE, sealed))


@pytest.mark.parametrize("text", ["", "short", "a" * 44, "!" * 44, "é" * 44])
def test_key_that_is_not_32_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key-encryption key"):
        LocalKey.from_base64(text)


def test_warm_sealing_and_opening_are_quick(vault: Vault, key: DataKey) -> None:
    async def both(times: int) -> float:
        began = time.perf_counter()
        for _ in range(times):
            await vault.open(key, HERE, await vault.seal(key, HERE, b"x" * 400))
        return (time.perf_counter() - began) / times

    asyncio.run(both(100))
    assert min(asyncio.run(both(500)) for _ in range(3)) < 100e-6  # ~10 µs on an idle machine
